"""Whether one set of predictions is better than another: a paired bootstrap of the difference of a metric."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.metrics import RowMetric, Vector, finite_pair, row_metric

# Drawn rows held at once: 8 MB of indices, whatever the number of rows and resamples.
_DRAWN_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Comparison:
    """Two models' metric on the same rows, and how sure the difference is.

    Parameters:
        challenger_value: the challenger's metric.
        champion_value: the champion's, or the baseline's.
        gain: by how much the challenger is better, in the metric's unit; negative when it is worse, whichever way the metric points.
        gain_low: lower end of the bootstrap interval of the gain.
        gain_high: its upper end.
        rows: number of rows compared.
    """

    challenger_value: float
    champion_value: float
    gain: float
    gain_low: float
    gain_high: float
    rows: int


def judge(model: MLModel, actual: npt.ArrayLike, challenger: npt.ArrayLike, champion: npt.ArrayLike, generator: np.random.Generator) -> Comparison:
    """Compare two models' predictions of the same rows by the model's primary metric.

    Rows are resampled with replacement, each time the same rows for both, and the interval is the percentile interval of the gain
    (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapters 13 and 16). Rows count as independent: where errors of neighbouring rows
    go together, as on a stormy day, the interval is narrower than it should be, and `gate.min_gain` is the margin against that.

    Parameters:
        model: its primary metric, and the confidence and number of resamples of its gate, are used.
        actual: the true values, of shape (rows,).
        challenger: the challenger's predictions, of the same shape.
        champion: the champion's, of the same shape.
        generator: source of the resampled rows.

    Raises:
        TrainingError: if shapes differ, if there are no rows, or if any value is NaN or infinite.
    """
    metric = row_metric(model.task, model.metrics.primary)
    truth, challenging = finite_pair(actual, challenger)
    _, holding = finite_pair(actual, champion)
    ours, theirs = metric.contributions(truth, challenging), metric.contributions(truth, holding)
    sign = -1.0 if model.primary_metric.lower_is_better else 1.0
    values = [float(metric.value(each.mean(axis=1))) for each in (ours, theirs)]
    gains = sign * _resampled_differences(metric, ours, theirs, model.gate.resamples, generator)
    tail = (1 - model.gate.confidence) / 2
    low, high = np.quantile(gains, [tail, 1 - tail])
    return Comparison(values[0], values[1], sign * (values[0] - values[1]), float(low), float(high), truth.size)


def _resampled_differences(metric: RowMetric, ours: Vector, theirs: Vector, resamples: int, generator: np.random.Generator) -> Vector:
    """Return the metric of `ours` less that of `theirs`, of shape (resamples,), each time on the same drawn rows."""
    rows = ours.shape[1]
    step = max(1, _DRAWN_AT_ONCE // rows)
    chunks: list[Vector] = []
    for start in range(0, resamples, step):
        drawn = generator.integers(0, rows, size=(min(step, resamples - start), rows))
        first, second = (metric.value(np.stack([term[drawn].mean(axis=1) for term in terms])) for terms in (ours, theirs))
        chunks.append(first - second)
    return np.concatenate(chunks)
