"""How each model is doing, those that need a person first."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, quality_table
from mlworks_orchestration.retraining import label_rate, policy_warnings
from mlworks_orchestration.spec import Broken, Catalog, DriftKind, MLModel, tables_behind
from mlworks_orchestration.training import in_force, moves, standing, stored_results
from mlworks_orchestration.views.decided import Decided, how_it_comes_to_serve, last_decided


@dataclass(frozen=True)
class ModelStatus:
    """The state of one model; its fields are named as the command line names its lines.

    Parameters:
        model: its name.
        needs_person: whether nothing goes on without one: the sensor calls one, a version waits for approval, or the declaration is broken.
        champion: the serving version; none before the first training.
        champion_since: since when it serves.
        champion_by: who or what let it serve: `gate`, or the person who approved it, rolled back to it or moved the alias.
        champion_why: why, in words.
        last_scored: key of the newest scored partition; none before.
        drifted_now: the drift kinds that the newest report found.
        failing_quality: what the newest partition of each of its tables breaks, by table and expectation.
        tested: the version that was tested last; none before.
        failing_tests: those of its model tests that failed.
        inconclusive_tests: those that could not tell.
        champion_failing_tests: those of the serving version's that failed.
        champion_inconclusive_tests: those that could not tell.
        last_decision: why the retraining sensor decided what it did last, in words; empty before it did.
        last_decision_action: what it decided: `wait`, `retrain`, `escalate` or `rollback`.
        last_decision_at: when.
        last_decision_about: the version that served then.
        cooldown_ends: when the cooldown of the last training ends or ended; none before the first.
        last_retraining: why a retraining was asked for last, in words; empty before the first.
        last_retraining_at: when.
        last_verdict: the gate's last verdict in words; empty before the first.
        last_verdict_at: when it fell.
        next_step: what to do now.
        error: why its declaration cannot be loaded; empty when it can.
        warnings: what its retraining policy can never do, or does all the time.
    """

    model: str
    needs_person: bool = False
    champion: int | None = None
    champion_since: datetime | None = None
    champion_by: str = ""
    champion_why: str = ""
    last_scored: str | None = None
    drifted_now: tuple[str, ...] = ()
    failing_quality: tuple[str, ...] = ()
    tested: int | None = None
    failing_tests: tuple[str, ...] = ()
    inconclusive_tests: tuple[str, ...] = ()
    champion_failing_tests: tuple[str, ...] = ()
    champion_inconclusive_tests: tuple[str, ...] = ()
    last_decision: str = ""
    last_decision_action: str = ""
    last_decision_at: datetime | None = None
    last_decision_about: int | None = None
    cooldown_ends: datetime | None = None
    last_retraining: str = ""
    last_retraining_at: datetime | None = None
    last_verdict: str = ""
    last_verdict_at: datetime | None = None
    next_step: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON; times in ISO 8601."""
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()}


def statuses(lake: Lake, catalog: Catalog, broken: tuple[Broken, ...]) -> list[ModelStatus]:
    """Return the state of every model, those that need a person first.

    Parameters:
        lake: the Delta tables.
        catalog: the healthy declarations.
        broken: the others.
    """
    found = [*map(broken_status, broken), *(model_status(lake, catalog, model) for model in catalog.models.values())]
    return sorted(found, key=lambda status: not status.needs_person)


def broken_status(broken: Broken) -> ModelStatus:
    """Return the state of a model whose declaration cannot be loaded.

    Parameters:
        broken: the declaration and its error.
    """
    return ModelStatus(broken.name, needs_person=True, error=broken.error, next_step="Correct the declaration, then `dg check defs`.")


def model_status(lake: Lake, catalog: Catalog, model: MLModel) -> ModelStatus:
    """Return the state of one model, read from the lake alone.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
    """
    scored = lake.partitions(f"{model.name}/scores")
    champion, since, moved_by, moved_why = _champion(lake, model)
    decided = last_decided(lake, model, champion)
    drifted_now = _drifted_now(lake, model)
    tests = stored_results(lake, model.name).filter(pl.col("part") == "")
    tested = int(tests["version"][-1]) if len(tests) else None
    verdict, verdict_at = _last_verdict(lake, model)
    called = _called(lake, model, decided, champion)
    return ModelStatus(
        model.name,
        needs_person=bool(called),
        champion=champion,
        champion_since=since,
        champion_by=moved_by,
        champion_why=moved_why,
        last_scored=scored[-1] if scored else None,
        drifted_now=drifted_now,
        failing_quality=_failing_quality(lake, catalog, model),
        tested=tested,
        failing_tests=_found(tests, tested, "failed"),
        inconclusive_tests=_found(tests, tested, "inconclusive"),
        champion_failing_tests=_found(tests, champion, "failed"),
        champion_inconclusive_tests=_found(tests, champion, "inconclusive"),
        last_decision=decided.reason,
        last_decision_action=decided.action,
        last_decision_at=decided.at,
        last_decision_about=decided.about,
        cooldown_ends=decided.cooldown_ends,
        last_retraining=decided.asked_for,
        last_retraining_at=decided.asked_at,
        last_verdict=verdict,
        last_verdict_at=verdict_at,
        next_step=called or _approved(model, decided) or f"{_answered(decided, champion)}{_next_step(model, champion, scored, drifted_now)}",
        warnings=tuple(policy_warnings(model, label_rate(lake, model))),
    )


