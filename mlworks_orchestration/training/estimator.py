"""The declared estimator: made by the user's function, and fitted."""

from typing import TYPE_CHECKING, Any

import numpy as np

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.threads import threads_for
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.predictor import classifies
from mlworks_orchestration.training.wording import in_short

if TYPE_CHECKING:
    import pandas as pd

_CLASSES = 2


def build_estimator(model: MLModel, build: Any) -> Any:  # noqa: ANN401 - a user's function, scikit-learn's estimator
    """Call the declared function and return the unfitted estimator that it makes.

    Parameters:
        model: the model's declaration, with seed and hyperparameters.
        build: the function that `estimator` names.

    Raises:
        TrainingError: if the call fails, or if what it returns is no estimator.
    """
    try:
        estimator = build(seed=model.seed, **model.hyperparameters)
    except Exception as error:
        message = (
            f"Model {model.name}: {model.estimator} could not be called with seed={model.seed} and the hyperparameters {model.hyperparameters}: "
            f"{in_short(error)}. Declare the ones that it takes under hyperparameters."
        )
        raise TrainingError(message) from error
    lacking = [name for name in ("fit", "predict", "get_params") if not hasattr(estimator, name)]
    if lacking:
        message = (
            f"Model {model.name}: {model.estimator} returned a {type(estimator).__name__} without {lacking[0]}; return a scikit-learn estimator."
        )
        raise TrainingError(message)
    if model.classifies != classifies(estimator):
        does = "has no predict_proba, by which probabilities are predicted" if model.classifies else "is a classifier: it has predict_proba"
        message = (
            f"Model {model.name}: {model.estimator} returned a {type(estimator).__name__} that {does}; task {model.task} needs "
            f"{'a classifier with it (scikit-learn has CalibratedClassifierCV for those without)' if model.classifies else 'a regressor'}."
        )
        raise TrainingError(message)
    return estimator


def fit_estimator(model: MLModel, estimator: Any, matrix: "pd.DataFrame", labels: Vector) -> None:  # noqa: ANN401 - scikit-learn has no type for it
    """Fit an estimator in place.

    Parameters:
        model: the model's declaration.
        estimator: unfitted.
        matrix: the features, of shape (rows, features).
        labels: in the label's unit, of shape (rows,).

    Raises:
        TrainingError: if it cannot be fitted, or if a classifier is to be fitted on one class alone.
    """
    if model.classifies and np.unique(labels).size < _CLASSES:
        message = (
            f"Model {model.name}: all {labels.size} training rows have the label {readable(labels[0], 6)}, so there is nothing to tell apart. Make "
            "retraining.window longer, or look at the label's table."
        )
        raise TrainingError(message)
    try:
        with threads_for(matrix.size):
            estimator.fit(matrix, labels)
    except Exception as error:
        message = f"Model {model.name} could not be fitted on {labels.size} rows: {in_short(error)}."
        raise TrainingError(message) from error
