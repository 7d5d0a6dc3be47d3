"""The scale of MASE: how much the naive forecast errs on the rows that a version was trained on, kept with the version."""

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.snapshot import LABEL
from mlworks_orchestration.training.versions import Versions

SCALE = "mase_scale"
"""The version's tag that holds it."""

UNKNOWN = float("nan")


def naive_scale(model: MLModel, train: pl.DataFrame) -> float:
    """Return the mean absolute error of the naive forecast (Hyndman & Koehler 2006, section 3), in the label's unit; NaN without a declared one.

    Parameters:
        model: the model's declaration.
        train: the training rows, with features and `label`; those whose naive forecast is missing do not count.

    Raises:
        TrainingError: if it is missing in all of them.
    """
    if model.forecast is None:
        return UNKNOWN
    errors = (train[LABEL] - train[model.forecast.naive]).abs().drop_nulls().drop_nans()
    if errors.is_empty():
        message = (
            f"Model {model.name}: the naive forecast {model.forecast.naive!r} is missing in all {train.height} training rows, so MASE has no scale; "
            "make retraining.window longer, or correct the feature."
        )
        raise TrainingError(message)
    return float(np.mean(errors.to_numpy()))


def scale_of(model: MLModel, registry: Versions, version: int) -> float:
    """Return the scale that a version was trained with; NaN if it has none, for the task needs none or it was trained before one was declared.

    Parameters:
        model: the model's declaration.
        registry: where its versions are.
        version: number of one of them.

    Raises:
        TrackingError: if MLflow does not answer, or does not have the version.
    """
    return float(registry.version(model.name, version).tags.get(SCALE, UNKNOWN)) if model.forecast else UNKNOWN
