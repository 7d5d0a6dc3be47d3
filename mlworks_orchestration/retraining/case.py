"""Everything that a guard of `decide` looks at, and how it is told."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.retraining.facts import Evidence
from mlworks_orchestration.retraining.past import Action, Attempt, Decision, Episode, History, Outcome, Trigger
from mlworks_orchestration.retraining.signs import Sign, current_episode, read_signs
from mlworks_orchestration.spec import Gate, Retraining, format_duration

YEAR = timedelta(days=365)
OVERDUE = timedelta(days=7)
"""How long labels may be overdue before a person is called."""


class Cause(NamedTuple):
    """What asks for a training, and why in words, without a full stop."""

    trigger: Trigger
    why: str


@dataclass(frozen=True)
class Case:
    """The facts, and what follows from them for every guard.

    Parameters:
        evidence: what is known now.
        policy: the declared policy.
        gate: the declared gate.
        history: what was decided and trained before.
        now: the moment, aware.
        signs: which kinds of drift last.
        attempts: trainings against this champion, in the order of time.
        episode: the drift episode that goes on now.
    """

    evidence: Evidence
    policy: Retraining
    gate: Gate
    history: History
    now: datetime
    signs: list[Sign]
    attempts: list[Attempt]
    episode: Episode | None

    @classmethod
    def of(cls, evidence: Evidence, policy: Retraining, gate: Gate, history: History, now: datetime) -> "Case":
        """Look at the facts."""
        signs = read_signs(evidence, policy)
        attempts = sorted((attempt for attempt in history.attempts if attempt.champion == evidence.champion), key=lambda attempt: attempt.at)
        episode = None if evidence.champion is None else current_episode(signs, evidence.champion, history, attempts)
        return cls(evidence, policy, gate, history, now, signs, attempts, episode)

    @property
    def lasting(self) -> list[Sign]:
        """The signs of the kinds of drift that last."""
        return [sign for sign in self.signs if sign.lasting]

    @property
    def last_asked(self) -> Attempt | None:
        """The last retraining that a decision asked for against this champion."""
        asked = [attempt for attempt in self.attempts if attempt.run_key]
        return asked[-1] if asked else None

    @property
    def latest_report(self) -> str:
        """The newest partition whose report is against this champion; empty without one."""
        return max((report.partition for report in self.evidence.reports if report.reference_version == self.evidence.champion), default="")

    @property
    def has_new_report(self) -> bool:
        """Whether a report has come since the last retraining was asked for."""
        return self.last_asked is None or (self.last_asked.latest_report or "") < self.latest_report

    @property
    def last(self) -> Attempt | None:
        """The last training of all, whatever served then."""
        return self.history.last

    @property
    def cooling(self) -> Attempt | None:
        """The training that was begun last, or tried again last, as long as that is less than the cooldown ago."""
        last = self.history.begun_last
        return last if last and self.now - last.begun < self.policy.cooldown else None

    @property
    def spent(self) -> list[datetime]:
        """When the retrainings took place that count for the budget now."""
        return [attempt.at for attempt in self.history.attempts if attempt.champion is not None and self.now - attempt.at < YEAR]

    @property
    def cause(self) -> Cause | None:
        """What asks for a training: drift that has not been answered yet, the schedule, new rows, or drift that was answered already."""
        drift = Cause("drift", f"Drift lasts: {needed(self)}") if self.lasting else None
        if drift and self.has_new_report:
            return drift
        return _schedule(self) or _new_rows(self) or drift

    @property
    def number(self) -> int:
        """Which retraining against this champion would be asked for now, from 1."""
        return 1 + sum(attempt.run_key is not None for attempt in self.attempts)

    def conclude(self, action: Action, reason: str, *, run_key: str | None = None, trigger: Trigger | None = None, to: int | None = None) -> Decision:
        """Return a decision of this case."""
        return Decision(action, reason, run_key, tuple(sign.kind for sign in self.lasting), self.episode, trigger, to, self.evidence.champion)

    def put_off(self, reason: str) -> Decision:
        """Wait; or call a person, where labels that are long overdue may be what is waited for."""
        overdue = self.evidence.overdue
        if overdue is None:
            return self.conclude("wait", reason)
        late = self.now - overdue.due
        told = (
            f"Labels are overdue: {overdue.partitions} scored partitions since {overdue.since} have none, those of the first were due "
            f"{at(overdue.due)}. Find out why {self.evidence.model}'s labels do not arrive; without them it is neither measured nor retrained."
        )
        return self.conclude("escalate" if late >= OVERDUE else "wait", f"{reason} {told}")


def _schedule(case: Case) -> Cause | None:
    every, last = case.policy.every, case.last
    if every is None or (last and case.now - last.at < every):
        return None
    ago = f"the last training was {at(last.at)}" if last else "none is recorded yet"
    return Cause("schedule", f"A training is due every {format_duration(every)}, and {ago}")


def _new_rows(case: Case) -> Cause | None:
    wanted = case.policy.new_rows
    if wanted is None or case.evidence.new_rows < wanted + rows_tried(case.history):
        return None
    return Cause("new_rows", f"{case.evidence.new_rows:,} labelled rows are newer than the last training knew, and every {wanted:,} ask for one")


def rows_tried(history: History) -> int:
    """Return how many new rows the last training was asked for with, if nothing came of it: so many more must come before rows ask again.

    Parameters:
        history: what was trained before.
    """
    last = history.last
    return last.new_rows if last and last.outcome is Outcome.UNFINISHED else 0


def needed(case: Case) -> str:
    """Say what makes drift last."""
    return f"{case.policy.violations} of a kind's last {case.policy.of} reports must drift, the latest among them"


def seen(case: Case) -> str:
    """Say what the reports say."""
    counted = f"Last reports, up to {case.latest_report or 'none'}: {', '.join(map(str, case.signs))}"
    return "; ".join([counted, *(f"{sign.kind}: {sign.said}" for sign in case.lasting if sign.said)])


def advice(case: Case) -> str:
    """Say what a person should do about the kinds that last."""
    return "What to do: " + "; ".join(f"{sign.kind} drift: {ACTIONS[sign.kind]}" for sign in case.lasting) + "."


def at(moment: datetime) -> str:
    """Say when."""
    return f"on {moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
