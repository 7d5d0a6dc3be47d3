"""What was decided and trained before, and what is decided now: plain values too."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

from mlworks_orchestration.spec import DriftKind

Action = Literal["retrain", "wait", "escalate", "rollback"]
Trigger = Literal["drift", "schedule", "new_rows", "person"]


_RETRY = ":retry-"


def retry_key(run_key: str, number: int) -> str:
    """Return the key of a run that is tried again.

    Parameters:
        run_key: of the first try.
        number: of the retry, from 1.

    Examples:
        >>> retry_key("airline_delay:2:1", 3), first_key("airline_delay:2:1:retry-3")
        ('airline_delay:2:1:retry-3', 'airline_delay:2:1')
    """
    return f"{run_key}{_RETRY}{number}"


def first_key(run_key: str) -> str:
    """Return the key of the first try of a run.

    Parameters:
        run_key: of any try.
    """
    return run_key.partition(_RETRY)[0]


class Outcome(StrEnum):
    """What came of a training."""

    PROMOTED = "promoted"
    REJECTED = "not promoted"
    WAITING = "waiting"
    DRY_RUN = "dry run"
    ROLLED_BACK = "rolled back"
    UNFINISHED = "unfinished"


@dataclass(frozen=True)
class Attempt:
    """A training of the past, whoever asked for it.

    Parameters:
        at: when it was asked for, or judged if no decision asked for it.
        champion: the version that served then; none for the first training.
        outcome: what came of it: the gate's verdict, and what followed from that; unfinished without one.
        run_key: what the decision asked for the run with; none if it was started otherwise.
        episode: the drift episode that it was to end.
        latest_report: the newest partition whose report the decision saw.
        kinds: the kinds of drift that it was to end.
        trigger: what it was asked for by; none if no decision asked for it.
        new_rows: the new labelled rows that the decision counted.
        version: what was trained; none without a verdict.
        retries: when it was asked for again because its run had failed, in the order of time.
    """

    at: datetime
    champion: int | None
    outcome: Outcome = Outcome.UNFINISHED
    run_key: str | None = None
    episode: str | None = None
    latest_report: str | None = None
    kinds: tuple[DriftKind, ...] = ()
    trigger: Trigger | None = None
    new_rows: int = 0
    version: int | None = None
    retries: tuple[datetime, ...] = ()

    @property
    def begun(self) -> datetime:
        """When it was asked for the last time."""
        return max((self.at, *self.retries))

    @property
    def last_key(self) -> str | None:
        """The run key with which it was asked for the last time."""
        return retry_key(self.run_key, len(self.retries)) if self.run_key and self.retries else self.run_key


class Rollback(NamedTuple):
    """A rollback that was decided.

    Parameters:
        at: when.
        champion: the version that served then.
        to: the version that was to serve again.
        run_key: what the decision asked for the run with.
    """

    at: datetime
    champion: int
    to: int
    run_key: str


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
        champion: the version that served when the last decision was taken; none before the first.
        rollbacks: all that were decided, in the order of time.
    """

    attempts: tuple[Attempt, ...] = ()
    episode: Episode | None = None
    trained_until: datetime | None = None
    champion: int | None = None
    rollbacks: tuple[Rollback, ...] = ()

    @property
    def last(self) -> Attempt | None:
        """The last training of all, whatever served then."""
        return max(self.attempts, key=lambda attempt: attempt.at, default=None)

    @property
    def begun_last(self) -> Attempt | None:
        """The training that was begun last, or tried again last: one that was asked for earlier may have been tried again since."""
        return max(self.attempts, key=lambda attempt: attempt.begun, default=None)


@dataclass(frozen=True)
class Decision:
    """What to do about a model now.

    Parameters:
        action: start a training, do nothing, call a person, or let the version before serve again.
        reason: why, in words with numbers.
        run_key: with which the run is to be started, once; none unless the action is `retrain` or `rollback`.
        kinds: the kinds of drift that last, or whose alarm asked for the rollback.
        episode: the drift episode that it belongs to.
        trigger: what asks for the training; none unless the action is `retrain`.
        to: the version that is to serve again; none unless the action is `rollback`.
        champion: the version that serves; none where none does.
    """

    action: Action
    reason: str
    run_key: str | None = None
    kinds: tuple[DriftKind, ...] = ()
    episode: Episode | None = None
    trigger: Trigger | None = None
    to: int | None = None
    champion: int | None = None
