"""What the page says of a model's drift report, from what is stored alone."""

import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.drift import ColumnAnalysis
from mlworks_orchestration.monitoring.error_rates import error_rates_words
from mlworks_orchestration.monitoring.page.analysis import STATES, UNSURE, column_entry, how_it_is_judged
from mlworks_orchestration.monitoring.page.content import ColumnEntry, Details, KindEntry, PageContent, Point, Series
from mlworks_orchestration.monitoring.page.model_causes import causes_note, column_name, evidence_tables, ranked_causes
from mlworks_orchestration.monitoring.page.render import write_page
from mlworks_orchestration.monitoring.page.stored import StoredReport, read_report, window_keys, with_profiles
from mlworks_orchestration.spec import Drift, DriftKind, MLModel
from mlworks_orchestration.training import Registry, find_snapshot

_WINDOWS = 120
"""Windows of the past that are drawn at most."""


def report_content(lake: Lake, model: MLModel, registry: Registry, partition: str | None = None) -> PageContent:
    """Return what the page says of a model's drift report; stored profiles are merged, and no data are read again.

    Parameters:
        lake: the Delta tables.
        model: whose report.
        registry: MLflow's models.
        partition: key of the partition that its window ends with; the newest report by default.

    Raises:
        NotReadyError: if there is no report yet, or none of this partition.
        LakeError: if the versions of the tables that went in are gone.
        TrackingError: if the registry does not hold the version that was compared with.
    """
    report = read_report(lake, model, partition)
    columns = with_profiles(lake, report)
    keys = window_keys(lake, report)
    return PageContent(
        title=f"Drift of {model.name}, window {_span(keys)}",
        state=STATES[report.drifted],
        verdict=report.verdict,
        facts=_facts(report, columns),
        kinds=tuple(KindEntry(kind.value, row["drifted"], row["reason"]) for kind, row in report.kinds.items()),
        actions=tuple(report.actions.values()) or ("Nothing needs to be done.",),
        columns=tuple(_named(column) for column in columns),
        series=tuple(_series(lake, report)),
        causes=tuple(ranked_causes(report.causes)) if report.causes else (),
        causes_note=causes_note(report),
        evidence=tuple(evidence_tables(report.causes)) if report.causes else (),
        expected=_expected(report),
        method=tuple(_method(lake, report)),
        provenance=tuple(_provenance(lake, report, registry, keys)),
    )


def refresh_page(lake: Lake, model: MLModel, registry: Registry, pages: str) -> Path:
    """Write the page of a model's newest report, `<pages>/<model>/drift.html`, and return its path.

    Parameters:
        lake: the Delta tables.
        model: whose report.
        registry: MLflow's models.
        pages: folder of all pages.

    Raises:
        NotReadyError: if there is no report yet.
    """
    path = page_path(model, pages)
    write_page(report_content(lake, model, registry), path)
    return path


def page_path(model: MLModel, pages: str) -> Path:
    """Return where the page of a model's newest report is.

    Parameters:
        model: whose page.
        pages: folder of all pages.
    """
    return Path(pages) / model.name / "drift.html"


def _span(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}"


def _facts(report: StoredReport, columns: Sequence[ColumnAnalysis]) -> tuple[tuple[str, str], ...]:
    drifted = sum(column.drifted is True for column in columns)
    unsure = sum(column.drifted is None for column in columns)
    return (
        ("Compared with", f"version {report.reference_version}"),
        ("Rows, reference", f"{report.rows['rows_reference'][0]:,}"),
        ("Rows, window", f"{report.rows['rows_current'][0]:,}"),
        ("Columns drifted", f"{drifted} of {len(columns)}"),
        ("Columns inconclusive", f"{unsure}"),
    )


def _named(column: ColumnAnalysis) -> ColumnEntry:
    entry = column_entry(column)
    return replace(entry, name=column_name(entry.name))


def _series(lake: Lake, report: StoredReport) -> Iterator[Series]:
    """Yield, of each kind, the past of the column and the statistic that tell most in this report."""
    table = f"{report.model.name}/drift_report"
    keys = [key for key in lake.partitions(table) if key <= report.partition][-_WINDOWS:]
    chosen = ["kind", "column", "statistic", "window_end", "effect", "drifted", "threshold"]
    past = lake.read(table, columns=[PARTITION, *chosen], partitions=keys).sort(PARTITION, maintain_order=True)
    for kind in DriftKind:
        leading = next((one.leading for one in report.columns if one.kind is kind and one.leading), None)
        if leading:
            of_it = past.filter(kind=kind.value, column=leading.column, statistic=leading.statistic)
            points = of_it.select("window_end", "effect", "drifted", "threshold").iter_rows()
            yield Series(f"{kind.capitalize()} drift: {column_name(leading.column)} by {leading.statistic}", tuple(Point(*one) for one in points))


