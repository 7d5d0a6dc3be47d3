"""How each model is doing, on one line each."""

from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, quality_table
from mlworks_orchestration.retraining import label_rate, policy_warnings
from mlworks_orchestration.spec import Broken, Catalog, DriftKind, MLModel, tables_behind
from mlworks_orchestration.training import in_force, moves, stored_results


@dataclass(frozen=True)
class ModelStatus:
    """The state of one model.

    Parameters:
        model: its name.
        champion: the serving version; none before the first training.
        last_scored: key of the newest scored partition; none before.
        failing: the drift kinds that the newest report found.
        failing_quality: what the newest partition of each of its tables breaks, by table and expectation.
        tested: the version that was tested last; none before.
        failing_tests: those of its model tests that do not hold, each with its state.
        last_retraining: when the last verdict fell, ISO 8601; none before.
        last_retraining_why: the verdict in words.
        asked_for: why the last retraining was asked for, in words; empty before the first.
        next_step: what to do now.
        error: why its declaration cannot be loaded; empty when it can.
        warnings: what its retraining policy can never do, or does all the time.
    """

    model: str
    champion: int | None = None
    last_scored: str | None = None
    failing: tuple[str, ...] = ()
    failing_quality: tuple[str, ...] = ()
    tested: int | None = None
    failing_tests: tuple[str, ...] = ()
    last_retraining: str | None = None
    last_retraining_why: str = ""
    asked_for: str = ""
    next_step: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return asdict(self)


def statuses(lake: Lake, catalog: Catalog, broken: tuple[Broken, ...]) -> list[ModelStatus]:
    """Return the state of every model, broken declarations last.

    Parameters:
        lake: the Delta tables.
        catalog: the healthy declarations.
        broken: the others.
    """
    healthy = [model_status(lake, catalog, model) for model in catalog.models.values()]
    remedy = "Correct the declaration, then `dg check defs`."
    return healthy + [ModelStatus(item.name, error=item.error, next_step=remedy) for item in broken]


def model_status(lake: Lake, catalog: Catalog, model: MLModel) -> ModelStatus:
    """Return the state of one model, read from the lake alone.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
    """
    scored = lake.partitions(f"{model.name}/scores")
    champion = _champion(lake, model)
    failing = _failing(lake, model)
    tested, failing_tests = _tests(lake, model)
    when, why = _last_verdict(lake, model)
    return ModelStatus(
        model.name,
        champion,
        scored[-1] if scored else None,
        failing,
        _failing_quality(lake, catalog, model),
        tested,
        failing_tests,
        when,
        why,
        _asked_for(lake, model),
        _escalation(lake, model) or _next_step(model, champion, scored, failing),
        warnings=tuple(policy_warnings(model, label_rate(lake, model))),
    )


def _champion(lake: Lake, model: MLModel) -> int | None:
    held = in_force(moves(lake, model.name), "champion")["version"]
    return held[-1] if len(held) else None


def _failing(lake: Lake, model: MLModel) -> tuple[str, ...]:
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


def _asked_for(lake: Lake, model: MLModel) -> str:
    if not lake.exists(f"{model.name}/decisions"):
        return ""
    asked = lake.read(f"{model.name}/decisions", columns=["decided_at", "action", "reason"]).filter(pl.col("action") == "retrain").sort("decided_at")
    return str(asked["reason"][-1]) if len(asked) else ""


def _tests(lake: Lake, model: MLModel) -> tuple[int | None, tuple[str, ...]]:
    """Return the version that was tested last and what of its tests does not hold."""
    rows = stored_results(lake, model.name).filter(pl.col("part") == "")
    if rows.is_empty():
        return None, ()
    version = int(rows["version"][-1])
    failing = rows.filter(pl.col("version") == version, pl.col("state") != "passed").select("test", "state", "severity").rows()
    return version, tuple(f"{test} ({state}{'' if severity == 'error' else ', a warning'})" for test, state, severity in failing)


def _last_verdict(lake: Lake, model: MLModel) -> tuple[str | None, str]:
    if not lake.exists(f"{model.name}/verdicts"):
        return None, ""
    last = lake.read(f"{model.name}/verdicts").sort("decided_at").row(-1, named=True)
    return last["decided_at"].isoformat(), last["reason"]


def _escalation(lake: Lake, model: MLModel) -> str:
    """Return what the last decision about retraining asks of a person; nothing unless it called one."""
    if not lake.exists(f"{model.name}/decisions"):
        return ""
    last = lake.read(f"{model.name}/decisions", columns=["decided_at", "action", "reason"]).sort("decided_at").row(-1, named=True)
    return f"A person is needed: {last['reason']}" if last["action"] == "escalate" else ""


def _next_step(model: MLModel, champion: int | None, scored: list[str], failing: tuple[str, ...]) -> str:
    if champion is None:
        return f"Train it: run the job {model.name}_data over past partitions, then {model.name}_train (or `mlworks replay {model.name}`)."
    if not scored:
        return f"Score it: run the job {model.name}_score, or switch on {model.name}_schedule."
    if failing:
        return f"Look at {model.name}/drift_report of {scored[-1]}; retraining_sensor says whether it will retrain."
    return "Nothing to do."
