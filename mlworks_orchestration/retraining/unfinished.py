"""Retrainings that were decided and came to nothing by accident: never launched, or killed before a version was judged."""

from mlworks_orchestration.retraining.breaker import RETRY_AFTER
from mlworks_orchestration.retraining.case import Case, at, seen
from mlworks_orchestration.retraining.past import Attempt, Decision, Outcome, retry_key


def was_never_launched(case: Case) -> Decision | None:
    """Ask again, with its own key, for a retraining whose run was never launched."""
    asked = _unfinished(case)
    if asked is None or case.evidence.launched:
        return None
    why = f"The retraining decided {at(asked.begun)} was never launched and is asked for again"
    return case.conclude("retrain", f"{why}. {seen(case)}.", run_key=asked.last_key, trigger=asked.trigger or "drift")


def run_failed(case: Case) -> Decision | None:
    """Try a retraining whose run failed again, a few times: it is the same one, so it costs no budget and the breaker counts it once."""
    asked = _unfinished(case)
    if asked is None or asked.run_key is None or not case.evidence.failed or not _same_episode(case, asked):
        return None
    tried, most = len(asked.retries), len(RETRY_AFTER)
    times = f" {tried + 1} times" if tried else ""
    told = f"The retraining decided {at(asked.at)} was launched{times}, and no version of it was judged, for its run failed or was killed."
    if tried >= most:
        remedy = f"Look at its run, correct the cause, then `mlworks retrain {case.evidence.model} --why TEXT`"
        return case.conclude("escalate", f"{told} {remedy}. {seen(case)}.")
    due = asked.begun + RETRY_AFTER[tried]
    if case.now < due:
        return case.conclude("wait", f"{told} It is tried again {at(due)}. {seen(case)}.")
    same = f" in the same episode, which began in {case.episode.began}" if case.episode and _by_drift(asked) else ""
    again = f"{told} It is tried again{same}, {tried + 1} of {most} times. {seen(case)}."
    return case.conclude("retrain", again, run_key=retry_key(asked.run_key, tried + 1), trigger=asked.trigger or "drift")


def _unfinished(case: Case) -> Attempt | None:
    """Return the last retraining if nothing came of it and it is not to be decided afresh; a person's is that person's business."""
    asked = case.last_asked
    if asked is None or asked.outcome is not Outcome.UNFINISHED or asked.trigger == "person":
        return None
    again = case.has_new_report if _by_drift(asked) else case.cause is not None
    gone = _by_drift(asked) and not case.lasting
    return None if gone or (case.cooling is None and again) else asked


def _by_drift(asked: Attempt) -> bool:
    return asked.trigger in {None, "drift"}


def _same_episode(case: Case, asked: Attempt) -> bool:
    return not _by_drift(asked) or (case.episode is not None and case.episode.began == asked.episode)