def _champion(lake: Lake, model: MLModel) -> tuple[int | None, datetime | None, str, str]:
    """Return the version that serves, since when, by whom and why; nothing where the alias was taken away."""
    held = in_force(moves(lake, model.name), "champion").select("version", "held_from", "moved_by", "why")
    return held.row(-1) if len(held) and held["version"][-1] is not None else (None, None, "", "")


def _drifted_now(lake: Lake, model: MLModel) -> tuple[str, ...]:
    partitions = lake.partitions(f"{model.name}/drift_report")
    if not partitions:
        return ()
    report = lake.read(f"{model.name}/drift_report", columns=[PARTITION, "kind", "column", "drifted"], partitions=partitions[-1:])
    found = set(report.filter((pl.col("column") == "") & pl.col("drifted"))["kind"])
    return tuple(kind.value for kind in DriftKind if kind.value in found)


def _failing_quality(lake: Lake, catalog: Catalog, model: MLModel) -> tuple[str, ...]:
    found = []
    for table in tables_behind(catalog, model):
        newest = lake.partitions(quality_table(table))[-1:]
        rows = lake.read(quality_table(table), partitions=newest).filter(~pl.col("passed")) if newest else pl.DataFrame()
        for row in rows.iter_rows(named=True):
            mark = "" if row["severity"] == "error" else ", a warning"
            found.append(f"{table}: {row['expectation']} ({row['unexpected_count']} of {row['rows']} rows of {newest[0]}{mark})")
    return tuple(found)


def _found(tests: pl.DataFrame, version: int | None, state: str) -> tuple[str, ...]:
    """Return the tests of a version that ended in a state; none where there is no version."""
    found = tests.filter(pl.col("version").eq_missing(version), pl.col("state") == state).select("test", "severity").rows()
    return tuple(f"{test}{'' if severity == 'error' else ' (a warning)'}" for test, severity in found)


def _last_verdict(lake: Lake, model: MLModel) -> tuple[str, datetime | None]:
    if not lake.exists(f"{model.name}/verdicts"):
        return "", None
    last = lake.read(f"{model.name}/verdicts", columns=["reason", "decided_at"]).sort("decided_at")
    return last.row(-1)


def _called(lake: Lake, model: MLModel, decided: Decided, champion: int | None) -> str:
    """Return what a person is needed for, with the commands that help; nothing if the model does without."""
    if decided.waiting is None:
        if decided.action != "escalate" or _answered(decided, champion):
            return ""
        commands = f"`mlworks report {model.name}`, `mlworks events {model.name}`, `mlworks retrain {model.name} --why TEXT`"
        return f"A person is needed: {decided.reason} Commands that help: {commands}."
    stand, needed = standing(lake, model.name, decided.waiting), model.gate.approvals
    if stand.grants(needed):
        return ""
    given = f" It has {len(stand.approvals)} of {needed}." if stand.approvals else ""
    command = f"`mlworks approve {model.name} {decided.waiting} --by NAME --why TEXT`, or `mlworks reject`"
    return f"A person is needed: version {decided.waiting} was judged better and waits for approval: {command}.{given}"


def _answered(decided: Decided, champion: int | None) -> str:
    """Say that the last call for a person was about another version than the one that serves by now; nothing if it was not."""
    if decided.action != "escalate" or champion in {None, decided.about}:
        return ""
    return (
        f"The retraining sensor called a person about version {decided.about}, before version {champion} came to serve; "
        "it decides anew with the next drift report. "
    )


def _approved(model: MLModel, decided: Decided) -> str:
    """Say how a version that has its approvals comes to serve; nothing if none waits."""
    if decided.waiting is None:
        return ""
    return f"Version {decided.waiting} is approved: {how_it_comes_to_serve(model.name)}."


def _next_step(model: MLModel, champion: int | None, scored: list[str], drifted_now: tuple[str, ...]) -> str:
    if champion is None:
        return f"Train it: run the job {model.name}_data over past partitions, then {model.name}_train (or `mlworks replay {model.name}`)."
    if not scored:
        return f"Score it: run the job {model.name}_score, or switch on {model.name}_schedule."
    if drifted_now:
        return f"Look at what drifted: `mlworks report {model.name}`."
    return "Nothing to do."
