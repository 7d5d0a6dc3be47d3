"""How a model's drift report came about: its method, and what went in."""

import json
import platform
from collections.abc import Iterator, Sequence
from importlib import metadata

from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.page.analysis import UNSURE, how_it_is_judged
from mlworks_orchestration.monitoring.page.stored import StoredReport
from mlworks_orchestration.spec import Drift, DriftKind, format_duration
from mlworks_orchestration.training import Registry, find_snapshot


def span(keys: Sequence[str]) -> str:
    """Return the partitions of a window in words.

    Parameters:
        keys: of the partitions, in order.
    """
    return keys[0] if len(keys) == 1 else f"{keys[0]} to {keys[-1]}"


def told_method(lake: Lake, report: StoredReport) -> Iterator[str]:
    """Yield the paragraphs that say how it is judged, how thresholds were set, and how often alarms are wrong.

    Parameters:
        lake: the Delta tables.
        report: as it is stored.
    """
    declared, how = _calibration(lake, report)
    yield from how_it_is_judged(declared.significance, declared.min_effect)
    yield (
        f"The window is {format_duration(declared.window)} long, merged from the profiles of its "
        f"partitions. Features, label and predictions are compared with the rows that version {report.reference_version} was trained on, residuals "
        "with those of rows that it was not trained on, for on what it was trained on a model errs less than it ever will again."
    )
    yield (
        f"Thresholds are calibrated on how windows of the reference differ when nothing is wrong, to {declared.false_alarms_per_year:g} false alarms "
        f"a year in all, {declared.false_alarms_per_year / len(DriftKind):g} for each kind of drift. " + " ".join(how)
    )
    if report.error_rates:
        yield f"Measured on the model's own data: {'. '.join(report.error_rates)}."
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


def told_provenance(lake: Lake, report: StoredReport, registry: Registry, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield name and value of what went in: window, versions, snapshot and tables.

    Parameters:
        lake: the Delta tables.
        report: as it is stored.
        registry: MLflow's models.
        keys: of the partitions in the window.
    """
    name, row = report.model.name, report.rows.row(0, named=True)
    version = registry.version(name, report.reference_version)
    snapshot = find_snapshot(lake, report.model, version.tags["snapshot"])
    yield "Window", f"{span(keys)}, {len(keys)} partitions, {row['rows_current']:,} rows"
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
