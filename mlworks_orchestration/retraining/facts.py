"""What a decision is made of, and the decision: plain values, so that any moment can be decided again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from mlworks_orchestration.spec import DriftKind

Action = Literal["retrain", "wait", "escalate"]


class Finding(NamedTuple):
    """What a report says of one kind of drift.

    Parameters:
        drifted: whether it drifted; None where that cannot be told.
        reason: why, in words.
    """

    drifted: bool | None
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The drift report of one partition.

    Parameters:
        partition: its key.
        reference_version: the model version whose training data the window was compared with.
        scored_versions: the versions whose predictions the window holds.
        findings: by kind; a kind that is left out cannot be told.
    """

    partition: str
    reference_version: int
    scored_versions: tuple[int, ...]
    findings: Mapping[DriftKind, Finding]


@dataclass(frozen=True)
class Evidence:
    """What is known now.

    Parameters:
        model: the model's name.
        champion: the serving version; none before the first training.
        reports: the newest reports in the order of their partitions, and the newest of those whose labels are known.
        new_rows: labelled rows that are newer than the last training knew; counting may stop once there are enough.
        running: whether a training of the model is queued or under way.
        launched: whether the run that the last retraining was asked for with was ever launched.
    """

    model: str
    champion: int | None
    reports: tuple[Report, ...] = ()
    new_rows: int = 0
    running: bool = False
    launched: bool = True


class Outcome(StrEnum):
    """What came of a training."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Attempt:
    """A training of the past, whoever asked for it.

    Parameters:
        at: when it was asked for, or judged if no decision asked for it.
        champion: the version that served then; none for the first training.
        outcome: the gate's verdict; unfinished without one.
        run_key: what the decision asked for the run with; none if it was started otherwise.
        episode: the drift episode that it was to end.
        latest_report: the newest partition whose report the decision saw.
        kinds: the kinds of drift that it was to end.
    """

    at: datetime
    champion: int | None
    outcome: Outcome = Outcome.UNFINISHED
    run_key: str | None = None
    episode: str | None = None
    latest_report: str | None = None
    kinds: tuple[DriftKind, ...] = ()


class Episode(NamedTuple):
    """A time of drift against one champion, from the first violation until every kind is clear again.

    Parameters:
        champion: the version.
        began: the first partition that violated.
    """

    champion: int
    began: str


@dataclass(frozen=True)
class History:
    """What was decided and trained before.

    Parameters:
        attempts: all trainings, in the order of time.
        episode: the one in which the last decision was taken; none when all was clear.
        trained_until: where the event times end that the last judged training knew; none before.
    """

    attempts: tuple[Attempt, ...] = ()
    episode: Episode | None = None
    trained_until: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """What to do about a model now.

    Parameters:
        action: start a training, do nothing, or call a person.
        reason: why, in words with numbers.
        run_key: with which the training is to be started, once; none unless the action is `retrain`.
        kinds: the kinds of drift that last.
        episode: the drift episode that it belongs to.
    """

    action: Action
    reason: str
    run_key: str | None = None
    kinds: tuple[DriftKind, ...] = ()
    episode: Episode | None = None
