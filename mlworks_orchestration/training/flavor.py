"""An MLflow flavor: scikit-learn's, with a pyfunc that looks up the features that a request does not bring.

Loaded by `mlflow.pyfunc.load_model`, a model is asked with the ids of entities, and with what is known at the time of the request only. The plan of
what is looked up where goes with the model; where the online store is, with its password, is said by an environment variable when it is loaded.
"""

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import polars_type, to_polars
from mlworks_orchestration.data.online import ADDRESS, Plan, online_frame, open_store
from mlworks_orchestration.training.matrix import design_matrix

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.models import Model

PLAN = "lookup.json"
"""The file, in a model's folder, of what is looked up where."""

_logger = logging.getLogger(__name__)


def save_model(path: str, mlflow_model: "Model", plan: Plan, **stored: Any) -> None:  # noqa: ANN401 - passed on to MLflow
    """Store a model; MLflow calls it when the flavor is given to `Model.log`.

    Parameters:
        path: the folder to fill.
        mlflow_model: what MLflow keeps of it.
        plan: what is looked up where.
        stored: what `mlflow.sklearn.save_model` takes.
    """
    from mlflow import sklearn  # noqa: PLC0415 - heavy

    sklearn.save_model(path=path, mlflow_model=mlflow_model, **stored)
    mlflow_model.flavors["python_function"]["loader_module"] = __name__
    Path(path, PLAN).write_text(plan.model_dump_json(indent=2), encoding="utf-8")
    mlflow_model.save(str(Path(path, "MLmodel")))


def stored_features(path: str, signature: Any) -> tuple[str, ...]:  # noqa: ANN401 - MLflow's, whose type is imported with MLflow
    """Return the features of a stored model, in the order of its training.

    Parameters:
        path: its folder.
        signature: its signature; of models that were stored before look-up went with them it has the features alone.
    """
    plan = Path(path, PLAN)
    if not plan.exists():
        return tuple(signature.inputs.input_names())
    return tuple(Plan.model_validate_json(plan.read_text(encoding="utf-8")).features)


class LookupModel:
    """A stored model that is asked with entities, with features, or with some of each.

    Parameters:
        plan: what is looked up where.
        estimator: fitted.
        address: of the online store; not needed by requests that bring all features.
    """

    def __init__(self, plan: Plan, estimator: Any, address: str) -> None:  # noqa: ANN401 - scikit-learn has no type for it
        self._plan = plan
        self._estimator = estimator
        self._address = address

    def predict(self, requests: "pd.DataFrame", params: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - an array
        """Return the estimator's prediction for each request.

        Parameters:
            requests: one a row; features that they have are taken as they are.
            params: none are known; MLflow gives them.
        """
        del params
        return self._estimator.predict(self._matrix(requests))

    def predict_proba(self, requests: "pd.DataFrame", params: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - an array
        """Return the probabilities of 0 and 1 for each request; parameters as of `predict`."""
        del params
        return self._estimator.predict_proba(self._matrix(requests))

    def _matrix(self, requests: "pd.DataFrame") -> "pd.DataFrame":
        plan = self._plan
        if set(plan.features) <= set(requests.columns):
            return requests[plan.features]
        who = f"Model {plan.model}"
        given = _typed(plan, to_polars(requests, asked_of=who))
        looked = online_frame(open_store(self._address), plan, given, clock.now())
        for note in looked.notes:
            _logger.warning("%s: %s.", who, note)
        return design_matrix(looked.rows, plan.features, asked_by=who)


def _typed(plan: Plan, requests: pl.DataFrame) -> pl.DataFrame:
    """Give columns that are missing throughout, and so have no type, the declared one."""
    declared = {name: kind for part in plan.parts for name, kind in (part.entity | part.columns).items()}
    untyped = [name for name, dtype in requests.schema.items() if dtype == pl.Null() and name in declared]
    return requests.cast({name: polars_type(declared[name]) for name in untyped}) if untyped else requests


def _load_pyfunc(path: str) -> LookupModel:
    """Load a stored model; `mlflow.pyfunc.load_model` calls it."""
    from mlflow import sklearn  # noqa: PLC0415 - heavy

    plan = Plan.model_validate_json(Path(path, PLAN).read_text(encoding="utf-8"))
    return LookupModel(plan, sklearn.load_model(path), os.environ.get(ADDRESS, ""))
