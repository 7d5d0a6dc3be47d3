"""One training's MLflow run: begun, filled and ended."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.data.online import Plan
from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import ColumnType
from mlworks_orchestration.training import flavor
from mlworks_orchestration.training.predictor import classifies
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.snapshot import Snapshot
from mlworks_orchestration.training.tracking import connect, importing, reaching
from mlworks_orchestration.training.wording import in_short

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models.model import ModelInfo

_REQUIRED = ("mlflow", "mlworks-orchestration", "numpy", "pandas", "scikit-learn", "scipy", "skops")

# What MLflow calls the types of keys.
_KEY_KINDS = {
    ColumnType.INTEGER: "long",
    ColumnType.FLOAT: "double",
    ColumnType.STRING: "string",
    ColumnType.TEXT: "string",
    ColumnType.BOOLEAN: "boolean",
    ColumnType.TIMESTAMP: "datetime",
    ColumnType.DATE: "datetime",
}


@contextmanager
def active_run(registry: Registry, model: str, tags: Mapping[str, str]) -> Iterator[str]:
    """Work in the active MLflow run, or in one of our own where there is none, and yield its id.

    The caller's run is left open for the caller to end, our own is ended; a failure ends either, as FAILED or, by the user, KILLED.

    Parameters:
        registry: where MLflow is.
        model: the model's name, also its experiment's.
        tags: of the run.
    """
    experiment = registry.experiment(model)
    import mlflow  # noqa: PLC0415 - heavy

    with reaching(registry.tracking_uri):
        run = mlflow.active_run()
        ours = run is None
        if run is None:
            mlflow.set_tracking_uri(registry.tracking_uri)
            run = mlflow.start_run(experiment_id=experiment, run_name=model)
    try:
        with reaching(registry.tracking_uri):
            mlflow.set_tags(dict(tags))
        yield str(run.info.run_id)
    except BaseException as error:
        with reaching(registry.tracking_uri):
            mlflow.end_run("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
        raise
    if ours:
        with reaching(registry.tracking_uri):
            mlflow.end_run()


@contextmanager
def autologged(registry: Registry, parameters: Mapping[str, object]) -> Iterator[None]:
    """Let MLflow log what is fitted inside: all parameters of the estimator and its metrics on the training rows.

    Parameters:
        registry: where MLflow is.
        parameters: declared ones, logged by the names that they were declared by.
    """
    connect(registry.tracking_uri, registry.registry_uri)
    import mlflow  # noqa: PLC0415 - heavy

    with reaching(registry.tracking_uri):
        mlflow.log_params({f"declared_{name}": value for name, value in parameters.items()})
    # Model and example are logged afterwards, with a signature that does not depend on this window's values.
    what = {"log_models": False, "log_input_examples": False, "log_datasets": False, "log_post_training_metrics": False}
    mlflow.sklearn.autolog(**what, silent=True)
    try:
        yield
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)


def log_model(estimator: Any, example: "pd.DataFrame", snapshot: Snapshot, metrics: Mapping[str, float], plan: Plan) -> "ModelInfo":  # noqa: ANN401 - scikit-learn has no type for it
    """Log the fitted estimator, with signature and example, and what it was made of, into the active run.

    It is stored by skops, which runs no code from the file when loaded; the types it may make are the ones this very estimator is made of.

    Parameters:
        estimator: fitted.
        example: rows as the estimator takes them.
        snapshot: what it was trained on.
        metrics: to log.
        plan: the features, and what is looked up where when a request does not bring them.

    Raises:
        TrainingError: if the estimator holds what cannot be stored, such as a function defined inside another.
    """
    with importing():
        import mlflow  # noqa: PLC0415 - heavy
        import mlflow.pyfunc  # noqa: PLC0415
        import skops.io  # type: ignore[import-untyped]  # noqa: PLC0415

    mlflow.log_dict(json.loads(snapshot.to_json()), "snapshot.json")
    mlflow.log_dict({"features": plan.features}, "features.json")
    try:
        stored = skops.io.dumps(estimator)
        types = skops.io.get_untrusted_types(data=stored)
        skops.io.loads(stored, trusted=types)
    except Exception as error:
        message = (
            f"Model {snapshot.model}: the fitted {type(estimator).__name__} cannot be stored: {in_short(error)}. "
            "Define the classes and functions it holds at the top level of a module."
        )
        raise TrainingError(message) from error
    logged = mlflow.models.Model.log(
        artifact_path=None,
        name="model",
        flavor=flavor,
        plan=plan,
        sk_model=estimator,
        signature=_signature(example, plan, classifier=classifies(estimator)),
        pyfunc_predict_fn="predict_proba" if classifies(estimator) else "predict",
        input_example=example,
        pip_requirements=[f"{name}=={version(name)}" for name in _REQUIRED],
        skops_trusted_types=types,
    )
    mlflow.log_metrics(dict(metrics), model_id=logged.model_id)
    return logged


def _signature(example: "pd.DataFrame", plan: Plan, *, classifier: bool) -> Any:  # noqa: ANN401 - MLflow's, whose type is imported with MLflow
    """Return what the model takes (features, and the keys by which they are looked up, any of them) and gives.

    It gives one number a row, or of a classifier the probabilities of 0 and 1.
    """
    import numpy as np  # noqa: PLC0415
    from mlflow.models import ModelSignature  # noqa: PLC0415 - heavy
    from mlflow.types import ColSpec, Schema, TensorSpec  # noqa: PLC0415

    kinds = {name: "double" if dtype.kind == "f" else "string" for name, dtype in example.dtypes.items()}
    kinds |= {name: _KEY_KINDS[column] for name, column in plan.keys.items() if name not in kinds} | {plan.event_time: "datetime"}
    inputs = Schema([ColSpec(kind, name, required=False) for name, kind in kinds.items()])
    return ModelSignature(inputs=inputs, outputs=Schema([TensorSpec(np.dtype("float64"), (-1, 2) if classifier else (-1,))]))
