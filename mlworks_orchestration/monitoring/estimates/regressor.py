"""Direct loss estimation: what a regressor's loss will be, from a model of its loss on labelled rows (as in NannyML)."""

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.estimates.encoding import Encoding, Floats
from mlworks_orchestration.monitoring.estimates.parts import jackknife, numbered, parted
from mlworks_orchestration.monitoring.estimates.record import Estimate, too_few
from mlworks_orchestration.threads import threads_for

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

LOSSES = {"mae": np.abs, "mse": np.square, "rmse": np.square}
"""What is averaged, by metric."""

_LEAST_TO_FIT = 20
_LEVELS = 10
_PREDICTION = "(prediction)"


@dataclass(frozen=True, eq=False)
class LossEstimator:
    """A model of a regressor's loss, fitted on labelled rows that the regressor was not trained on.

    It is not stored: fitted again on the same rows with the same seed it is the same.

    Parameters:
        metric: `mae`, `mse` or `rmse`.
        encoding: of features and prediction.
        models: each fitted on all labelled rows but one part of them.
        rows: labelled rows.
        correction: mean of what the loss exceeds the models by, on rows that they were not fitted on.
        edges: between levels of the expected loss, ascending, shape (levels - 1,).
        variances: of the loss about its expectation at each level, shape (levels,).
        between: variance of a block's mean loss about its expectation, beyond that of its rows, as parts of many blocks tell it; 0 without blocks.
        blocks: how many blocks there were; 0 if rows are independent.
    """

    metric: str
    encoding: Encoding
    models: "tuple[HistGradientBoostingRegressor, ...]"
    rows: int
    correction: float
    edges: Floats
    variances: Floats
    between: float
    blocks: int

    def estimate(self, features: pl.DataFrame, predictions: ArrayLike, *, blocks: int = 1) -> Estimate:
        """Return the metric that a window's labels will give.

        The variance of the realised metric about the estimate is that of the rows' losses (and of their blocks, if blocks were given for the labelled
        rows), plus that of the models by the delete-a-group jackknife (Kott 2001), which is at least that of the labelled rows' mean loss.
        The interval is Student's, with as many degrees of freedom as there are models, less one.

        Parameters:
            features: of the window, with all columns that the estimator was fitted on.
            predictions: of the window, shape (rows,).
            blocks: days, or whatever the blocks were, that the window spans; without meaning if there were none.

        Raises:
            DataError: if a column is missing, or there are no rows.
        """
        rows = _with_predictions(features, predictions)
        matrix = self.encoding.matrix(rows)
        with threads_for(matrix.size):
            each = np.stack([model.predict(matrix) for model in self.models])
        expected = each.mean(axis=0)
        by_part = each.mean(axis=1)
        labelled = float(self.variances.mean()) / self.rows + (self.between / self.blocks if self.blocks else 0.0)
        noise = float(self.variances[np.searchsorted(self.edges, expected)].mean()) / rows.height + self.between / blocks
        mean, error = max(0.0, float(expected.mean()) + self.correction), sqrt(noise + max(jackknife(by_part), labelled))
        reach = float(stdtrit(len(self.models) - 1, 0.975)) * error
        found = self.metric, *_in_unit(self.metric, mean, error, reach)
        return Estimate(*found, (*too_few(self.rows, rows.height), *self.encoding.doubts(rows)))


