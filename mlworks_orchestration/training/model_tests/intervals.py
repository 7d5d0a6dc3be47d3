"""How sure a metric is: percentile intervals of the bootstrap, with the confidence and the number of resamples of the model's gate."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.training.judge import drawn
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.metrics import checked_pair, function
from mlworks_orchestration.training.model_tests.record import State
from mlworks_orchestration.training.model_tests.subject import Subject


class Interval(NamedTuple):
    """A number and the interval that it lies in with confidence; NaN where it is not defined."""

    value: float
    low: float
    high: float


def resampled(values: Vector, value: float, confidence: float) -> Interval:
    """Return the percentile interval (Efron & Tibshirani 1993, chapter 13) of a number; resamples in which it is not defined are left out.

    Parameters:
        values: of the resamples, of shape (resamples,).
        value: of the rows themselves.
        confidence: of the interval.
    """
    defined = values[np.isfinite(values)]
    if not np.isfinite(value) or defined.size == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Interval(value, float(low), float(high))


def metric_interval(subject: Subject, metric: str, rows: npt.NDArray[np.intp], confidence: float, generator: np.random.Generator) -> Interval:
    """Return a metric of the version on held-out rows, with its interval.

    Rows count as independent, unlike in the gate; where errors of neighbouring rows go together, the interval is narrower than it should be.

    Parameters:
        subject: the version.
        metric: its name.
        rows: positions of the rows, of shape (rows,).
        confidence: of the interval.
        generator: source of the resamples.
    """
    how = subject.how
    value = function(how, metric)(*checked_pair(how, subject.truth[rows], subject.predicted[rows]), how)
    draws = (value(weights) for weights in drawn(rows.size, subject.model.gate.resamples, generator))
    return resampled(np.concatenate(list(draws)), float(value(np.ones((1, rows.size)))[0]), confidence)


def state_of(interval: Interval, limit: float, *, lower_is_better: bool) -> State:
    """Return how a number stands to a limit: passed if it keeps it, failed if it and its whole interval do not, else inconclusive.

    Parameters:
        interval: the number.
        limit: the worst that is allowed.
        lower_is_better: which way it points.

    Examples:
        >>> [state_of(Interval(value, value - 1, value + 1), 10.0, lower_is_better=True) for value in (9.5, 10.5, 12.0)]
        ['passed', 'inconclusive', 'failed']
    """
    sign = 1.0 if lower_is_better else -1.0
    if not np.isfinite(interval.value):
        return "inconclusive"
    if sign * interval.value <= sign * limit:
        return "passed"
    nearest_end = interval.low if lower_is_better else interval.high
    return "failed" if sign * nearest_end > sign * limit else "inconclusive"
