"""The decision about a model: a pure function of evidence, policy, history and the time."""

from collections.abc import Callable
from datetime import datetime

from mlworks_orchestration.retraining.breaker import declared_alarm, in_vain, previous_is_better, retraining_does_not_help, rollback_was_decided
from mlworks_orchestration.retraining.case import YEAR, Case, advice, at, needed, seen
from mlworks_orchestration.retraining.facts import Evidence
from mlworks_orchestration.retraining.past import Decision, History, Outcome
from mlworks_orchestration.retraining.unfinished import run_failed, was_never_launched
from mlworks_orchestration.spec import Gate, Retraining, format_duration

_AUTOMATIC = Gate()


def decide(evidence: Evidence, policy: Retraining, history: History, now: datetime, gate: Gate = _AUTOMATIC) -> Decision:
    """Decide what to do about a model now.

    The first guard that applies decides: no champion; a rollback decided before; a predecessor that is better; an alarm on which the
    declaration rolls back; a training under way; a retraining that was decided and never launched (asked for again, with its own key), or
    whose run failed (asked for again a few times, with keys that say so); nothing that asks for a training; no report since the last
    retraining; the breaker; a version that waits for approval; the cooldown; the budget; too few new rows. If none does, the model is
    retrained. It never raises, and the same facts always give the same decision.

    The run key is `<model>:<champion>:<n>`, the n-th retraining asked for against this champion, and `<model>:rollback:<champion>:<to>` of a
    rollback, with `:retry-<n>` where a run failed and is tried again. It depends on what was recorded and not on which reports were seen or
    what asks for it, so whoever decides from the same records asks with the same key, and a run starts once for each.

    Parameters:
        evidence: what is known now.
        policy: the declared policy.
        history: what was decided and trained before.
        now: the moment, aware.
        gate: the declared gate: its mode, and the alarms on which it rolls back.

    Examples:
        >>> from datetime import UTC
        >>> decide(Evidence("airline_delay", champion=None), Retraining(), History(), datetime(2013, 3, 1, tzinfo=UTC)).reason
        'airline_delay has no champion yet; train it first.'
    """
    if evidence.champion is None:
        return Decision("wait", f"{evidence.model} has no champion yet; train it first.")
    case = Case.of(evidence, policy, gate, history, now)
    return next(decision for guard in _GUARDS if (decision := guard(case)))


def decide_by_hand(evidence: Evidence, policy: Retraining, history: History, now: datetime, gate: Gate, *, by: str, why: str) -> Decision:  # noqa: PLR0913 - facts, who and why
    """Decide about a training that a person asks for: it waits for one that is under way and for nothing else, but what speaks against it is said.

    Parameters:
        evidence: what is known now.
        policy: the declared policy.
        history: what was decided and trained before.
        now: the moment, aware.
        gate: the declared gate.
        by: who asks.
        why: the reason in words.
    """
    case = Case.of(evidence, policy, gate, history, now)
    if evidence.running:
        return case.conclude("wait", f"A training of {evidence.model} is queued or under way; its verdict comes first, then ask again.")
    notes = "".join(f" {note}" for note in _notes(case))
    champion = "first" if evidence.champion is None else evidence.champion
    key = f"{evidence.model}:{champion}:{case.number}"
    return case.conclude("retrain", f"{by.strip()} asks for it: {why.strip().rstrip('.')}.{notes}", run_key=key, trigger="person")


def _notes(case: Case) -> list[str]:
    """Say what would have held back a retraining that nobody asks for."""
    found, used = [], len(case.spent) + (case.evidence.champion is not None)
    if tried := in_vain(case):
        found.append(f"The breaker is open: {_the_last(len(tried))} in this episode came to nothing ({', '.join(each.outcome for each in tried)}).")
    if case.last and case.last.outcome is Outcome.WAITING:
        found.append(f"Version {case.last.version} waits for approval.")
    if case.cooling:
        found.append(f"The last training, {at(case.cooling.at)}, is less than the cooldown of {format_duration(case.policy.cooldown)} ago.")
    if used > case.policy.budget_per_year:
        found.append(f"With it {used} retrainings of a budget of {case.policy.budget_per_year} in {YEAR.days} days are used.")
    return found


def _the_last(trainings: int) -> str:
    return "the last training" if trainings == 1 else f"the last {trainings} trainings"


