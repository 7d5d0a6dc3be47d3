"""How the champion came to serve."""

from datetime import datetime

import polars as pl

from mlworks_orchestration.retraining.facts import Promotion
from mlworks_orchestration.retraining.past import History, Outcome
from mlworks_orchestration.training import in_force


def promotion(moved: pl.DataFrame, history: History, now: datetime) -> Promotion | None:
    """Return how the champion came to serve, if the gate let it serve for the first time; None after a rollback or a move by hand.

    Parameters:
        moved: all moves of the model's aliases, as `training.moves` returns them.
        history: what came of trainings.
        now: the moment, aware.
    """
    terms = _held(moved, "champion", now)
    if terms.is_empty() or terms["version"][-1] is None or terms["moved_by"][-1] == "unknown":
        return None
    champion, since = terms["version"][-1], terms["held_from"][-1]
    if champion in terms["version"][:-1].to_list() or not _versions(history, Outcome.PROMOTED) & {champion}:
        return None
    previous = held(moved, "previous", now)
    barred = {None, champion} | _versions(history, Outcome.ROLLED_BACK)
    return Promotion(champion, since, None if previous in barred else previous)


def held(moved: pl.DataFrame, alias: str, now: datetime) -> int | None:
    """Return the version that holds an alias at a moment, or None.

    Parameters:
        moved: all moves of the model's aliases.
        alias: `champion`, `challenger` or `previous`.
        now: the moment, aware.
    """
    terms = _held(moved, alias, now)
    return None if terms.is_empty() else terms["version"][-1]


def _held(moved: pl.DataFrame, alias: str, now: datetime) -> pl.DataFrame:
    return in_force(moved, alias).filter(pl.col("held_from") <= now)


def _versions(history: History, outcome: Outcome) -> set[int | None]:
    return {attempt.version for attempt in history.attempts if attempt.outcome is outcome}
