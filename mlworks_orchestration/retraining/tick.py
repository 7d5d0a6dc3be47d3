"""One look at a model: evidence, decision, record."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.decide import decide, decide_by_hand
from mlworks_orchestration.retraining.evidence import Runs, gather
from mlworks_orchestration.retraining.ledger import asked_at, read_history, recent, record
from mlworks_orchestration.retraining.past import Decision, History, Outcome
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import check_signed

Mark = Mapping[str, int | str]
"""What the last look at a model saw: the Delta version of each table that is watched, and under `due` when to look again without anything new."""

DUE = "due"
_AGAIN = timedelta(days=1)
_LOOK_AFTER = timedelta(minutes=10)
_TIME_TO_ASK = timedelta(minutes=1)


def with_news(lake: Lake, models: Iterable[MLModel], marks: Mapping[str, Mark], now: datetime) -> list[MLModel]:
    """Return the models that are to be looked at: something was written since the last look, or the schedule's time has come.

    One file is looked for a table, and none is opened, so that it costs little for a thousand models and does not grow with their age.

    Parameters:
        lake: the Delta tables.
        models: the declarations.
        marks: what the last look at each saw, by the model's name.
        now: the moment, aware.
    """
    declared = {model.name: model for model in models}
    seen = {f"{name}/{table}": _version(marks.get(name, {}), table) for name, model in declared.items() for table in watched(model)}
    news = {table.partition("/")[0] for table in lake.newer(seen)}
    due = {name for name in declared if (moment := marks.get(name, {}).get(DUE)) and now >= datetime.fromisoformat(str(moment))}
    return [model for name, model in declared.items() if name in news | due]


def watched(model: MLModel) -> list[str]:
    """Return the tables in which something new is a reason to decide.

    Parameters:
        model: the model's declaration.
    """
    return ["drift_report", "aftermath", *(["labels"] if model.retraining.new_rows else [])]


def consider(lake: Lake, model: MLModel, runs: Runs, mark: Mark | None) -> tuple[Decision | None, Mark | None]:
    """Decide about a model if there is something new since the last look, and record the decision.

    It is recorded before it is acted upon. When a crash comes in between, the mark is the old one, the decision is taken again from the
    record, and the run is asked for again with the same run key. Only the one who recorded a decision acts on it for the first minute: another
    daemon, or a second tick, that finds it just recorded leaves it to him and looks again later.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        runs: what the orchestrator knows of the model's trainings and rollbacks.
        mark: what the last look returned; none for the first.

    Returns:
        The decision, none if there is nothing new; and the mark for the next look.
    """
    now = clock.now()
    if not with_news(lake, [model], {model.name: mark or {}}, now):
        return None, mark
    # Read before the evidence: what lands in between is looked at twice rather than never.
    seen = _seen(lake, model, mark or {})
    known = recent(lake, model.name)
    history = read_history(lake, model.name, known)
    evidence = gather(lake, model, history, runs, now)
    decision = decide(evidence, model.retraining, history, now, model.gate)
    if not record(lake, evidence, decision, now, known) and (since := _just_asked(lake, model, decision, now)):
        said = f"The {decision.action} {decision.run_key} was decided at {since:%H:%M:%S} by another tick, which is asking for its run."
        return replace(decision, action="wait", run_key=None, trigger=None, to=None, reason=said), mark
    due = due_again(model, history, decision, now)
    return decision, seen if due is None else {**seen, DUE: due.isoformat()}


def ask_by_hand(lake: Lake, model: MLModel, runs: Runs, *, by: str, why: str) -> Decision:
    """Decide about a training that a person asks for, and record the decision; the run is the caller's business.

    Parameters:
        lake: the Delta tables.
        model: the model's declaration.
        runs: what the orchestrator knows.
        by: who asks.
        why: the reason in words.

    Raises:
        TrainingError: if nobody is named or no reason is given.
    """
    check_signed(by, why)
    now = clock.now()
    history = read_history(lake, model.name)
    evidence = gather(lake, model, history, runs, now)
    decision = decide_by_hand(evidence, model.retraining, history, now, model.gate, by=by, why=why)
    if not record(lake, evidence, decision, now) and decision.run_key is not None:
        said = f"Another training of {model.name} was asked for at this very moment; ask again when it is judged."
        return replace(decision, action="wait", run_key=None, reason=said)
    return decision


def _just_asked(lake: Lake, model: MLModel, decision: Decision, now: datetime) -> datetime | None:
    """Return when another tick decided the same, if that was in the last minute; in a replay, which is alone, there is no other."""
    if decision.run_key is None or clock.is_replayed():
        return None
    since = asked_at(lake, model.name, decision.run_key)
    # Of two looks at once the one that is later to record may have begun earlier.
    return since if since and abs(now - since) < _TIME_TO_ASK else None


def _seen(lake: Lake, model: MLModel, mark: Mark) -> dict[str, int]:
    """Return the newest version of each table that is watched, counted on from the last look."""
    found = {f"{model.name}/{table}": _version(mark, table) for table in watched(model)}
    found |= {table: lake.version(table) for table, version in found.items() if version < 0 and lake.exists(table)}
    while newer := lake.newer(found):
        found |= {table: found[table] + 1 for table in newer}
    return {table.partition("/")[2]: version for table, version in found.items() if version >= 0}


def _version(mark: Mark, table: str) -> int:
    seen = mark.get(table, -1)
    return seen if isinstance(seen, int) else -1


def due_again(model: MLModel, history: History, decision: Decision, now: datetime) -> datetime | None:
    """Return when to look without anything new: when the schedule asks, and soon after a run was asked for, which may fail.

    What the schedule asked for and was put off is looked at again a day later.

    Parameters:
        model: the model's declaration.
        history: what was trained before.
        decision: of now.
        now: the moment, aware.
    """
    back = [now + _LOOK_AFTER] if _may_fail(history, decision, now) else []
    every = model.retraining.every
    if every is None:
        return min(back, default=None)
    trained = now if decision.action == "retrain" else max((attempt.at for attempt in history.attempts), default=None)
    return min([*back, now + _AGAIN if trained is None else max(trained + every, now + _AGAIN)])


def _may_fail(history: History, decision: Decision, now: datetime) -> bool:
    """Return whether a run was asked for of which it is not known yet what comes; a replay waits for its trainings, so there it is known."""
    if decision.action == "rollback" or (decision.action == "retrain" and not clock.is_replayed()):
        return True
    going_back = any(back.champion == decision.champion for back in history.rollbacks)
    unfinished = any(asked.run_key and asked.outcome is Outcome.UNFINISHED and now - asked.begun < _AGAIN for asked in history.attempts[-1:])
    return decision.action == "wait" and (going_back or unfinished)
