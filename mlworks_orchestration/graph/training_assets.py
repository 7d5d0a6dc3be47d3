"""The assets of continuous training: `training_set`, `candidate`, `champion`."""

from functools import partial
from typing import TYPE_CHECKING

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.common import model_spec
from mlworks_orchestration.graph.steps import Check, CheckDeclaration, Metadata, Outcome, Step, asset
from mlworks_orchestration.spec import Catalog, MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.training import Verdict

GATE = "gate"


def training_assets(catalog: Catalog, model: MLModel, mlflow_ui: str) -> list[dg.AssetsDefinition]:
    """Return the assets that make a champion.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        mlflow_ui: where people open MLflow; empty without one.
    """
    read = [names.features(selection.table) for selection in model.features]
    training_set = model_spec(
        model,
        "training_set",
        "A snapshot, not a copy: tables at Delta versions, window, rows and content hash. No row whose label was not yet known.",
        deps=[*read, names.of_model(model.name, "labels")],
        kinds={"deltalake"},
        persona="data_science",
    )
    candidate = model_spec(
        model,
        "candidate",
        f"A model fitted on the training set by `{model.estimator}`, with its MLflow run and its registered version.",
        deps=[training_set.key],
        kinds={"mlflow", "scikitlearn"},
        persona="data_science",
    )
    champion = model_spec(
        model,
        "champion",
        "The gate's decision: the challenger replaces the champion when it is better on held-out rows that neither was trained on.",
        deps=[candidate.key],
        kinds={"mlflow"},
        persona="ml_engineering",
    )
    gate = CheckDeclaration(GATE, f"The gain in {model.metrics.primary} is above {model.gate.min_gain:g} with confidence.", blocking=True)
    return [
        asset(training_set, partial(_take_snapshot, catalog, model)),
        asset(
            candidate,
            partial(_fit, catalog, model, mlflow_ui),
            resources=frozenset({names.tracking_resource(model.name)}),
        ),
        asset(champion, partial(_judge, catalog, model), checks=[gate]),
    ]


def _take_snapshot(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.training import take_snapshot  # noqa: PLC0415 - heavy

    snapshot = take_snapshot(step.lake, catalog, model, clock.now())
    return Outcome(
        {
            "snapshot": snapshot.id,
            "rows": snapshot.rows,
            "holdout_rows": snapshot.holdout_rows,
            "window": f"{snapshot.window.start:%Y-%m-%d %H:%M} to {snapshot.window.end:%Y-%m-%d %H:%M} UTC",
            "holdout": f"{snapshot.holdout.start:%Y-%m-%d %H:%M} to {snapshot.holdout.end:%Y-%m-%d %H:%M} UTC",
            "filter": snapshot.filter,
            "tables": dg.MetadataValue.json(snapshot.tables),
            "content_hash": snapshot.content_hash,
        }
    )


def _fit(catalog: Catalog, model: MLModel, mlflow_ui: str, step: Step) -> Outcome:
    from mlworks_orchestration.training import fit_candidate, latest_snapshot  # noqa: PLC0415 - heavy

    snapshot = latest_snapshot(step.lake, model)
    fitted = fit_candidate(step.lake, catalog, model, snapshot, step.registry, tags={"dagster_run_id": step.run_id}, trigger=step.trigger)
    metadata: Metadata = {
        "version": fitted.version,
        "mlflow_run": fitted.run_id,
        "snapshot": snapshot.id,
        "trigger": step.trigger,
        "training_seconds": fitted.software.duration_seconds,
        "peak_memory_mb": fitted.software.peak_memory_mb,
        "rows_per_second": fitted.software.rows_per_second,
        **fitted.metrics,
    }
    if mlflow_ui:
        experiment = step.registry.experiment(model.name)
        metadata["mlflow"] = dg.MetadataValue.url(f"{mlflow_ui}/#/experiments/{experiment}/runs/{fitted.run_id}")
    return Outcome(metadata)


def _judge(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.training import run_gate  # noqa: PLC0415 - heavy

    verdict = run_gate(step.lake, catalog, model, step.registry, step.registry.latest(model.name).version)
    check = Check(
        GATE,
        passed=verdict.promoted,
        description=verdict.reason,
        severity="warn" if verdict.champion is not None else "error",
        metadata=_verdict_metadata(verdict),
    )
    serving = verdict.challenger if verdict.promoted else verdict.champion
    metadata: Metadata = {"promoted": verdict.promoted, "reason": verdict.reason}
    if serving is not None:
        metadata["version"] = serving
    return Outcome(metadata, checks=[check])


def _verdict_metadata(verdict: "Verdict") -> Metadata:
    return {
        "challenger": verdict.challenger,
        "champion": verdict.champion if verdict.champion is not None else "none",
        f"challenger_{verdict.metric}": verdict.challenger_value,
        f"champion_{verdict.metric}": verdict.champion_value,
        "gain": verdict.gain,
        "gain_low": verdict.gain_low,
        "gain_high": verdict.gain_high,
        "rows": verdict.rows,
    }
