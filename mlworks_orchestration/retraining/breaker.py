"""The breaker: a retraining that did not help ends retraining, and gives way to the version before where that is better."""

from datetime import timedelta

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.retraining.case import Case, advice, at, seen
from mlworks_orchestration.retraining.facts import Evidence, Promotion
from mlworks_orchestration.retraining.past import Attempt, Decision, Outcome, Rollback, retry_key
from mlworks_orchestration.retraining.signs import Sign, read_signs
from mlworks_orchestration.spec import Gate, Retraining

TRIES = 2
"""Retrainings in a row, in one episode, that may fail to give a new champion before a person is called."""

RETRY_AFTER = (timedelta(0), timedelta(minutes=10), timedelta(hours=1))
"""How long after it was asked for a rollback or a retraining whose run failed is asked for again: as often, and then a person is called."""

_IN_VAIN = {Outcome.REJECTED, Outcome.UNFINISHED, Outcome.ROLLED_BACK}


def rollback_was_decided(case: Case) -> Decision | None:
    """Complete a rollback that was decided for this promotion: it is never decided anew, and a run that failed is tried again, a few times."""
    promotion, asked = case.evidence.promotion, decided(case)
    if promotion is None or not asked:
        return None
    last, tried = asked[-1], len(asked) - 1
    told = f"The rollback from version {last.champion} to version {asked[0].to}, decided {at(asked[0].at)}"
    if not case.evidence.rollback_launched:
        return case.conclude("rollback", f"{told}, was never launched and is asked for again.", run_key=last.run_key, to=asked[0].to)
    if case.evidence.rolling_back:
        return case.conclude("wait", f"{told}, is under way.")
    told = f"{told}, was launched{f' {len(asked)} times' if tried else ''}, and version {promotion.version} serves still."
    if tried >= len(RETRY_AFTER):
        remedy = f"`mlworks rollback {case.evidence.model} --to VERSION --why TEXT`"
        return case.conclude("escalate", f"{told} Look at its run, then go back by hand: {remedy}, or train a better version.")
    due = last.at + RETRY_AFTER[tried]
    if case.now < due:
        return case.conclude("wait", f"{told} It is tried again {at(due)}.")
    again = f"{told} It is tried again, {tried + 1} of {len(RETRY_AFTER)} times."
    return case.conclude("rollback", again, run_key=retry_key(asked[0].run_key, tried + 1), to=asked[0].to)


def previous_is_better(case: Case) -> Decision | None:
    """Go back where the predecessor is better on the same rows of after the promotion."""
    promotion, told = case.evidence.promotion, case.evidence.aftermath
    if promotion is None or told is None or not told.previous_is_better or (told.champion, told.previous) != (promotion.version, promotion.previous):
        return None
    found = (
        f"Promoting version {told.champion} {at(promotion.at)} did not help: on {told.rows:,} labelled rows since, to {told.until}, it has "
        f"{told.metric} {readable(told.champion_value)} and version {told.previous} would have {readable(told.previous_value)}. "
        f"The gain of going back is {readable(told.gain)}, between {readable(told.gain_low)} and {readable(told.gain_high)} over "
        f"{told.blocks} blocks; its lower end is above {readable(told.margin, 6)}."
    )
    doing = f" What to do: {advice(case).removeprefix('What to do: ')}" if case.lasting else ""
    if case.gate.mode == "automatic":
        return _go_back(case, promotion, told.previous, f"{found} Version {told.previous} serves again.{doing}")
    command = f"`mlworks rollback {case.evidence.model} --to {told.previous} --why TEXT`"
    return case.conclude("escalate", f"{found} With gate.mode {case.gate.mode} a person decides: {command}.{doing}")


def declared_alarm(case: Case) -> Decision | None:
    """Go back where a kind of drift that `gate.rollback_on` names alarms against a newly promoted champion."""
    promotion = case.evidence.promotion
    alarms = alarming(case.evidence, case.gate)
    if promotion is None or promotion.previous is None or not alarms:
        return None
    named = ", ".join(f"{sign.kind} ({sign.partitions[-1]}: {sign.said or 'drifted'})" for sign in alarms)
    reason = f"An alarm that gate.rollback_on names was raised against version {promotion.version}, promoted {at(promotion.at)}: {named}."
    return _go_back(case, promotion, promotion.previous, f"{reason} Version {promotion.previous} serves again.")


def retraining_does_not_help(case: Case) -> Decision | None:
    """Call a person when drift lasts and training again did not end it."""
    if not case.lasting or not (tried := in_vain(case)):
        return None
    told = ", ".join(f"{at(attempt.at)} {attempt.outcome}" for attempt in tried)
    counted = f"{len(tried)} retrainings in a row" if len(tried) > 1 else "a retraining"
    why = f"{counted} against version {case.evidence.champion} did not help ({told}), and the drift that began in {_began(case)} lasts"
    return case.conclude("escalate", f"{why[0].upper()}{why[1:]}. {seen(case)}. {advice(case)}")


def in_vain(case: Case) -> list[Attempt]:
    """Return the trainings that opened the breaker: two in a row without a new champion, or one that was rolled back; none while it is closed.

    Parameters:
        case: the facts.
    """
    tried = [attempt for attempt in case.attempts if case.episode and attempt.episode == case.episode.began]
    if tried and tried[-1].outcome is Outcome.ROLLED_BACK:
        return tried[-1:]
    failed = tried[-TRIES:]
    return failed if len(failed) == TRIES and all(attempt.outcome in _IN_VAIN for attempt in failed) else []


def decided(case: Case) -> list[Rollback]:
    """Return how often and when the rollback of the champion's promotion was asked for, in the order of time.

    Parameters:
        case: the facts.
    """
    promotion = case.evidence.promotion
    return [done for done in case.history.rollbacks if promotion and done.champion == promotion.version]


def alarming(evidence: Evidence, gate: Gate) -> list[Sign]:
    """Return the kinds of `gate.rollback_on` of which the latest report that could tell says that they drifted.

    Parameters:
        evidence: what is known now.
        gate: the declared gate.
    """
    if not gate.rollback_on:
        return []
    return [sign for sign in read_signs(evidence, Retraining(kinds=gate.rollback_on, violations=1, of=1)) if sign.lasting]


def _go_back(case: Case, promotion: Promotion, to: int, reason: str) -> Decision:
    return case.conclude("rollback", reason, run_key=f"{case.evidence.model}:rollback:{promotion.version}:{to}", to=to)


def _began(case: Case) -> str:
    return case.episode.began if case.episode else ""
