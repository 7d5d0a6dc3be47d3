"""What is known about a model now, read from the lake.

The cost follows what is new, not what has been: of the reports the newest few partitions are opened (which there are stands in the Delta
log), of the labels those that came after the last training set, until there are enough.
"""

from datetime import UTC, datetime
from typing import Protocol

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.retraining.facts import Evidence, Finding, History, Report
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import holder

_LONG_AGO = datetime(1900, 1, 2, tzinfo=UTC)


class Runs(Protocol):
    """What the orchestrator knows of a model's trainings."""

    def in_progress(self) -> bool:
        """Return whether a training of the model is queued or under way."""

    def launched(self, run_key: str) -> bool:
        """Return whether a run with this key was ever launched."""


def gather(lake: Lake, model: MLModel, history: History, runs: Runs, now: datetime) -> Evidence:
    """Return what is known about a model.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        history: what was decided before.
        runs: what the orchestrator knows.
        now: the moment, aware; what became known later is left out.
    """
    asked = [attempt.run_key for attempt in history.attempts if attempt.run_key is not None]
    return Evidence(
        model=model.name,
        champion=holder(lake, model.name, "champion", now),
        reports=_reports(lake, model, now),
        new_rows=_new_rows(lake, model, history.trained_until, now),
        running=runs.in_progress(),
        launched=not asked or runs.launched(asked[-1]),
    )


def _reports(lake: Lake, model: MLModel, now: datetime) -> tuple[Report, ...]:
    """Return the newest reports, and the newest of those whose own labels are known, which may be older."""
    table, count = f"{model.name}/drift_report", model.retraining.of
    keys = lake.partitions(table)
    labelled_before = model.partitions.key_of(now - model.label.delay)
    wanted = sorted({*keys[-count:], *[key for key in keys if key < labelled_before][-count:]})
    if not wanted:
        return ()
    columns = [PARTITION, "kind", "column", "drifted", "reason", "reference_version", "scored_versions"]
    rows = lake.read(table, columns=columns, partitions=wanted).filter(pl.col("column") == "")
    return tuple(_report(key, rows.filter(pl.col(PARTITION) == key)) for key in wanted)


def _report(partition: str, rows: pl.DataFrame) -> Report:
    findings = {DriftKind(kind): Finding(drifted, reason) for kind, drifted, reason in rows.select("kind", "drifted", "reason").iter_rows()}
    versions = tuple(rows["scored_versions"][0])
    return Report(partition, rows["reference_version"][0], versions, findings)


def _new_rows(lake: Lake, model: MLModel, trained_until: datetime | None, now: datetime) -> int:
    """Count labels known now of events that no training knew, opening ever more partitions until there are enough."""
    table, after = f"{model.name}/labels", trained_until or _LONG_AGO
    first = model.partitions.key_of(after)
    keys = [key for key in lake.partitions(table) if key >= first]
    count, opened = 0, 0
    while opened < len(keys) and count < max(1, model.retraining.min_new_rows):
        until = 2 * opened + 1
        labels = lake.read(table, columns=[model.event_time, "known_at"], partitions=keys[opened:until])
        count += labels.filter(pl.col(model.event_time) >= after, pl.col("known_at") <= now).height
        opened = until
    return count
