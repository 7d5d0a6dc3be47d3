"""The metrics of a model's predictions: one way to compute each, for fit, gate and performance.

Each is a function of the rows' weights: all of them 1 for the metric itself, how often each row was drawn for a resample of it (see `judge`).
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.errors import TrainingError, nearest
from mlworks_orchestration.spec import CLASSIFICATION, METRICS
from mlworks_orchestration.training.measure import Function, Measure, Vector
from mlworks_orchestration.training.rank_metrics import RANK_METRICS
from mlworks_orchestration.training.row_metrics import ROW_METRICS

_FUNCTIONS = {**ROW_METRICS, **RANK_METRICS}


def evaluate(
    how: Measure, names: Iterable[str], actual: npt.ArrayLike, predicted: npt.ArrayLike, weights: npt.ArrayLike | None = None
) -> dict[str, float]:
    """Return the metrics of predictions.

    Parameters:
        how: the task and what its metrics need, `Measure.of(model)`.
        names: of the metrics.
        actual: the true values, in the label's unit, of shape (rows,); of classification 0 and 1.
        predicted: the predictions, of the same shape; of classification the probability of 1.
        weights: how much each row counts, of the same shape; by default all count alike.

    Returns:
        The metric by name; NaN where it is not defined: `r2` of a single row, `roc_auc` of one class, `pr_auc` and `recall` without a positive
        row, `precision` without a row at or above the threshold, `f1` without either, `mase` where the naive forecast never erred.

    Raises:
        TrainingError: if task or metric is unknown, if shapes differ, if there are no rows, if any value is NaN or infinite, or no label or no
            probability where it has to be.

    Examples:
        >>> evaluate(Measure("regression"), ["mae", "rmse"], [1.0, 2.0, 4.0], [1.0, 2.0, 1.0])
        {'mae': 1.0, 'rmse': 1.7320508075688772}
        >>> evaluate(Measure("binary"), ["roc_auc", "recall"], [0, 1, 1, 0], [0.2, 0.9, 0.4, 0.4])
        {'roc_auc': 0.875, 'recall': 0.5}
    """
    y, p = checked_pair(how, actual, predicted)
    w = np.ones((1, y.size)) if weights is None else np.asarray(weights, dtype=np.float64)[None]
    return {name: float(function(how, name)(y, p, how)(w)[0]) for name in names}


def function(how: Measure, name: str) -> Function:
    """Return how a metric is computed.

    Parameters:
        how: the task and what its metrics need.
        name: of the metric.

    Raises:
        TrainingError: if there is none, with the nearest name; of `mase`, if its scale is not known.
    """
    if how.task not in METRICS:
        message = f"There are no metrics for task {how.task!r}; {nearest(how.task, METRICS)}."
        raise TrainingError(message)
    if name not in METRICS[how.task]:
        message = f"{name!r} is no metric of task {how.task}; {nearest(name, METRICS[how.task])}."
        raise TrainingError(message)
    if name == "mase" and np.isnan(how.scale).any():
        message = "MASE needs its scale, the naive forecast's mean absolute error on the training rows; declare forecast.naive and train again."
        raise TrainingError(message)
    return _FUNCTIONS[name]


def checked_pair(how: Measure, actual: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Vector, Vector]:
    """Return both as float64 of shape (rows,), or refuse them.

    Parameters:
        how: the task.
        actual: the true values.
        predicted: the predictions.

    Raises:
        TrainingError: if shapes differ, if there are no rows, if any value is NaN or infinite, or if a classification has other labels than 0 and 1,
            or predictions that are no probabilities.
    """
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.shape != p.shape or y.ndim != 1 or y.size == 0:
        message = f"Metrics need as many predictions as true values, and at least one; there are {y.shape} true values and {p.shape} predictions."
        raise TrainingError(message)
    for what, values in (("true values", y), ("predictions", p)):
        wrong = int(np.count_nonzero(~np.isfinite(values)))
        if wrong:
            message = f"{wrong} of {values.size} {what} are NaN or infinite; metrics of them would mean nothing. Find out why before going on."
            raise TrainingError(message)
    if how.task in CLASSIFICATION:
        for what, unfit in (("labels are neither 0 nor 1", (y != 0) & (y != 1)), ("predictions are no probabilities from 0 to 1", (p < 0) | (p > 1))):
            if unfit.any():
                message = f"{np.count_nonzero(unfit)} of {y.size} {what}; task {how.task} needs labels 0 and 1 and the probability of 1."
                raise TrainingError(message)
    return y, p
