"""The domain classifier of rows: how it is fitted, and how well it tells a window's rows from the reference's."""

from typing import NamedTuple, Self

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.seen import Seen, Singles, seen_of
from mlworks_orchestration.monitoring.drift.statistics.separation import FOLDS, LEAST_ROWS, Separation, separation

_DIRECTIONS = 3
"""Directions in which the window spreads most, and as many in which it spreads least, compared with the reference."""

_RIDGE = 0.01


def tell_apart(reference: JointProfile, window: JointProfile) -> Separation | str:
    """Return how well a classifier tells the window's rows from the reference's, or why it cannot be told.

    The classifier is Fisher's linear discriminant, both samples of equal weight, with a ridge. It sees: the normal scores of each number, by their
    rank among both samples, so that neither units nor outliers matter; their squares, which show a change of spread; the squares along the few
    directions in which the spread changed most, which show a change of correlation; where values are missing; and the frequent categories.

    Parameters:
        reference: with a sample of rows.
        window: with a sample of rows.
    """
    counts = len(reference.sample), len(window.sample)
    if min(counts) < LEAST_ROWS:
        return f"a sample has {min(counts)} rows; a domain classifier takes at least {LEAST_ROWS}"
    seen = seen_of(reference, window)
    if not len(seen.features):
        return "reference and window have no column in common of which anything varies"
    sides = _Side.of(seen, slice(counts[0])), _Side.of(seen, slice(counts[0], None))
    return separation(lambda fold: _scores(*sides, fold))


class _Moments(NamedTuple):
    """Rows, the mean and the covariance of features."""

    rows: float
    mean: Floats
    covariance: Floats


class _Side(NamedTuple):
    """One sample, and sums over its folds: those over all others are differences, so that nothing is summed up a second time.

    Parameters:
        numbers: how many of the features are scores of numbers, the first.
        folds: the features of each fold, below a row of ones, each of shape (1 + features, rows).
        products: of these with themselves, shape (folds, 1 + features, 1 + features).
    """

    numbers: int
    folds: list[Singles]
    products: Floats

    @classmethod
    def of(cls, seen: Seen, rows: slice) -> Self:
        """Sum up some of the rows."""
        features = seen.features[:, rows]
        folds = [_below_ones(features[:, fold::FOLDS]) for fold in range(FOLDS)]  # as `part` has them
        return cls(seen.numbers, folds, np.array([fold @ fold.T for fold in folds], dtype=np.float64))

    def curves(self, directions: Singles) -> list[Singles]:
        """Return the squares of each fold's scores along directions."""
        return [np.square(directions.T @ fold[1 : 1 + self.numbers]) for fold in self.folds]

    def spread(self, fold: int) -> Floats:
        """Return the covariance of the scores of numbers outside a fold."""
        first = slice(1 + self.numbers)
        return _moments(_outside(self.products[:, first, first], fold)).covariance

    def moments(self, curves: list[Singles], fold: int) -> _Moments:
        """Return those of features and curves outside a fold."""
        crossed = _outside(np.array([left @ right.T for left, right in zip(self.folds, curves, strict=True)], dtype=np.float64), fold)
        own = _outside(np.array([some @ some.T for some in curves], dtype=np.float64), fold)
        return _moments(np.block([[_outside(self.products, fold), crossed], [crossed.T, own]]))


def _below_ones(features: Singles) -> Singles:
    below = np.ones((1 + len(features), features.shape[1]), dtype=np.float32)
    below[1:] = features
    return below


def _outside(sums: Floats, fold: int) -> Floats:
    outside: Floats = sums.sum(axis=0) - sums[fold]
    return outside


def _moments(products: Floats) -> _Moments:
    """Return what products of features say, the first of which is one everywhere."""
    rows, mean = float(products[0, 0]), products[0, 1:] / products[0, 0]
    return _Moments(rows, mean, products[1:, 1:] / rows - np.outer(mean, mean))


def _scores(reference: _Side, window: _Side, fold: int) -> tuple[Floats, Floats]:
    """Fit on all other folds and score the rows of one."""
    directions = _spreading(window.spread(fold) - reference.spread(fold))
    curves = reference.curves(directions), window.curves(directions)
    before, after = reference.moments(curves[0], fold), window.moments(curves[1], fold)
    within = (before.covariance + after.covariance) / 2
    ridge = max(_RIDGE, len(within) / (before.rows + after.rows))
    weights = np.linalg.solve(within + ridge * np.eye(len(within)), after.mean - before.mean).astype(np.float32)
    plain = len(weights) - directions.shape[1]
    scores = (weights[:plain] @ side.folds[fold][1:] + weights[plain:] @ curve[fold] for side, curve in zip((reference, window), curves, strict=True))
    one, other = (found.astype(np.float64) for found in scores)
    return one, other


def _spreading(difference: Floats) -> Singles:
    """Return the directions in which two covariances differ most, shape (numbers, directions)."""
    ends = min(_DIRECTIONS, len(difference) // 2)
    vectors = np.linalg.eigh(difference)[1].astype(np.float32)
    return np.hstack((vectors[:, :ends], vectors[:, len(difference) - ends :]))
