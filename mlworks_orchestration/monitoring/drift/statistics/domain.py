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
    mean: Singles
    covariance: Singles


class _Side(NamedTuple):
    """One sample, and sums over its rows: those of all folds but one are what the one's leave of them, so that little is summed up twice.

    Parameters:
        numbers: how many of the features are scores of numbers, the first.
        folds: the features of each fold, below a row of ones, each of shape (1 + features, rows).
        products: of these with themselves, of all folds, shape (1 + features, 1 + features).
    """

    numbers: int
    folds: list[Singles]
    products: Singles

    @classmethod
    def of(cls, seen: Seen, rows: slice) -> Self:
        """Sum up some of the rows."""
        features = seen.features[:, rows]
        with_ones = np.ones((1 + len(features), features.shape[1]), dtype=np.float32)
        with_ones[1:] = features
        folds = [np.ascontiguousarray(with_ones[:, fold::FOLDS]) for fold in range(FOLDS)]  # as `part` has them
        return cls(seen.numbers, folds, with_ones @ with_ones.T)

    def outside(self, fold: int) -> Singles:
        """Return the products of the features outside a fold."""
        outside: Singles = self.products - self.folds[fold] @ self.folds[fold].T
        return outside

    def curves(self, directions: Singles) -> list[Singles]:
        """Return the squares of each fold's scores along directions."""
        return [np.square(directions.T @ fold[1 : 1 + self.numbers]) for fold in self.folds]


def _scores(reference: _Side, window: _Side, fold: int) -> tuple[Floats, Floats]:
    """Fit on all other folds and score the rows of one."""
    sides = reference, window
    products = [side.outside(fold) for side in sides]
    scores = slice(1 + reference.numbers)
    spreads = [_moments(some[scores, scores]).covariance for some in products]
    directions = _spreading(spreads[1] - spreads[0])
    curves = [side.curves(directions) for side in sides]
    before, after = (_moments(_with_curves(*of, fold)) for of in zip(sides, products, curves, strict=True))
    within = (before.covariance + after.covariance) / 2
    ridge = np.float32(max(_RIDGE, len(within) / (before.rows + after.rows)))
    within[np.diag_indices_from(within)] += ridge
    weights = np.linalg.solve(within, after.mean - before.mean)
    plain = len(weights) - directions.shape[1]
    found = (weights[:plain] @ side.folds[fold][1:] + weights[plain:] @ curve[fold] for side, curve in zip(sides, curves, strict=True))
    one, other = (scored.astype(np.float64) for scored in found)
    return one, other


def _with_curves(side: _Side, products: Singles, curves: list[Singles], fold: int) -> Singles:
    """Return products of features outside a fold with rows and columns for those of curves."""
    others = [number for number in range(FOLDS) if number != fold]
    crossed = np.sum([side.folds[number] @ curves[number].T for number in others], axis=0)
    own = np.sum([curves[number] @ curves[number].T for number in others], axis=0)
    return np.block([[products, crossed], [crossed.T, own]])


def _moments(products: Singles) -> _Moments:
    """Return what products of features say, the first of which is one everywhere."""
    rows, mean = float(products[0, 0]), products[0, 1:] / products[0, 0]
    return _Moments(rows, mean, products[1:, 1:] / products[0, 0] - np.outer(mean, mean))


def _spreading(difference: Singles) -> Singles:
    """Return the directions in which two covariances differ most, shape (numbers, directions)."""
    ends = min(_DIRECTIONS, len(difference) // 2)
    vectors = np.linalg.eigh(difference)[1]
    return np.hstack((vectors[:, :ends], vectors[:, len(difference) - ends :]))
