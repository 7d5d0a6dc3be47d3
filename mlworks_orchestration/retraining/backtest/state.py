"""Where a model stands in the course of a backtest: what production keeps in the lake and in the registry."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from mlworks_orchestration.retraining.backtest.fits import Fit
from mlworks_orchestration.retraining.backtest.reports import Scored, Version
from mlworks_orchestration.retraining.facts import Aftermath, Promotion, Report
from mlworks_orchestration.retraining.past import Attempt, Decision, History, Outcome, Rollback
from mlworks_orchestration.retraining.promotions import held, promotion
from mlworks_orchestration.training import Verdict

_MOVES = pl.Schema({"alias": pl.String(), "version": pl.Int64(), "held_from": pl.Datetime("us", "UTC"), "moved_by": pl.String()})


@dataclass
class State:
    """Where a model stands.

    Parameters:
        versions: the fitted ones, by number from 1.
        moved: moves of the aliases `champion` and `previous`: alias, version, since when, and who moved it.
        scored: partitions, in order, with the version that scored each.
        labelled: partitions whose labels have come in, in order; the first ones were never scored.
        reports: the newest of each partition.
        exceeded: by kind of drift and partition, whether the window exceeded a threshold; None where that could not be told.
        attempts: all trainings, in the order of time.
        rollbacks: all that were decided.
        verdicts: the gate's, in the order of time.
        decisions: what was decided and when.
        looks: comparisons of champions with their predecessors, each with the look's number.
        news: whether anything has come since the last decision that is a reason to decide.
        due: when the schedule asks for a look without anything new.
    """

    versions: list[Fit] = field(default_factory=list)
    moved: list[tuple[str, int, datetime, str]] = field(default_factory=list)
    scored: dict[str, int] = field(default_factory=dict)
    labelled: dict[str, None] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    exceeded: dict[str, dict[str, bool | None]] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    rollbacks: list[Rollback] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    decisions: list[tuple[datetime, Decision]] = field(default_factory=list)
    looks: list[tuple[int, Aftermath]] = field(default_factory=list)
    news: bool = False
    due: datetime | None = None

    def serving(self, now: datetime) -> int | None:
        """Return the champion's number; None before the first."""
        return held(self._moves(), "champion", now)

    def version(self, number: int) -> Version:
        """Return a version by its number."""
        return Version(number, self.versions[number - 1])

    def window(self, keys: Sequence[str]) -> list[Scored]:
        """Return partitions as they stand."""
        return [Scored(key, self.version(self.scored[key]), key in self.labelled) for key in keys]

    def promotion(self, now: datetime) -> Promotion | None:
        """Return how the champion came to serve, where it is new."""
        return promotion(self._moves(), self.history(), now)

    def history(self) -> History:
        """Return what was decided and trained before."""
        told = self.decisions[-1][1] if self.decisions else None
        until = self.verdicts[-1].holdout.end if self.verdicts else None
        episode, champion = (told.episode, told.champion) if told else (None, None)
        return History(tuple(self.attempts), episode, until, champion, tuple(self.rollbacks))

    def promote(self, number: int, now: datetime, moved_by: str) -> None:
        """Let a version serve, and the one before it be the previous one."""
        if (serving := self.serving(now)) is not None:
            self.moved.append(("previous", serving, now, moved_by))
        self.moved.append(("champion", number, now, moved_by))

    def roll_back(self, gone: int, to: int, now: datetime) -> None:
        """Let an earlier version serve again."""
        self.promote(to, now, "retraining")
        self.attempts = [replace(each, outcome=Outcome.ROLLED_BACK) if each.version == gone else each for each in self.attempts]

    def _moves(self) -> pl.DataFrame:
        return pl.DataFrame(self.moved, schema=_MOVES, orient="row")
