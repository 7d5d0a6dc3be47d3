"""What the page says of the causes of a model's drift."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlworks_orchestration.monitoring.causes.found import went_together
from mlworks_orchestration.monitoring.page.content import Cause, Details
from mlworks_orchestration.monitoring.page.stored import StoredReport, column_name
from mlworks_orchestration.numerals import readable

_MOST_SLICES = 15


def causes_note(report: StoredReport) -> str:
    """Return how the causes of a report were sought, or why there are none.

    Parameters:
        report: as it is stored.
    """
    found = report.causes
    if found is None:
        sought = f"Its causes were not sought. Materialise {report.model.name}/drift_report of {report.partition} to have them sought."
        return sought if report.drifted else ""
    notes = [] if found["partition"] == report.partition else [_found_earlier(report, found)]
    notes += [] if found["findings"] else ["Neither upstream, nor in what was served, nor in a single slice was a cause found."]
    notes += [] if found["upstream"] is not None else ["What validation found of the feature tables was not recorded."]
    notes += [] if found["skew"] is not None else ["There is no inference log, so training-serving skew cannot be told."]
    return " ".join(notes)


def _found_earlier(report: StoredReport, found: Mapping[str, Any]) -> str:
    known = {(one["kind"], column) for one in found["kinds"] for column in one["columns"]}
    later = [column_name(one.name) for one in report.columns if one.drifted and (one.kind.value, one.name) not in known]
    since = f" Since then {', '.join(later)} drifted too." if later else ""
    alarmed = f"Found in the report of {found['partition']}; what alarmed then has alarmed since.{since}"
    return f"{alarmed} Numbers of causes and of what to do are of then; those of the verdicts are of {report.partition}."


def ranked_causes(found: Mapping[str, Any]) -> Iterator[Cause]:
    """Yield the likely causes: what was found upstream, in what was served and in slices, then the features that drifted.

    Parameters:
        found: as `Causes.to_dict` gave it.
    """
    for text in found["findings"]:
        name, _, evidence = text.partition(": ")
        yield Cause(name, evidence)
    for one in found["features"]:
        if one["drifted"]:
            onset = [each["text"] for each in found["onsets"] if (each["kind"], each["column"]) == ("feature", one["column"])]
            yield Cause(f"Drift of {one['column']}", "; ".join([*_telling(one, found["features"]), *onset]) + ".", one["score"])


def _telling(feature: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if feature["effect"] is not None:
        yield f"effect {feature['effect']:.2f} by {feature['statistic']}"
    yield f"importance {feature['importance']:.0%}"
    if words := went_together(feature, features):
        yield words


def evidence_tables(found: Mapping[str, Any]) -> Iterator[Details]:
    """Yield the tables of what the causes rest on, those that have rows.

    Parameters:
        found: as `Causes.to_dict` gave it.
    """
    for table in (_features(found), _onsets(found), _slices(found), _upstream(found), _skew(found)):
        if table.rows:
            yield table


def _features(found: Mapping[str, Any]) -> Details:
    columns = (
        "Feature",
        "Drifted",
        "Score",
        "Importance",
        "Effect (\N{GREEK SMALL LETTER SIGMA})",
        "Correlation",
        "Place by it",
        "Windows (apart)",
    )
    rows = tuple(
        (
            one["column"],
            _said(one["drifted"]),
            one["score"],
            f"{one['importance']:.0%} \N{PLUS-MINUS SIGN} {one['standard_error']:.0%}",
            one["effect"],
            one["correlation"] if one["correlation"] is not None else one["remark"],
            one.get("place"),
            f"{one['windows']} ({one['independent_windows']})",
        )
        for one in found["features"]
    )
    note = (
        "Score is importance times effect. Importance is the feature's share of what shuffling each costs on rows held out from the training. "
        "Correlation is that of ranks, of effect and loss, over past windows; those apart overlap no other. Place 1 is the feature whose drift "
        "went most with a worse model."
    )
    return Details("Features", columns, rows, note)


def _onsets(found: Mapping[str, Any]) -> Details:
    rows = tuple((one["kind"], column_name(one["column"]), one["text"]) for one in found["onsets"])
    return Details("When it began", ("Kind", "Column", "Beginning"), rows)


def _slices(found: Mapping[str, Any]) -> Details:
    columns = (
        "Slice",
        "Stands out",
        "Share of rows",
        "Metric before",
        "Metric now",
        "Worse than elsewhere by",
        "Interval",
        "Changed more",
    )
    told = [one for one in found["slices"] if one["excess"] is not None or one["features"]]
    rows = tuple(
        (
            f"{one['column']}={one['value'] if one['value'] is not None else '(missing)'}",
            _said((one["excess_low"] or 0.0) > 0 or any(feature["stands_out"] for feature in one["features"])),
            _unbroken(f"{one['share_reference']:.1%} → {one['share_current']:.1%}"),
            one["metric_reference"],
            one["metric_current"],
            one["excess"],
            "" if one["excess_low"] is None else _unbroken(f"{readable(one['excess_low'], 3)} to {readable(one['excess_high'], 3)}"),
            ", ".join(feature["column"] for feature in one["features"] if feature["stands_out"]),
        )
        for one in told[:_MOST_SLICES]
    )
    hidden = [(len(told) - len(rows), "stand out less"), (len(found["slices"]) - len(told), "have too few rows to tell")]
    note = "".join(f" {count} more {why}." for count, why in hidden if count)
    return Details("Slices", columns, rows, f"The interval covers 95% for all slices together.{note}")


def _upstream(found: Mapping[str, Any]) -> Details:
    columns = ("Table", "Expectation that failed", "Partitions", "Rows", "Usually fails", "Severity", "Observed", "Samples")
    rows = tuple(
        (
            f"features/{one['table']}",
            one["expectation"],
            ", ".join(map(_unbroken, one["partitions"])),
            _unbroken(f"{one['unexpected_count']:,} of {one['rows']:,}"),
            "not known" if one["usual"] is None else f"{one['usual']:.0%}",
            f"{one['severity']}{', refused' if one['blocking'] else ''}",
            one["observed"],
            one["samples"],
        )
        for one in found["upstream"] or ()
    )
    return Details("Data quality upstream", columns, rows)


def _skew(found: Mapping[str, Any]) -> Details:
    skew = found["skew"] or {"columns": (), "rows": 0, "unlogged": ()}
    rows = tuple(
        (one["column"], f"{one['differing']:,} of {one['rows']:,} ({one['share']:.1%})", one["largest"], one["first"])
        for one in skew["columns"]
        if one["differing"]
    )
    note = f"{skew['rows']:,} rows of the inference log against the feature tables as they are now."
    return Details("Training-serving skew", ("Feature", "Rows served otherwise", "Largest difference", "First in"), rows, note)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("-", "\N{NON-BREAKING HYPHEN}")


def _said(verdict: bool | None) -> str:  # noqa: FBT001 - a verdict has three states
    return {True: "yes", False: "no", None: "could not be told"}[verdict]
