"""Rules that show once a model has lived for a while."""

import tempfile
from pathlib import Path

import polars as pl

from mlworks_orchestration.conformance.declared import tables_of
from mlworks_orchestration.conformance.equal import difference
from mlworks_orchestration.errors import DataError, NotReadyError
from mlworks_orchestration.graph import Trial
from mlworks_orchestration.monitoring.page import read_report, report_content, write_page
from mlworks_orchestration.training import reproduce

_AT_SCORING = ["scored_at"]


def idempotent(trial: Trial) -> str:
    """Build the last scored partition again, from the sources on, and compare its rows."""
    model = trial.model
    key = trial.lake.partitions(f"{model.name}/scores")[-1]
    serving = trial.registry.champion(model.name).version
    if set(_rows(trial, f"{model.name}/scores", key)["model_version"]) != {serving}:
        # Another version serves since it was scored, whose predictions must be equal to its own.
        trial.score_again([key])
    keys = {f"{model.name}/scores": [*model.entity, model.event_time]}
    keys |= {f"features/{table.name}": table.identity for table in tables_of(trial.project.catalog, model) if table.name != model.label.table}
    before = {table: _rows(trial, table, key) for table in keys}
    trial.score_again([key])
    for table, identity in keys.items():
        apart = difference(before[table], _rows(trial, table, key), identity)
        if apart:
            message = (
                f"Partition {key} of {table} differs when it is built again: {apart}. Sources, transforms and estimators must depend on nothing else."
            )
            raise DataError(message)
    return f"{sum(frame.height for frame in before.values()):,} rows of {len(keys)} tables are equal when {key} is built again"


def _rows(trial: Trial, table: str, key: str) -> pl.DataFrame:
    return trial.lake.read(table, partitions=[key]).drop(_AT_SCORING, strict=False)


def report_readable(trial: Trial) -> str:
    """Read the newest drift report, and draw its page."""
    found = read_report(trial.lake, trial.model)
    silent = [kind.value for kind, row in found.kinds.items() if not str(row["reason"]).strip()]
    if silent or not found.verdict:
        message = f"The drift report of {found.partition} gives no reason for {', '.join(silent) or 'its verdict'}."
        raise NotReadyError(message)
    with tempfile.TemporaryDirectory(prefix="mlworks-check-") as folder:
        page = Path(folder) / "drift.html"
        write_page(report_content(trial.lake, trial.model, trial.registry, found.partition), page)
        size = page.stat().st_size
    return f"{found.partition}: {found.verdict} (page: {size // 1000:,} kB)"


def reproducible(trial: Trial) -> str:
    """Fit the champion again from its snapshot and compare."""
    champion = trial.registry.champion(trial.model.name)
    found = reproduce(trial.lake, trial.project.catalog, trial.model, trial.registry, champion.version)
    if not found.equal:
        raise DataError(found.verdict)
    return str(found.verdict)
