"""The decision to retrain: a pure function of evidence, policy, history and the time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from textwrap import shorten

from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.retraining.facts import Action, Attempt, Decision, Episode, Evidence, History, Outcome
from mlworks_orchestration.retraining.signs import Sign, current_episode, read_signs
from mlworks_orchestration.spec import Retraining, format_duration

YEAR = timedelta(days=365)
TRIES = 2
"""Retrainings in a row, in one episode, that may fail to give a new champion before a person is called."""

_LONGEST = 200


@dataclass(frozen=True)
class _Case:
    """Everything that a guard looks at."""

    evidence: Evidence
    policy: Retraining
    history: History
    now: datetime
    champion: int
    signs: list[Sign]
    attempts: list[Attempt]
    episode: Episode | None

    @property
    def lasting(self) -> list[Sign]:
        return [sign for sign in self.signs if sign.lasting]

    @property
    def last_asked(self) -> Attempt | None:
        asked = [attempt for attempt in self.attempts if attempt.run_key]
        return asked[-1] if asked else None

    @property
    def latest_report(self) -> str:
        return max((report.partition for report in self.evidence.reports if report.reference_version == self.champion), default="")

    @property
    def cooling(self) -> Attempt | None:
        last = max(self.history.attempts, key=lambda attempt: attempt.at, default=None)
        return last if last and self.now - last.at < self.policy.cooldown else None

    def conclude(self, action: Action, reason: str, run_key: str | None = None) -> Decision:
        return Decision(action, reason, run_key, tuple(sign.kind for sign in self.lasting), self.episode)


def decide(evidence: Evidence, policy: Retraining, history: History, now: datetime) -> Decision:
    """Decide what to do about a model now.

    The first guard that applies decides: no champion; a training under way; no drift that lasts; a retraining that was decided and never
    launched (asked for again, with its own key); no report since the last retraining; the breaker; the cooldown; the budget; too few new
    rows. If none does, the model is retrained. It never raises, and the same facts always give the same decision.

    The run key is `<model>:<champion>:<n>`, the n-th retraining asked for against this champion. It depends on what was recorded and
    not on which reports were seen, so whoever decides from the same records asks with the same key, and a run starts once for each.

    Parameters:
        evidence: what is known now.
        policy: the declared policy.
        history: what was decided and trained before.
        now: the moment, aware.

    Examples:
        >>> from datetime import UTC
        >>> decide(Evidence("airline_delay", champion=None), Retraining(), History(), datetime(2013, 3, 1, tzinfo=UTC)).reason
        'airline_delay has no champion yet; train it first.'
    """
    if evidence.champion is None:
        return Decision("wait", f"{evidence.model} has no champion yet; train it first.")
    signs = read_signs(evidence, policy)
    attempts = sorted((attempt for attempt in history.attempts if attempt.champion == evidence.champion), key=lambda attempt: attempt.at)
    episode = current_episode(signs, evidence.champion, history.episode, attempts)
    case = _Case(evidence, policy, history, now, evidence.champion, signs, attempts, episode)
    return next(decision for guard in _GUARDS if (decision := guard(case)))


def _training_is_running(case: _Case) -> Decision | None:
    if not case.evidence.running:
        return None
    return case.conclude("wait", f"A training of {case.evidence.model} is queued or under way; its verdict comes first. {_seen(case)}.")


def _nothing_lasts(case: _Case) -> Decision | None:
    if case.lasting:
        return None
    if not any(sign.partitions for sign in case.signs):
        others = sorted({report.reference_version for report in case.evidence.reports} - {case.champion})
        seen = f" (the newest are against version {', '.join(map(str, others))})" if others else ""
        return case.conclude("wait", f"No report that tells anything is against the champion, version {case.champion}{seen}.")
    return case.conclude("wait", f"No drift lasts: {_needed(case)}. {_seen(case)}.")


def _was_never_launched(case: _Case) -> Decision | None:
    asked = case.last_asked
    if asked is None or asked.outcome is not Outcome.UNFINISHED or case.evidence.launched:
        return None
    if case.cooling is None and (asked.latest_report or "") < case.latest_report:
        return None
    why = f"The retraining decided {_at(asked.at)} was never launched and is asked for again"
    return case.conclude("retrain", f"{why}. {_seen(case)}.", asked.run_key)


def _nothing_new(case: _Case) -> Decision | None:
    asked = case.last_asked
    if asked is None or (asked.latest_report or "") < case.latest_report:
        return None
    return case.conclude("wait", f"No report has come since the retraining decided {_at(asked.at)}, which saw {asked.latest_report}.")


def _retraining_does_not_help(case: _Case) -> Decision | None:
    tried = [attempt for attempt in case.attempts if case.episode and attempt.episode == case.episode.began]
    failed = tried[-TRIES:]
    if len(failed) < TRIES or any(attempt.outcome is Outcome.PROMOTED for attempt in failed):
        return None
    told = ", ".join(f"{_at(attempt.at)} {attempt.outcome}" for attempt in failed)
    began = case.episode.began if case.episode else ""
    why = f"{TRIES} retrainings in a row against version {case.champion} did not help ({told}), and the drift that began in {began} lasts"
    return case.conclude("escalate", f"{why}. {_seen(case)}. {_advice(case)}")


def _is_cooling_down(case: _Case) -> Decision | None:
    last = case.cooling
    if last is None:
        return None
    why = f"the last training, {_at(last.at)} ({last.outcome}), is less than the cooldown of {format_duration(case.policy.cooldown)} ago"
    return case.conclude("wait", f"Drift lasts, but {why}. {_seen(case)}.")


def _budget_is_spent(case: _Case) -> Decision | None:
    spent = [attempt.at for attempt in case.history.attempts if attempt.champion is not None and case.now - attempt.at < YEAR]
    if len(spent) < case.policy.budget_per_year:
        return None
    used = f"{len(spent)} of {case.policy.budget_per_year} retrainings of the last {YEAR.days} days are used"
    oldest = f" (the oldest {_at(min(spent))})" if spent else ""
    return case.conclude("escalate", f"Drift lasts, but {used}{oldest}. {_seen(case)}. {_advice(case)}")


def _too_few_rows(case: _Case) -> Decision | None:
    if case.evidence.new_rows >= case.policy.min_new_rows:
        return None
    rows = f"{case.evidence.new_rows:,} labelled rows are newer than the last training knew; {case.policy.min_new_rows:,} are needed"
    return case.conclude("wait", f"Drift lasts, but {rows}. {_seen(case)}.")


def _retrain(case: _Case) -> Decision:
    number = 1 + sum(attempt.run_key is not None for attempt in case.attempts)
    rows = f"{case.evidence.new_rows:,} new labelled rows (at least {case.policy.min_new_rows:,})"
    why = f"Drift lasts: {_needed(case)}. {_seen(case)}. {rows}; retraining {number} against version {case.champion}"
    return case.conclude("retrain", f"{why}.", f"{case.evidence.model}:{case.champion}:{number}")


_GUARDS: tuple[Callable[[_Case], Decision | None], ...] = (
    _training_is_running,
    _nothing_lasts,
    _was_never_launched,
    _nothing_new,
    _retraining_does_not_help,
    _is_cooling_down,
    _budget_is_spent,
    _too_few_rows,
    _retrain,
)


def _needed(case: _Case) -> str:
    return f"{case.policy.violations} of a kind's last {case.policy.of} reports must drift, the latest among them"


def _seen(case: _Case) -> str:
    counted = f"Drifted: {', '.join(map(str, case.signs))} (up to {case.latest_report or 'none'})"
    return "; ".join([counted, *(f"{sign.kind}: {shorten(sign.said, _LONGEST, placeholder=' …')}" for sign in case.lasting if sign.said)])


def _advice(case: _Case) -> str:
    return "What to do: " + "; ".join(f"{sign.kind} drift: {ACTIONS[sign.kind]}" for sign in case.lasting) + "."


def _at(moment: datetime) -> str:
    return f"on {moment:%Y-%m-%d %H:%M}"
