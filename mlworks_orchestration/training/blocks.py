"""Whether one set of predictions is better than another over time, where rows of one day go together and days follow each other."""

from typing import NamedTuple

import numpy as np
import polars as pl

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.measure import Measure, Vector
from mlworks_orchestration.training.metrics import evaluate

FEWEST_BLOCKS = 2
FEW_BLOCKS = 8
"""Below these blocks count as independent of each other, the interval is wide for want of them, and its reader is told."""

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


def days_of(model: MLModel, moments: pl.Series) -> pl.Series:
    """Return the block of each moment: its local day, in the time zone of the model's partitions.

    A window may begin or end within a day. What is left of that, less than half a usual day's rows, is part of the day beside it, for so few rows
    would count as a whole block that is near the mean.

    Parameters:
        model: the model's declaration.
        moments: aware timestamps.
    """
    days = moments.dt.convert_time_zone(model.partitions.timezone).dt.strftime("%Y-%m-%d").alias("block")
    counted = days.value_counts(sort=False, name="rows").sort("block")
    usual, keys, rows = counted["rows"].median(), counted["block"].to_list(), counted["rows"].to_list()
    beside = {end: keys[1] if end == 0 else keys[-2] for end in (0, -1) if len(keys) > FEWEST_BLOCKS and rows[end] < usual / 2}  # type: ignore[operator]
    return days.replace({keys[end]: key for end, key in beside.items()})


def gain_by_blocks(model: MLModel, rows: pl.DataFrame, tail: float, *, scale: float = float("nan")) -> Gain:
    """Compare two models' predictions of the same rows, block by block.

    The jackknife leaves out one block (a day, or a longer partition) after the other, so that rows of one block may go together as they like
    (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapter 11). Blocks that follow each other go together too: the variance is
    widened by (1 + r) / (1 - r), r being the correlation of a block's gain with the next one's, corrected for its bias in short series and
    never below zero (Bayley & Hammersley 1946, The "effective" number of independent observations in an autocorrelated time series), and
    Student's t has as many degrees of freedom as there are such independent blocks, less one. Of fewer than `FEW_BLOCKS` the correlation cannot
    be estimated: they count as independent of each other, and Student's t alone makes the interval wide.

    Parameters:
        model: its task and primary metric are used.
        rows: `block` (sorts in the order of time), `label`, `prediction` and `other`, at least two blocks.
        tail: probability that the interval leaves out on either side.
        scale: of MASE, in the label's unit.

    Raises:
        TrainingError: if any value is NaN or infinite, if there is but one block, or if the metric is not defined on the rows or without one block.
    """
    found = leave_out(model, rows, tail, scale=scale)
    if not np.isfinite(found.low):
        name, count = model.metrics.primary, rows["block"].n_unique()
        message = f"{name} is not defined on these {len(rows):,} rows, or without one of their {count} blocks."
        raise TrainingError(message)
    return found


def leave_out(model: MLModel, rows: pl.DataFrame, tail: float, *, scale: float = float("nan")) -> Gain:
    """Compare as `gain_by_blocks` does, but give an interval of NaN if the metric is not defined on the rows, or without one of the blocks.

    Parameters:
        model: its task and primary metric are used.
        rows: as for `gain_by_blocks`.
        tail: probability that the interval leaves out on either side.
        scale: of MASE, in the label's unit.

    Raises:
        TrainingError: if any value is NaN or infinite, or if there is but one block.
    """
    name, sign, how = model.metrics.primary, -1.0 if model.primary_metric.lower_is_better else 1.0, Measure.of(model, scale)
    actual, ours, theirs = (rows[column].cast(pl.Float64).to_numpy() for column in ("label", "prediction", "other"))
    blocks = rows["block"].to_numpy()
    keys = np.unique(blocks)
    if keys.size < FEWEST_BLOCKS:
        message = f"{len(rows):,} rows of one block tell nothing of how blocks differ; at least {FEWEST_BLOCKS} are needed."
        raise TrainingError(message)

    def values(weights: Vector) -> tuple[float, float]:
        first, second = (evaluate(how, [name], actual, predicted, weights)[name] for predicted in (ours, theirs))
        return first, second

    whole = values(np.ones(len(rows)))
    gain = sign * (whole[1] - whole[0])
    without = np.array([sign * (second - first) for first, second in (values((blocks != key).astype(np.float64)) for key in keys)])
    if not np.isfinite([gain, *without]).all():
        return Gain(*whole, gain, float("nan"), float("nan"))
    half = _half_width(without.size * gain - (without.size - 1) * without, tail)
    return Gain(*whole, gain, gain - half, gain + half)


def _half_width(gains: Vector, tail: float) -> float:
    """Return how far the interval reaches to either side of the mean of the blocks' gains; how alike few blocks are cannot be told."""
    from scipy.special import stdtrit  # noqa: PLC0415 - only a comparison pays for it

    count, apart = gains.size, gains - gains.mean()
    total = float(np.square(apart).sum())
    alike = float((apart[1:] * apart[:-1]).sum()) / total if total > 0 else 0.0
    alike = min(max(alike + (1 + 3 * alike) / count, 0.0), _MOST_ALIKE) if count >= FEW_BLOCKS else 0.0
    widening = (1 + alike) / (1 - alike)
    freedom = max(count / widening - 1, 1.0)
    return float(stdtrit(freedom, 1 - tail)) * float(np.sqrt(total / (count - 1) / count * widening))