def _expected(report: StoredReport) -> Details | None:
    found = report.expected
    if found is None:
        return None
    interval = f"{found['low']:.4g} to {found['high']:.4g}"
    row = (found["metric"], found["value"], interval, found["rows"], "yes" if found["trusted"] else "no", found["reason"])
    note = "By the features and predictions of the window alone, from the errors on rows that the version was not trained on."
    columns = ("Metric", "Expected", "Interval (95 %)", "Rows", "Can be trusted", "When it cannot")
    return Details("Before the labels are known", columns, (row,), note)


def _method(lake: Lake, report: StoredReport) -> Iterator[str]:
    declared, how = _calibration(lake, report)
    yield from how_it_is_judged(declared.significance, declared.min_effect)
    yield (
        f"The window is {declared.window.days or declared.window} {'days' if declared.window.days else ''} long, merged from the profiles of its "
        f"partitions. Features, label and predictions are compared with the rows that version {report.reference_version} was trained on, residuals "
        "with those of rows that it was not trained on, for on what it was trained on a model errs less than it ever will again."
    )
    yield (
        f"Thresholds are calibrated on how windows of the reference differ when nothing is wrong, to {declared.false_alarms_per_year:g} false alarms "
        f"a year in all, {declared.false_alarms_per_year / len(DriftKind):g} for each kind of drift. " + " ".join(how)
    )
    measured = [error_rates_words(lake, report.model, report.reference_version, kind) for kind in DriftKind]
    if any(measured):
        yield f"Measured on the model's own data: {'. '.join(filter(None, measured))}."
    if declared.of > 1:
        yield f"It is an alarm when {declared.violations} of the last {declared.of} windows exceed a threshold, the latest among them."
    yield "Drift over time shows each window against the champion of its day; the reference changes when another version takes over."
    yield UNSURE


def _calibration(lake: Lake, report: StoredReport) -> tuple[Drift, list[str]]:
    """Return the declaration of drift that the thresholds were set to, and how that was done."""
    table = f"{report.model.name}/normal"
    rows = lake.read(table, version=report.inputs[table]).filter(version=report.reference_version).sort("built_at", maintain_order=True)
    if rows.is_empty():
        return report.model.drift, []
    same = rows.filter(drift=report.model.drift.model_dump_json())
    declared = (same if same.height else rows)["drift"][-1]
    latest = rows.filter(drift=declared).group_by("part", maintain_order=True).last()
    named = {"training": "Features, label and predictions", "errors": "Residuals"}
    how = [f"{named.get(part, part)}: {json.loads(normal)['how']}." for part, normal in latest.select("part", "normal").iter_rows()]
    return Drift.model_validate_json(declared), how


def _provenance(lake: Lake, report: StoredReport, registry: Registry, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    name, row = report.model.name, report.rows.row(0, named=True)
    version = registry.version(name, report.reference_version)
    snapshot = find_snapshot(lake, report.model, version.tags["snapshot"])
    yield "Window", f"{_span(keys)}, {len(keys)} partitions, {row['rows_current']:,} rows"
    yield "Scored by", "version " + ", ".join(map(str, row["scored_versions"]))
    yield "Compared with", f"{name} version {version.version}, MLflow run {version.run_id}"
    yield "Trained on", f"snapshot {snapshot.id}: {snapshot.rows:,} rows of {_tables(snapshot.tables)}"
    yield "Report made", f"{row['reported_at']:%Y-%m-%d %H:%M} UTC, from {_tables(report.inputs)}"
    yield "Profiles made", f"from {_tables(_profiled(lake, report, keys))}"
    yield "Made by", f"mlworks {metadata.version('mlworks-orchestration')}, Python {platform.python_version()}"


def _profiled(lake: Lake, report: StoredReport, keys: Sequence[str]) -> dict[str, str]:
    """Return the Delta versions of the tables that the window's profiles were made of."""
    table = f"{report.model.name}/profile"
    inputs = lake.read(table, columns=["inputs"], partitions=keys, version=report.inputs[table])["inputs"].unique()
    found: dict[str, set[int]] = {}
    for one in inputs:
        for name, version in json.loads(one).items():
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(map(str, sorted(versions))) for name, versions in found.items()}


def _tables(versions: dict[str, int] | dict[str, str]) -> str:
    return ", ".join(f"{table} @ {version}" for table, version in versions.items())
