"""How the champion came to serve."""

from datetime import datetime

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.facts import Promotion
from mlworks_orchestration.retraining.past import History, Outcome
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import holder, moves


def promotion(lake: Lake, model: MLModel, history: History, now: datetime) -> Promotion | None:
    """Return how the champion came to serve, if the gate let it serve for the first time; None after a rollback or a move by hand.

    Parameters:
        lake: where moves of aliases are recorded.
        model: the model's declaration.
        history: what came of trainings.
        now: the moment, aware.
    """
    terms = moves(lake, model.name).filter(pl.col("alias") == "champion", pl.col("held_from") <= now).sort("held_from", maintain_order=True)
    if terms.is_empty() or terms["version"][-1] is None or terms["moved_by"][-1] == "unknown":
        return None
    champion, since = terms["version"][-1], terms["held_from"][-1]
    if champion in terms["version"][:-1].to_list() or not _versions(history, Outcome.PROMOTED) & {champion}:
        return None
    previous = holder(lake, model.name, "previous", now)
    barred = {None, champion} | _versions(history, Outcome.ROLLED_BACK)
    return Promotion(champion, since, None if previous in barred else previous)


def _versions(history: History, outcome: Outcome) -> set[int | None]:
    return {attempt.version for attempt in history.attempts if attempt.outcome is outcome}
