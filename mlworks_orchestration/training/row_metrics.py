"""Metrics that are functions of the means of what every row contributes."""

from collections.abc import Callable

import numpy as np

from mlworks_orchestration.training.measure import Function, Measure, Vector, Weighted

_FEWEST_ROWS_FOR_R2 = 2

Contributions = Callable[[Vector, Vector, Measure], Vector]
"""From actual and predicted values, each of shape (rows,), to what each row contributes, of shape (terms, rows)."""


def _of_means(contributions: Contributions, value: Callable[[Vector], Vector]) -> Function:
    """Return a metric from what rows contribute and from its value by their means, of shape (terms, samples)."""

    def prepare(actual: Vector, predicted: Vector, how: Measure) -> Weighted:
        terms = contributions(actual, predicted, how).T
        return lambda weights: value((weights @ terms / weights.sum(axis=1, keepdims=True)).T)

    return prepare


def _absolute_error(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    del how
    return np.abs(actual - predicted)[None]


def _squared_error(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    del how
    return np.square(actual - predicted)[None]


def _scaled_error(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    # A naive forecast that never erred is no scale.
    return np.asarray(np.abs(actual - predicted)[None] / np.where(np.asarray(how.scale) > 0, how.scale, np.nan))


def _relative_error(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    del how
    size = np.abs(actual) + np.abs(predicted)
    return np.asarray(np.divide(200 * np.abs(actual - predicted), size, out=np.zeros_like(size), where=size > 0)[None])


def _error_and_spread(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    del how
    # Centred, because the difference of two large numbers would lose the variance of labels far from zero; at the median, because
    # labels that are all the same must give exactly none.
    centred = actual - np.median(actual)
    return np.stack([np.square(actual - predicted), centred, np.square(centred)])


def _log_likelihood(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    del how
    # As scikit-learn has it: a probability of exactly 0 or 1 that is wrong costs 36, not infinity.
    least = np.finfo(np.float64).eps
    likelihood = np.where(actual == 1, predicted, 1 - predicted)
    return np.asarray(-np.log(np.clip(likelihood, least, 1 - least))[None])


def _hits_and_errors(actual: Vector, predicted: Vector, how: Measure) -> Vector:
    """Return the flags of true positives, false positives and false negatives."""
    flagged = (predicted >= how.threshold).astype(np.float64)
    return np.stack([actual * flagged, (1 - actual) * flagged, actual * (1 - flagged)])


def _only(means: Vector) -> Vector:
    return np.asarray(means[0])


def _root(means: Vector) -> Vector:
    return np.asarray(np.sqrt(means[0]))


def _explained(means: Vector) -> Vector:
    error, variance = means[0], means[2] - np.square(means[1])
    # Labels that are all the same leave nothing to explain: 1 if they are met, else 0, as scikit-learn has it.
    flat = variance <= 0
    return np.where(flat, np.where(error == 0, 1.0, 0.0), 1 - error / np.where(flat, 1.0, variance))


def ratio(part: Vector, whole: Vector) -> Vector:
    """Return a share, NaN where there is nothing to have a share of."""
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _r2(actual: Vector, predicted: Vector, how: Measure) -> Weighted:
    if actual.size < _FEWEST_ROWS_FOR_R2:
        return lambda weights: np.full(len(weights), np.nan)
    return _of_means(_error_and_spread, _explained)(actual, predicted, how)


ROW_METRICS: dict[str, Function] = {
    "mae": _of_means(_absolute_error, _only),
    "mse": _of_means(_squared_error, _only),
    "rmse": _of_means(_squared_error, _root),
    "r2": _r2,
    "mase": _of_means(_scaled_error, _only),
    "smape": _of_means(_relative_error, _only),
    "brier": _of_means(_squared_error, _only),
    "log_loss": _of_means(_log_likelihood, _only),
    "accuracy": _of_means(_hits_and_errors, lambda means: 1 - means[1] - means[2]),
    "precision": _of_means(_hits_and_errors, lambda means: ratio(means[0], means[0] + means[1])),
    "recall": _of_means(_hits_and_errors, lambda means: ratio(means[0], means[0] + means[2])),
    "f1": _of_means(_hits_and_errors, lambda means: ratio(2 * means[0], 2 * means[0] + means[1] + means[2])),
}
"""By name. sMAPE is that of the M4 competition (Makridakis, Spiliotis & Assimakopoulos 2020), a row of two zeros counting as met."""
