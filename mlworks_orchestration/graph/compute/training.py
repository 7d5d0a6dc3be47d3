"""What the assets of continuous training do."""

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.steps import Check, Metadata, Outcome, Step
from mlworks_orchestration.graph.training_assets import GATE
from mlworks_orchestration.monitoring import record_operation
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import LABEL, Result, Verdict, fit_candidate, latest_snapshot, run_gate, run_tests, take_snapshot


def materialize_training_set(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Take a snapshot of what is known now."""
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
            "dagster/column_lineage": _column_lineage(catalog, model),
        }
    )


def _column_lineage(catalog: Catalog, model: MLModel) -> dg.TableColumnLineage:
    """Return, for each column of the training set, the columns that its values come from."""
    spine = catalog.spine(model).name
    origin = {name: dg.TableColumnDep(names.features(spine), name) for name in [*model.entity, model.event_time]}
    origin |= {name: dg.TableColumnDep(names.features(chosen.table), name) for chosen in model.features for name in chosen.columns}
    origin[LABEL] = dg.TableColumnDep(names.features(model.label.table), model.label.column)
    return dg.TableColumnLineage({name: [column] for name, column in origin.items()})


def materialize_candidate(catalog: Catalog, model: MLModel, mlflow_ui: str, step: Step) -> Outcome:
    """Fit on the newest snapshot, register the version and test it."""
    snapshot = latest_snapshot(step.lake, model)
    fitted = fit_candidate(step.lake, catalog, model, snapshot, step.registry, tags={"dagster_run_id": step.run_id}, trigger=step.trigger)
    record_operation(step.lake, model, "candidate", fitted.software)
    tested = run_tests(step.lake, catalog, model, step.registry, fitted.version)
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
    return Outcome(metadata, checks=[_check(result) for result in tested])


def _check(result: Result) -> Check:
    found = result.finding
    numbers = {name: getattr(found, name) for name in ("value", "low", "high", "limit", "rows")}
    metadata = {"state": found.state, **{name: value for name, value in numbers.items() if value is not None}}
    words = f"Cannot tell: {found.words}" if found.state == "inconclusive" else found.words
    return Check(result.test, passed=result.holds, description=words, severity=result.severity, metadata=metadata)


def materialize_champion(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    """Let the gate judge the newest version, or the one that the run is about; what a crash left untested is tested first."""
    version = step.version or step.registry.latest(model.name).version
    run_tests(step.lake, catalog, model, step.registry, version)
    verdict = run_gate(step.lake, catalog, model, step.registry, version)
    champion = step.registry.champion(model.name)
    check = Check(
        GATE,
        passed=verdict.favourable,
        description=verdict.reason,
        severity="warn" if verdict.champion is not None else "error",
        metadata=_verdict_metadata(verdict),
    )
    approved = verdict.mode == "manual" and champion is not None and champion.version == verdict.challenger
    metadata: Metadata = {"promoted": verdict.promoted or approved, "reason": verdict.reason}
    if champion is not None:
        metadata["version"] = champion.version
    if verdict.mode != "automatic":
        metadata["gate_mode"] = verdict.mode
    return Outcome(metadata, checks=[check])


def _verdict_metadata(verdict: Verdict) -> Metadata:
    """Return the verdict's numbers; those of a comparison that had too few rows are missing."""
    metadata: Metadata = {
        "challenger": verdict.challenger,
        "champion": verdict.champion,
        f"challenger_{verdict.metric}": verdict.challenger_value,
        f"champion_{verdict.metric}": verdict.champion_value,
        "gain": verdict.gain,
        "gain_low": verdict.gain_low,
        "gain_high": verdict.gain_high,
        "rows": verdict.rows,
    }
    return {name: value for name, value in metadata.items() if value is not None}
