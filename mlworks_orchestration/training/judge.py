"""Whether one set of predictions is better than another on the same rows, and how sure that is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.blocks import FEWEST_BLOCKS, days_of, leave_out
from mlworks_orchestration.training.measure import Measure, Vector, Weighted
from mlworks_orchestration.training.metrics import checked_pair, function

# Drawn rows held at once: little enough for the processor's cache, whatever the number of rows and resamples.
_DRAWN_AT_ONCE = 100_000


@dataclass(frozen=True)
class Comparison:
    """Two models' metric on the same rows, and how sure the difference is.

    Parameters:
        challenger_value: the challenger's metric; NaN where it is not defined on these rows, for example an area under the ROC curve of one class.
        champion_value: the champion's, or the baseline's; likewise.
        gain: by how much the challenger is better, in the metric's unit; negative when it is worse, whichever way the metric points.
        gain_low: lower end of the interval of the gain; NaN where it is not defined.
        gain_high: its upper end; likewise.
        rows: number of rows compared.
        blocks: number of days over which that was found; 0 where rows count as independent.
    """

    challenger_value: float
    champion_value: float
    gain: float
    gain_low: float
    gain_high: float
    rows: int
    blocks: int = 0


def judge(  # noqa: PLR0913 - labels, two predictions, and how they are to be compared
    model: MLModel,
    actual: npt.ArrayLike,
    challenger: npt.ArrayLike,
    champion: npt.ArrayLike,
    generator: np.random.Generator,
    *,
    scale: float = float("nan"),
) -> Comparison:
    """Compare two models' predictions of the same rows by the model's primary metric.

    Rows are resampled with replacement, each time the same rows for both, and the interval is the percentile interval of the gain
    (Efron & Tibshirani 1993, An Introduction to the Bootstrap, chapters 13 and 16). Rows count as independent: where errors of neighbouring rows
    go together, as on a stormy day, the interval is narrower than it should be; see `judge_by_days`. Resamples in which the metric is not
    defined (one class only, say) are left out.

    Parameters:
        model: its primary metric, and the confidence and number of resamples of its gate, are used.
        actual: the true values, of shape (rows,).
        challenger: the challenger's predictions, of the same shape.
        champion: the champion's, of the same shape.
        generator: source of the resampled rows.
        scale: of MASE, in the label's unit.

    Raises:
        TrainingError: if shapes differ, if there are no rows, or if any value is NaN or infinite.
    """
    how, name = Measure.of(model, scale), model.metrics.primary
    metric = function(how, name)
    ours, theirs = (metric(*checked_pair(how, actual, predicted), how) for predicted in (challenger, champion))
    rows = len(np.asarray(actual))
    sign = -1.0 if model.primary_metric.lower_is_better else 1.0
    values = [float(each(np.ones((1, rows)))[0]) for each in (ours, theirs)]
    gains = sign * _resampled_differences(ours, theirs, rows, model.gate.resamples, generator)
    tail = (1 - model.gate.confidence) / 2
    defined = gains[np.isfinite(gains)]
    low, high = np.quantile(defined, [tail, 1 - tail]) if defined.size and np.isfinite(values).all() else (np.nan, np.nan)
    return Comparison(values[0], values[1], sign * (values[0] - values[1]), float(low), float(high), rows)


def judge_by_days(  # noqa: PLR0913 - rows, two predictions, and how they are to be compared
    model: MLModel,
    rows: pl.DataFrame,
    challenger: npt.ArrayLike,
    champion: npt.ArrayLike,
    generator: np.random.Generator,
    *,
    scale: float = float("nan"),
) -> Comparison:
    """Compare as `judge` does, but let rows of one day go together as they like, as delays of a stormy day do; see `gain_by_blocks`.

    Where all rows are of one day nothing can be told of how days differ, and rows count as independent; `Comparison.blocks` is 0 then.

    Parameters:
        model: its primary metric, its event time and the confidence of its gate are used.
        rows: with the event time and the column `label`.
        challenger: the challenger's predictions, of shape (rows,).
        champion: the champion's, of the same shape.
        generator: source of the resampled rows where there is but one day.
        scale: of MASE, in the label's unit.

    Raises:
        TrainingError: if shapes differ, if there are no rows, or if any value is NaN or infinite.
    """
    days = days_of(model, rows[model.event_time])
    if days.n_unique() < FEWEST_BLOCKS:
        return judge(model, rows["label"].to_numpy(), challenger, champion, generator, scale=scale)
    compared = pl.DataFrame({"block": days, "label": rows["label"], "prediction": np.asarray(champion), "other": np.asarray(challenger)})
    found = leave_out(model, compared, (1 - model.gate.confidence) / 2, scale=scale)
    return Comparison(found.other_value, found.value, found.gain, found.low, found.high, rows.height, days.n_unique())


def _resampled_differences(ours: Weighted, theirs: Weighted, rows: int, resamples: int, generator: np.random.Generator) -> Vector:
    """Return the metric of `ours` less that of `theirs`, of shape (resamples,), each time on the same drawn rows."""
    return np.concatenate([ours(weights) - theirs(weights) for weights in drawn(rows, resamples, generator)])


def drawn(rows: int, resamples: int, generator: np.random.Generator) -> Iterator[Vector]:
    """Yield how often each row is drawn in resamples with replacement, some resamples at a time, of shape (some, rows).

    Parameters:
        rows: how many there are.
        resamples: how many are made in all.
        generator: what draws.
    """
    step = max(1, _DRAWN_AT_ONCE // rows)
    for start in range(0, resamples, step):
        samples = min(step, resamples - start)
        chosen = generator.integers(0, rows, size=(samples, rows)) + rows * np.arange(samples)[:, None]
        yield np.bincount(chosen.ravel(), minlength=samples * rows).reshape(samples, rows).astype(np.float64)