def _training_is_running(case: Case) -> Decision | None:
    if not case.evidence.running:
        return None
    return case.conclude("wait", f"A training of {case.evidence.model} is queued or under way; its verdict comes first. {seen(case)}.")


def _nothing_asks(case: Case) -> Decision | None:
    if case.cause:
        return None
    if not any(sign.partitions for sign in case.signs):
        others = sorted({report.reference_version for report in case.evidence.reports} - {case.evidence.champion})
        newest = f" (the newest are against version {', '.join(map(str, others))})" if others else ""
        return case.put_off(f"No report that tells anything is against the champion, version {case.evidence.champion}{newest}.")
    return case.put_off(f"No drift lasts: {needed(case)}. {seen(case)}.{_aftermath(case)}")


def _aftermath(case: Case) -> str:
    """Say how the champion does beside its predecessor."""
    told = case.evidence.aftermath
    if told is None or case.evidence.promotion is None or told.champion != case.evidence.promotion.version:
        return ""
    return f" {told.words}"


def _nothing_new(case: Case) -> Decision | None:
    asked = case.last_asked
    if asked is None or case.has_new_report or (case.cause and case.cause.trigger != "drift"):
        return None
    return case.conclude("wait", f"No report has come since the retraining decided {at(asked.at)}, which saw {asked.latest_report}.")


def _a_version_waits(case: Case) -> Decision | None:
    last = case.attempts[-1] if case.attempts else None
    if last is None or last.outcome is not Outcome.WAITING:
        return None
    command = f"`mlworks approve {case.evidence.model} {last.version} --by NAME --why TEXT`, or `mlworks reject`"
    why = f"Version {last.version}, asked for {at(last.at)}, was judged better and waits for approval: {command}. {seen(case)}."
    return case.conclude("escalate" if case.lasting and case.cooling is None else "wait", why)


def _is_cooling_down(case: Case) -> Decision | None:
    last = case.cooling
    if last is None:
        return None
    ahead = "is later than now, so the clock went back, and" if last.begun > case.now else "is"
    why = f"the last training, {at(last.begun)} ({last.outcome}), {ahead} less than the cooldown of {format_duration(case.policy.cooldown)} ago"
    return case.conclude("wait", f"{_asking(case)}, but {why}. {seen(case)}.")


def _budget_is_spent(case: Case) -> Decision | None:
    spent = case.spent
    if len(spent) < case.policy.budget_per_year:
        return None
    used = f"{len(spent)} of {case.policy.budget_per_year} retrainings of the last {YEAR.days} days are used"
    oldest = f" (the oldest {at(min(spent))})" if spent else ""
    why = f"{_asking(case)}, but {used}{oldest}. {seen(case)}."
    return case.conclude("escalate", f"{why} {advice(case)}") if case.lasting else case.conclude("wait", why)


def _too_few_rows(case: Case) -> Decision | None:
    if case.evidence.new_rows >= case.policy.min_new_rows:
        return None
    rows = f"{case.evidence.new_rows:,} labelled rows are newer than the last training knew; {case.policy.min_new_rows:,} are needed"
    return case.put_off(f"{_asking(case)}, but {rows}. {seen(case)}.")


def _retrain(case: Case) -> Decision:
    rows = f"{case.evidence.new_rows:,} new labelled rows (at least {case.policy.min_new_rows:,})"
    cause = case.cause
    why = f"{cause.why if cause else ''}. {seen(case)}. {rows}; retraining {case.number} against version {case.evidence.champion}"
    key = f"{case.evidence.model}:{case.evidence.champion}:{case.number}"
    return case.conclude("retrain", f"{why}.", run_key=key, trigger=cause.trigger if cause else None)


_GUARDS: tuple[Callable[[Case], Decision | None], ...] = (
    rollback_was_decided,
    previous_is_better,
    declared_alarm,
    _training_is_running,
    was_never_launched,
    run_failed,
    _nothing_asks,
    _nothing_new,
    retraining_does_not_help,
    _a_version_waits,
    _is_cooling_down,
    _budget_is_spent,
    _too_few_rows,
    _retrain,
)


def _asking(case: Case) -> str:
    """Say what asks for a training, before what speaks against it."""
    cause = case.cause
    return "Drift lasts" if cause is None or cause.trigger == "drift" else cause.why
