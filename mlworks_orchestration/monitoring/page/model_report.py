"""What the page says of a model's drift report, from what is stored alone."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.drift import ColumnAnalysis
from mlworks_orchestration.monitoring.page.analysis import STATES, column_entry
from mlworks_orchestration.monitoring.page.content import ColumnEntry, Details, KindEntry, PageContent, Point, Series
from mlworks_orchestration.monitoring.page.model_causes import causes_note, evidence_tables, ranked_causes
from mlworks_orchestration.monitoring.page.model_method import span, told_method, told_provenance
from mlworks_orchestration.monitoring.page.render import write_page
from mlworks_orchestration.monitoring.page.stored import StoredReport, column_name, read_report, window_keys, with_profiles
from mlworks_orchestration.monitoring.page.summaries import summary_table
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import Registry

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
    columns = [column for column in with_profiles(lake, report) if _votes(column)]
    keys = window_keys(lake, report)
    return PageContent(
        title=f"Drift of {model.name}, window {span(keys)}",
        state=STATES[report.drifted],
        verdict=report.verdict,
        facts=_facts(report, columns),
        kinds=tuple(KindEntry(kind.value, row["drifted"], row["reason"]) for kind, row in report.kinds.items()),
        actions=report.next_steps,
        columns=tuple(_named(column) for column in columns),
        beside=_beside(report),
        summaries=summary_table(columns),
        series=tuple(_series(lake, report)),
        causes=tuple(ranked_causes(report.causes)) if report.causes else (),
        causes_note=causes_note(report),
        evidence=tuple(evidence_tables(report.causes)) if report.causes else (),
        expected=_expected(report),
        method=tuple(told_method(lake, report)),
        provenance=tuple(told_provenance(lake, report, registry, keys)),
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


def _votes(column: ColumnAnalysis) -> bool:
    return any(one.decides for one in column.statistics)


def _beside(report: StoredReport) -> Details | None:
    """Return the columns of which no statistic may raise an alarm; that is not to say that it could not be told."""
    found = [one for column in report.columns if not _votes(column) for one in column.statistics]
    rows = tuple((column_name(one.column), one.kind.value, one.statistic, one.value, one.effect, one.reason) for one in found)
    columns = ("Column", "Kind", "Statistic", "Value", "Effect (\N{GREEK SMALL LETTER SIGMA})", "In words")
    return Details("Reported beside these; they raise no alarm by themselves", columns, rows) if rows else None


def _series(lake: Lake, report: StoredReport) -> Iterator[Series]:
    """Yield, of each kind, the past of the column and the statistic that tell most in this report."""
    table = f"{report.model.name}/drift_report"
    keys = [key for key in lake.partitions(table) if key <= report.partition][-_WINDOWS:]
    chosen = ["kind", "column", "statistic", "window_end", "effect", "drifted", "threshold"]
    past = lake.read(table, columns=[PARTITION, *chosen], partitions=keys).sort(PARTITION, maintain_order=True)
    for kind in DriftKind:
        leading = next((one.leading for one in report.columns if one.kind is kind and one.leading and _votes(one)), None)
        if leading:
            of_it = past.filter(kind=kind.value, column=leading.column, statistic=leading.statistic)
            points = of_it.select("window_end", "effect", "drifted", "threshold").iter_rows()
            yield Series(f"{kind.capitalize()} drift: {column_name(leading.column)} by {leading.statistic}", tuple(Point(*one) for one in points))


def _expected(report: StoredReport) -> Details | None:
    found = report.expected
    if found is None:
        return None
    interval = f"{readable(found['low'])} to {readable(found['high'])}".replace(" ", "\N{NO-BREAK SPACE}")
    row = (found["metric"], found["value"], interval, found["rows"], "yes" if found["trusted"] else "no", found["reason"])
    note = "By the features and predictions of the window alone, from the errors on rows that the version was not trained on."
    columns = ("Metric", "Expected", "Interval (95%)", "Rows", "Can be trusted", "When it cannot")
    return Details("Before the labels are known", columns, (row,), note)
