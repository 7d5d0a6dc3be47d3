"""The metrics of a model's predictions, each a function of the means of what every row contributes.

Because a metric needs only such means, resampling rows (see `judge`) is resampling means: both go through the same code.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.errors import TrainingError, nearest
from mlworks_orchestration.spec import METRICS

Vector = npt.NDArray[np.float64]

_FEWEST_ROWS_FOR_R2 = 2


class RowMetric(NamedTuple):
    """How a metric is computed.

    Parameters:
        contributions: from actual and predicted values, each of shape (rows,), to what each row contributes, of shape (terms, rows).
        value: from the means over rows of the contributions, of shape (terms, ...), to the metric, of shape (...).
    """

    contributions: Callable[[Vector, Vector], Vector]
    value: Callable[[Vector], Vector]


def _absolute_error(actual: Vector, predicted: Vector) -> Vector:
    return np.abs(actual - predicted)[None]


def _squared_error(actual: Vector, predicted: Vector) -> Vector:
    return np.square(actual - predicted)[None]


def _error_and_spread(actual: Vector, predicted: Vector) -> Vector:
    # Centred, because the difference of two large numbers would lose the variance of labels far from zero; at the median, because
    # labels that are all the same must give exactly none.
    centred = actual - np.median(actual)
    return np.stack([np.square(actual - predicted), centred, np.square(centred)])


def _only(means: Vector) -> Vector:
    return np.asarray(means[0])


def _root(means: Vector) -> Vector:
    return np.asarray(np.sqrt(means[0]))


def _explained(means: Vector) -> Vector:
    error, variance = means[0], means[2] - np.square(means[1])
    # Labels that are all the same leave nothing to explain: 1 if they are met, else 0, as scikit-learn has it.
    flat = variance <= 0
    return np.where(flat, np.where(error == 0, 1.0, 0.0), 1 - error / np.where(flat, 1.0, variance))


REGRESSION = {
    "mae": RowMetric(_absolute_error, _only),
    "mse": RowMetric(_squared_error, _only),
    "rmse": RowMetric(_squared_error, _root),
    "r2": RowMetric(_error_and_spread, _explained),
}

BY_TASK = {"regression": REGRESSION}


def evaluate(task: str, names: Iterable[str], actual: npt.ArrayLike, predicted: npt.ArrayLike) -> dict[str, float]:
    """Return the metrics of predictions.

    Parameters:
        task: the model's task.
        names: of the metrics.
        actual: the true values, in the label's unit, of shape (rows,).
        predicted: the predictions, of the same shape.

    Returns:
        The metric by name; `r2` of a single row is NaN, for it is not defined.

    Raises:
        TrainingError: if task or metric is unknown, if shapes differ, if there are no rows, or if any value is NaN or infinite.

    Examples:
        >>> evaluate("regression", ["mae", "rmse"], [1.0, 2.0, 4.0], [1.0, 2.0, 1.0])
        {'mae': 1.0, 'rmse': 1.7320508075688772}
    """
    y, p = finite_pair(actual, predicted)
    values: dict[str, float] = {}
    for name in names:
        metric = row_metric(task, name)
        undefined = name == "r2" and y.size < _FEWEST_ROWS_FOR_R2
        values[name] = float("nan") if undefined else float(metric.value(metric.contributions(y, p).mean(axis=1)))
    return values


def row_metric(task: str, name: str) -> RowMetric:
    """Return how a metric of a task is computed.

    Parameters:
        task: the model's task.
        name: of the metric.

    Raises:
        TrainingError: if there is none, with the nearest name.
    """
    if task not in BY_TASK:
        message = f"There are no metrics for task {task!r}; {nearest(task, METRICS)}."
        raise TrainingError(message)
    if name not in BY_TASK[task]:
        message = f"{name!r} is no metric of task {task}; {nearest(name, BY_TASK[task])}."
        raise TrainingError(message)
    return BY_TASK[task][name]


def finite_pair(actual: npt.ArrayLike, predicted: npt.ArrayLike) -> tuple[Vector, Vector]:
    """Return both as float64 of shape (rows,), or refuse them.

    Parameters:
        actual: the true values.
        predicted: the predictions.

    Raises:
        TrainingError: if shapes differ, if there are no rows, or if any value is NaN or infinite.
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
    return y, p
