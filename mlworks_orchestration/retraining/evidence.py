"""What is known about a model now, read from the lake.

The cost follows what is new, not what has been: of the reports the newest few partitions are opened (which there are stands in the Delta
log), of the labels those that came after the last training set, until there are enough.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.retraining.aftermath import newest_aftermath
from mlworks_orchestration.retraining.case import rows_tried
from mlworks_orchestration.retraining.facts import Evidence, Finding, Overdue, Report
from mlworks_orchestration.retraining.past import History, Outcome
from mlworks_orchestration.retraining.promotions import held, promotion
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import moves

_LONG_AGO = datetime(1900, 1, 2, tzinfo=UTC)
_A_RUN = timedelta(days=1)


class Runs(Protocol):
    """What the orchestrator knows of a model's trainings and rollbacks."""

    def in_progress(self) -> bool:
        """Return whether a training of the model is queued or under way."""

    def rolling_back(self) -> bool:
        """Return whether a rollback of the model is queued or under way."""

    def launched(self, run_key: str) -> bool:
        """Return whether a run with this key was ever launched."""

    def failed(self, run_key: str) -> bool:
        """Return whether every run with this key failed by itself, its process having been killed included."""


def gather(lake: Lake, model: MLModel, history: History, runs: Runs, now: datetime) -> Evidence:
    """Return what is known about a model.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        history: what was decided before.
        runs: what the orchestrator knows.
        now: the moment, aware; what became known later is left out.
    """
    moved = moves(lake, model.name)
    champion, promoted = held(moved, "champion", now), promotion(moved, history, now)
    reported, labelled = (lake.partitions(f"{model.name}/{table}") for table in ("drift_report", "labels"))
    running = runs.in_progress()
    asked = [attempt for attempt in history.attempts if attempt.last_key is not None and attempt.champion == champion]
    key = asked[-1].last_key if asked else None
    back = [done.run_key for done in history.rollbacks if promoted and done.champion == promoted.version]
    return Evidence(
        model=model.name,
        champion=champion,
        reports=_reports(lake, model, reported, now),
        new_rows=_new_rows(lake, model, labelled, history, now),
        running=running,
        launched=key is None or runs.launched(key),
        failed=key is not None and asked[-1].outcome is Outcome.UNFINISHED and runs.failed(key),
        promotion=promoted,
        aftermath=newest_aftermath(lake, model, promoted) if promoted else None,
        rollback_launched=not back or runs.launched(back[-1]),
        rolling_back=bool(back) and runs.rolling_back(),
        overdue=overdue(model, reported, labelled, now),
    )


def rows_wanted(model: MLModel, history: History) -> int:
    """Return how many new labelled rows are enough for every guard.

    Parameters:
        model: the model's declaration.
        history: what was trained before.
    """
    asking = (model.retraining.new_rows or 0) + rows_tried(history) if model.retraining.new_rows else 0
    return max(1, model.retraining.min_new_rows, asking)


def _reports(lake: Lake, model: MLModel, keys: Sequence[str], now: datetime) -> tuple[Report, ...]:
    """Return the newest reports, and the newest of those whose own labels are known, which may be older."""
    table, wanted = f"{model.name}/drift_report", newest_reports(model, keys, now)
    if not wanted:
        return ()
    columns = [PARTITION, "kind", "column", "drifted", "reason", "reference_version", "scored_versions"]
    rows = lake.read(table, columns=columns, partitions=wanted).filter(pl.col("column") == "")
    return tuple(_report(key, rows.filter(pl.col(PARTITION) == key)) for key in wanted)


def newest_reports(model: MLModel, keys: Sequence[str], now: datetime) -> list[str]:
    """Return the partitions of the newest reports, and of the newest whose own labels are known, which may be older.

    Parameters:
        model: its policy says how many.
        keys: of all partitions that have a report, in order.
        now: the moment, aware.
    """
    count, labelled_before = model.retraining.of, model.partitions.key_of(now - model.label.delay)
    return sorted({*keys[-count:], *[key for key in keys if key < labelled_before][-count:]})


def _report(partition: str, rows: pl.DataFrame) -> Report:
    told = [(DriftKind(kind), drifted, reason) for kind, drifted, reason in rows.select("kind", "drifted", "reason").iter_rows()]
    # What to do about it is said once, by the decision, where a person is called.
    findings = {kind: Finding(drifted, reason.removesuffix(f"; what to do: {ACTIONS[kind]}")) for kind, drifted, reason in told}
    versions = tuple(rows["scored_versions"][0])
    return Report(partition, rows["reference_version"][0], versions, findings)


def _new_rows(lake: Lake, model: MLModel, labelled: Sequence[str], history: History, now: datetime) -> int:
    """Count labels known now of events that no training knew, opening ever more partitions until there are enough."""
    table, after = f"{model.name}/labels", history.trained_until or _LONG_AGO
    first, wanted = model.partitions.key_of(after), rows_wanted(model, history)
    keys = [key for key in labelled if key >= first]
    count, opened = 0, 0
    while opened < len(keys) and count < wanted:
        until = 2 * opened + 1
        labels = lake.read(table, columns=[model.event_time, "known_at"], partitions=keys[opened:until])
        count += labels.filter(pl.col(model.event_time) >= after, pl.col("known_at") <= now).height
        opened = until
    return count


def overdue(model: MLModel, reported: Sequence[str], labelled: Sequence[str], now: datetime) -> Overdue | None:
    """Return which reported partitions after the newest labelled one lack labels that were due a day ago, which is time enough for a run.

    Parameters:
        model: the model's declaration.
        reported: keys of the partitions that have a report, in order.
        labelled: keys of those that have labels.
        now: the moment, aware.
    """
    newest = max(labelled, default="")
    due = {key: model.partitions.window(key).end + model.label.delay for key in reported if key > newest}
    late = [key for key, moment in due.items() if moment + _A_RUN <= now]
    return Overdue(late[0], len(late), due[late[0]]) if late else None
