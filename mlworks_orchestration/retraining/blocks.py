"""Whether one set of predictions is better than another over time, where rows of one day go together and days follow each other."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Measure, evaluate

Vector = npt.NDArray[np.float64]

_MOST_ALIKE = 0.9


class Gain(NamedTuple):
    """By how much one set of predictions is better than another.

    Parameters:
        value: the primary metric of the first.
        other_value: that of the other.
        gain: by how much the other is better, in the metric's unit; negative when it is worse, whichever way the metric points.
        low: lower end of the interval of the gain.
        high: its upper end.
    """

    value: float
    other_value: float
    gain: float
    low: float
    high: float


def gain_by_blocks(model: MLModel, rows: pl.DataFrame, tail: float, *, scale: float = float("nan")) -> Gain:
    """Compare two models' predictions of the same rows, block by block.

    The jackknife leaves out one block (a day, or a longer partition) after the other, so that rows of one block may go together as they like
    (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). Blocks that follow each other go together too: the variance is
    widened by (1 + r) / (1 - r), r being the correlation of a block's gain with the next one's, corrected for its bias in short series and
    never below zero (Bayley & Hammersley 1946, The "effective" number of independent observations in an autocorrelated time series), and
    Student's t has as many degrees of freedom as there are such independent blocks, less one.

    Parameters:
        model: its task and primary metric are used.
        rows: `block` (sorts in the order of time), `label`, `prediction` and `other`, at least two blocks.
        tail: probability that the interval leaves out on either side.
        scale: of MASE, in the label's unit.

    Raises:
        TrainingError: if any value is NaN or infinite, or if the metric is not defined without one of the blocks.
    """
    name, sign, how = model.metrics.primary, -1.0 if model.primary_metric.lower_is_better else 1.0, Measure.of(model, scale)
    actual, ours, theirs = (rows[column].cast(pl.Float64).to_numpy() for column in ("label", "prediction", "other"))

    def values(weights: Vector) -> tuple[float, float]:
        first, second = (evaluate(how, [name], actual, predicted, weights)[name] for predicted in (ours, theirs))
        return first, second

    blocks = rows["block"].to_numpy()
    whole = values(np.ones(len(rows)))
    gain = sign * (whole[1] - whole[0])
    without = np.array([sign * (second - first) for first, second in (values((blocks != block).astype(np.float64)) for block in np.unique(blocks))])
    if not np.isfinite([gain, *without]).all():
        message = f"{name} is not defined on these {len(rows):,} rows, or without one of their {without.size} blocks."
        raise TrainingError(message)
    half = _half_width(without.size * gain - (without.size - 1) * without, tail)
    return Gain(*whole, gain, gain - half, gain + half)


def _half_width(gains: Vector, tail: float) -> float:
    """Return how far the interval reaches to either side of the mean of the blocks' gains."""
    from scipy.special import stdtrit  # noqa: PLC0415 - only a comparison pays for it

    count, apart = gains.size, gains - gains.mean()
    total = float(np.square(apart).sum())
    alike = float((apart[1:] * apart[:-1]).sum()) / total if total > 0 else 0.0
    alike = min(max(alike + (1 + 3 * alike) / count, 0.0), _MOST_ALIKE)
    widening = (1 + alike) / (1 - alike)
    freedom = max(count / widening - 1, 1.0)
    return float(stdtrit(freedom, 1 - tail)) * float(np.sqrt(total / (count - 1) / count * widening))