def fit_loss_estimator(  # noqa: PLR0913 - labelled rows, and how they are to be judged
    features: pl.DataFrame, predictions: ArrayLike, labels: ArrayLike, metric: str, seed: int, *, blocks: ArrayLike | None = None
) -> LossEstimator:
    """Fit a model of the loss.

    Parameters:
        features: of labelled rows that the regressor was not trained on.
        predictions: of these rows, shape (rows,).
        labels: of these rows, shape (rows,).
        metric: `mae`, `mse` or `rmse`; for `r2`, which needs the labels' own variance, estimate `rmse`.
        seed: of the models and samples.
        blocks: which rows may err together, for example their days, shape (rows,); without it rows are taken as independent, and where they are not
            the standard error is too small.

    Raises:
        DataError: if the metric is unknown, or there are fewer than 20 labelled rows, or fewer than two blocks.

    Examples:
        >>> generator = np.random.default_rng(1)
        >>> frame, noise = pl.DataFrame({"x": generator.uniform(0, 2, 1000)}), generator.normal(size=1000)
        >>> estimator = fit_loss_estimator(frame, np.zeros(1000), noise * frame["x"].to_numpy(), "mae", seed=1)
        >>> calm, wild = (estimator.estimate(pl.DataFrame({"x": np.full(500, x)}), np.zeros(500)) for x in (0.5, 1.5))
        >>> calm.low < 0.8 * 0.5 < calm.high, wild.low < 0.8 * 1.5 < wild.high
        (True, True)
    """
    if metric not in LOSSES:
        message = f"The loss of metric {metric!r} cannot be estimated before labels arrive; {nearest(metric, LOSSES)}. In place of r2, estimate rmse."
        raise DataError(message)
    rows = _with_predictions(features, predictions)
    loss = LOSSES[metric](np.asarray(labels, dtype=np.float64) - np.asarray(predictions, dtype=np.float64))
    block = numbered(blocks, rows.height, seed)
    count = int(block.max()) + 1
    if rows.height < _LEAST_TO_FIT or count < 2:  # noqa: PLR2004 - one part to fit on, one to judge by
        message = f"A model of the loss needs {_LEAST_TO_FIT} labelled rows or more in two blocks; there are {rows.height} in {count}. Wait for more."
        raise DataError(message)
    part = parted(block)
    encoding = Encoding.of(rows, seed, None if blocks is None else part)
    models, expected = _cross_fitted(encoding, encoding.matrix(rows), loss, part, seed)
    surplus = loss - expected
    edges = np.unique(np.quantile(expected, np.arange(1, _LEVELS) / _LEVELS))
    level = np.searchsorted(edges, expected)
    filled = np.bincount(level, minlength=len(edges) + 1)
    squared = np.square(surplus - surplus.mean())
    variances = np.where(filled, np.bincount(level, squared, minlength=len(edges) + 1) / np.maximum(filled, 1), squared.mean())
    between = 0.0 if blocks is None else _between(surplus, part, variances[level]) * count / len(models)
    return LossEstimator(metric, encoding, models, rows.height, float(surplus.mean()), edges, variances, between, 0 if blocks is None else count)


def _cross_fitted(
    encoding: Encoding, matrix: Floats, loss: Floats, part: NDArray[np.int64], seed: int
) -> "tuple[tuple[HistGradientBoostingRegressor, ...], Floats]":
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - heavy

    expected, models = np.empty(len(loss)), []
    categorical = np.arange(matrix.shape[1]) < len(encoding.categories)
    for number in range(int(part.max()) + 1):
        model = HistGradientBoostingRegressor(
            max_iter=50, max_leaf_nodes=15, categorical_features=categorical, early_stopping=False, random_state=seed
        )
        held_out = part == number
        with threads_for(matrix.size):
            models.append(model.fit(matrix[~held_out], loss[~held_out]))
            expected[held_out] = model.predict(matrix[held_out])
    return tuple(models), expected


def _between(surplus: Floats, part: NDArray[np.int64], variances: Floats) -> float:
    """Return how much parts' mean losses vary beyond what their rows explain.

    Parts, not blocks: what goes well or ill for days on end must lie within one.
    """
    sizes = np.bincount(part)
    means = np.bincount(part, surplus) / sizes
    by_chance = np.bincount(part, variances) / sizes**2
    return max(0.0, float(means.var(ddof=1)) - float(by_chance.mean()))


def _with_predictions(features: pl.DataFrame, predictions: ArrayLike) -> pl.DataFrame:
    if not len(np.atleast_1d(np.asarray(predictions))):
        message = "Performance cannot be estimated without rows; give a window that has some."
        raise DataError(message)
    return features.with_columns(pl.Series(_PREDICTION, np.asarray(predictions, dtype=np.float64)))


def _in_unit(metric: str, mean: float, error: float, reach: float) -> tuple[float, float, float, float]:
    low, high = max(0.0, mean - reach), mean + reach
    if metric != "rmse":
        return mean, error, low, high
    return sqrt(mean), error / (2 * sqrt(mean)) if mean else sqrt(error), sqrt(low), sqrt(high)
