"""What the retraining sensor decided about a model last, and until when its cooldown lets nothing be trained."""

from datetime import datetime
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining import Outcome, read_history, recent
from mlworks_orchestration.spec import MLModel

_IN_WORDS = {"wait": "to wait", "retrain": "to retrain", "escalate": "to call a person", "rollback": "to go back to an earlier version"}


class Decided(NamedTuple):
    """What was decided last, read from the retrainings and the newest month of the other decisions alone.

    Parameters:
        at: when the last decision was taken; none before the first.
        action: what it was, `wait`, `retrain`, `escalate` or `rollback`; empty before the first.
        reason: why, in words; empty before the first.
        about: the version that served then; none before the first.
        asked_at: when a retraining was asked for last; none before the first.
        asked_for: why, in words; empty before the first.
        cooldown_ends: when the cooldown of the last training ends or ended; none before the first.
        waiting: the version that waits for a person's approval; none if none does.
    """

    at: datetime | None = None
    action: str = ""
    reason: str = ""
    about: int | None = None
    asked_at: datetime | None = None
    asked_for: str = ""
    cooldown_ends: datetime | None = None
    waiting: int | None = None


def last_decided(lake: Lake, model: MLModel, champion: int | None) -> Decided:
    """Return what was decided about a model last.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        champion: the version that serves; none before the first training.
    """
    known = recent(lake, model.name)
    trained = read_history(lake, model.name, known)
    last = trained.begun_last
    against = [attempt for attempt in trained.attempts if attempt.champion == champion]
    asked = known.filter(pl.col("action") == "retrain")
    at, action, reason, about = known.select("decided_at", "action", "reason", "champion").row(-1) if len(known) else (None, "", "", None)
    asked_at, asked_for = asked.select("decided_at", "reason").row(-1) if len(asked) else (None, "")
    ends = last.begun + model.retraining.cooldown if last else None
    waiting = against[-1].version if against and against[-1].outcome is Outcome.WAITING else None
    return Decided(at, action, reason, about, asked_at, asked_for, ends, waiting)


def in_words(action: str) -> str:
    """Return what a decision was, to be read after "the sensor decided".

    Parameters:
        action: of the decision.

    Examples:
        >>> in_words("escalate")
        'to call a person'
    """
    return _IN_WORDS[action]


def how_it_comes_to_serve(model: str) -> str:
    """Return what lets a version serve that has its approvals, with the command for a deployment whose sensors are off.

    Parameters:
        model: its name.

    Examples:
        >>> how_it_comes_to_serve("delays")
        'delays_approval_sensor lets it serve at its next tick; without sensors, `dg launch --assets delays/champion` does'
    """
    return f"{model}_approval_sensor lets it serve at its next tick; without sensors, `dg launch --assets {model}/champion` does"
