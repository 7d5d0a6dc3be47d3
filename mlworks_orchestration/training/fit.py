"""Fitting a candidate: one MLflow run with all that tells where the model came from, and a registered version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.data.online import Plan
from mlworks_orchestration.spec import Catalog, MLModel, load_object
from mlworks_orchestration.training.estimator import build_estimator, fit_estimator
from mlworks_orchestration.training.figures import figures_of, log_figures
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Measure, Vector
from mlworks_orchestration.training.metrics import evaluate
from mlworks_orchestration.training.predictor import predictions
from mlworks_orchestration.training.provenance import git_state, source_hash
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.run import active_run, autologged, log_model
from mlworks_orchestration.training.scale import SCALE, naive_scale
from mlworks_orchestration.training.snapshot import LABEL, Snapshot, load_snapshot
from mlworks_orchestration.training.software import Measured, measure
from mlworks_orchestration.training.tracking import reaching
from mlworks_orchestration.training.trials import Trials
from mlworks_orchestration.training.tuning import tuned

# MLflow keeps at most 5000 characters in a tag of a version.
_LONGEST_TAG = 5000


@dataclass(frozen=True)
class Candidate:
    """A fitted and registered model.

    Parameters:
        model: the model's name.
        version: its registered version.
        run_id: its MLflow run.
        snapshot: what it was trained on.
        metrics: `train_…`, `holdout_…` and `baseline_…`, the last two on the held-out rows, without those that are not defined there; and `aic`
            and `bic`, where the estimator has them.
        software: what fitting cost, MLflow's own predictions of the training rows included (about a fifth of it).
    """

    model: str
    version: int
    run_id: str
    snapshot: Snapshot
    metrics: dict[str, float]
    software: Measured


def fit_candidate(  # noqa: PLR0913 - the three stores, the model, its rows and who asked are all different things
    lake: Lake, catalog: Catalog, model: MLModel, snapshot: Snapshot, registry: Registry, *, tags: Mapping[str, str], trigger: str
) -> Candidate:
    """Fit the model on a snapshot, tuned where that is declared, and register it as a version, without an alias: `run_tests` makes it the challenger.

    Works inside the caller's active MLflow run and leaves its end to the caller; without one it starts its own and ends it. Either run is
    ended as FAILED when anything goes wrong, and as KILLED when the user interrupts. Nothing is registered before all else is logged.

    Parameters:
        lake: where the snapshot's rows are read.
        catalog: all declarations.
        model: the model's declaration.
        snapshot: what to train on.
        registry: where run and version go.
        tags: of run and version, for example `dagster_run_id`; no secrets, for everybody who sees MLflow reads them.
        trigger: what asked for the training, in words.

    Raises:
        TrainingError: if the estimator cannot be made, fitted or stored, or if what it predicts is no number.
        TrackingError: if MLflow does not answer.
    """
    train, holdout = load_snapshot(lake, catalog, model, snapshot)
    build = load_object(model.estimator, field=f"Model {model.name}: estimator")
    git = git_state(build)
    origin = {
        **tags,
        "trigger": trigger,
        "snapshot": snapshot.id,
        "snapshot_tables": _short(json.dumps(snapshot.tables)),
        "git_commit": git.commit,
        "git_dirty": str(git.dirty).lower(),
        "source_sha256": source_hash(build),
        "features": _short(", ".join(model.feature_columns)),
    }
    with active_run(registry, model.name, origin) as run_id:
        constant = baseline(model, train[LABEL].to_numpy())
        scale = naive_scale(model, train)
        how = Measure.of(model, scale)
        model = tuned(model, build, train, how, Trials(registry, model, run_id, (snapshot.id, origin["source_sha256"])))
        estimator, software = _fit(model, build, train, registry)
        metrics = _measure(model, estimator, how, constant, train, holdout) | _criteria(estimator)
        example = design_matrix(holdout.head(5), model.feature_columns, asked_by=model.name)
        unit = catalog.tables[model.label.table].columns[model.label.column].unit
        with reaching(registry.tracking_uri):
            log_figures(figures_of(model, holdout, predictions(estimator, holdout, tuple(model.feature_columns), model.name)), unit)
            logged = log_model(estimator, example, snapshot, {**metrics, **_costs(software)}, Plan.of(catalog, model))
        version = registry.register(
            model.name,
            logged,
            description=model.description,
            tags={**origin, "baseline": repr(constant), **({SCALE: repr(scale)} if model.forecast else {})},
        )
    return Candidate(model.name, version, run_id, snapshot, metrics, software)


def baseline(model: MLModel, labels: Vector) -> float:
    """Return the constant that predicts best by the model's primary metric.

    It is the median for the absolute error, else the mean, which of 0 and 1 is the base rate; for `f1` and `precision` it is 1, for by them nothing
    that is the same for all rows does better than counting all as positive.

    Parameters:
        model: the model's declaration.
        labels: of the training rows, in the label's unit, of shape (rows,).
    """
    if model.metrics.primary in {"f1", "precision"}:
        return 1.0
    return float(np.median(labels) if model.metrics.primary in {"mae", "mase"} else np.mean(labels))


def _fit(model: MLModel, build: Any, train: pl.DataFrame, registry: Registry) -> tuple[Any, Measured]:  # noqa: ANN401 - as above
    estimator = build_estimator(model, build)
    matrix, labels = design_matrix(train, model.feature_columns, asked_by=f"Model {model.name}"), train[LABEL].to_numpy()
    with autologged(registry, {"seed": model.seed, **model.hyperparameters}), measure(train.height) as software:
        fit_estimator(model, estimator, matrix, labels)
    return estimator, software


def _measure(  # noqa: PLR0913, PLR0917 - a fitted model, its rows, and how it is measured
    model: MLModel,
    estimator: Any,  # noqa: ANN401 - scikit-learn has no type for it
    how: Measure,
    constant: float,
    train: pl.DataFrame,
    holdout: pl.DataFrame,
) -> dict[str, float]:
    columns, who = tuple(model.feature_columns), f"Model {model.name}"
    truth = holdout[LABEL].to_numpy()
    guesses = {
        "train": (train[LABEL].to_numpy(), predictions(estimator, train, columns, who)),
        "holdout": (truth, predictions(estimator, holdout, columns, who)),
        "baseline": (truth, np.full(truth.size, constant)),
    }
    return {
        f"{part}_{name}": value
        for part, (actual, predicted) in guesses.items()
        for name, value in evaluate(how, model.metrics.names, actual, predicted).items()
        if np.isfinite(value)
    }


def _criteria(estimator: Any) -> dict[str, float]:  # noqa: ANN401 - scikit-learn has no type for it
    """Return the information criteria of the training rows that an estimator has as `aic_` and `bic_`.

    Of a pipeline the last step has them; where the label is transformed, they are of the transformed label.
    """
    inner = getattr(estimator, "regressor_", estimator)
    last = inner[-1] if hasattr(inner, "steps") else inner
    return {name: float(getattr(last, f"{name}_")) for name in ("aic", "bic") if hasattr(last, f"{name}_")}


def _costs(software: Measured) -> dict[str, float]:
    return {
        "training_seconds": software.duration_seconds,
        "training_peak_memory_mb": software.peak_memory_mb,
        "training_rows_per_second": software.rows_per_second,
    }


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TAG else f"{text[: _LONGEST_TAG - 1]}…"
