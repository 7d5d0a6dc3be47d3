"""The domain classifier of rows: what it sees of them, and how it is fitted."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.separation import LEAST_ROWS, Separation, separation

Singles = NDArray[np.float32]

LEVELS = 16
"""Categories of a column that get a feature of their own, the most frequent of both samples together."""

_DIRECTIONS = 3
"""Directions in which the window spreads most, and as many in which it spreads least, compared with the reference."""


class Rows(NamedTuple):
    """Rows of both samples as the classifier sees them, the reference's first; every feature has mean 0 and standard deviation 1.

    Parameters:
        scores: of the numbers, shape (rows, numbers).
        features: those and all others that need no fitting, shape (rows, features).
    """

    scores: Singles
    features: Singles


def tell_apart(reference: JointProfile, window: JointProfile) -> Separation | str:
    """Return how well a classifier tells the window's rows from the reference's, or why it cannot be told.

    The classifier is Fisher's linear discriminant, both samples of equal weight, with a ridge. It sees: the normal scores of each number, by their
    rank among both samples, so that neither units nor outliers matter; their squares, which show a change of spread; the squares along the few
    directions in which the spread changed most, which show a change of correlation; where values are missing; and the frequent categories.

    Parameters:
        reference: with a sample of rows.
        window: with a sample of rows.
    """
    rows = rows_of(reference, window)
    counts = len(reference.sample), len(window.sample)
    if min(counts) < LEAST_ROWS:
        return f"a sample has {min(counts)} rows; a domain classifier takes at least {LEAST_ROWS}"
    if not rows.features.shape[1]:
        return "reference and window have no column in common of which anything varies"
    in_window = np.arange(sum(counts)) >= counts[0]
    return separation(*counts, lambda fitted, scored: _scores(rows, in_window[fitted], fitted, scored))


def rows_of(reference: JointProfile, window: JointProfile) -> Rows:
    """Return both samples' rows, in the columns that both have.

    Parameters:
        reference: its sample gives the first rows.
        window: its sample gives the others.
    """
    numbers, categories = (_together(reference, window, names) for names in ("numbers", "categories"))
    known = ~np.isnan(numbers)
    scores = _normal_scores(numbers, known)
    marks = [~known[known.any(axis=1) & ~known.all(axis=1)], *(_levels(column) for column in categories)]
    standardised = _standardised(scores)
    return Rows(standardised, np.hstack((standardised, _standardised(np.square(scores)), _standardised(np.concatenate(marks)))))


def _together(reference: JointProfile, window: JointProfile, kind: str) -> Floats:
    common = [name for name in getattr(reference, kind) if name in getattr(window, kind)]
    sides = [side.sample[:, [side.columns.index(name) for name in common]] for side in (reference, window)]
    return np.ascontiguousarray(np.concatenate(sides).T)


def _normal_scores(columns: Floats, known: Flags) -> Floats:
    """Return for each value the normal quantile of its rank among those of its column, ties sharing their mean rank (van der Waerden 1952)."""
    order = np.argsort(columns, axis=1)
    ordered = np.take_along_axis(columns, order, axis=1)
    positions = np.broadcast_to(np.arange(columns.shape[1]), columns.shape)
    step = np.ones_like(known)
    step[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    first = np.maximum.accumulate(np.where(step, positions, 0), axis=1)
    ends = np.ones_like(known)
    ends[:, :-1] = step[:, 1:]
    last = np.minimum.accumulate(np.where(ends, positions, columns.shape[1])[:, ::-1], axis=1)[:, ::-1]
    ranks = np.empty_like(columns)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=1)
    scores: Floats = ndtri(np.where(known, ranks / (known.sum(axis=1, keepdims=True) + 1), 0.5))
    return scores


def _levels(column: Floats) -> Flags:
    """Return where a column of codes holds each of its frequent categories, missing being one, shape (levels, rows)."""
    levels, counts = np.unique(column, return_counts=True)
    frequent = levels[np.argsort(-counts, kind="stable")[:LEVELS]]
    held: Flags = (column == frequent[:, None]) | (np.isnan(column) & np.isnan(frequent[:, None]))
    return held


def _standardised(features: NDArray[Any]) -> Singles:
    """Return features that vary, shape (rows, features), of features of shape (features, rows)."""
    spread = features.std(axis=1)
    varying = spread > 1e-9  # noqa: PLR2004 - what is left of a constant after rounding
    kept = features[varying]
    standardised: Singles = ((kept - kept.mean(axis=1, keepdims=True)) / spread[varying, None]).astype(np.float32).T
    return standardised


def _scores(rows: Rows, in_window: Flags, fitted: Integers, scored: Integers) -> Floats:
    """Fit on some rows and score others, both numbered."""
    sides = fitted[~in_window], fitted[in_window]
    directions = _spreading(*(rows.scores[side] for side in sides))
    train = [np.hstack((rows.features[side], np.square(rows.scores[side] @ directions))) for side in sides]
    means = [side.mean(axis=0) for side in train]
    within = (_covariance(train[0], means[0]) + _covariance(train[1], means[1])) / 2
    ridge = max(0.01, len(within) / len(fitted))
    weights = np.linalg.solve(within + ridge * np.eye(len(within), dtype=np.float32), means[1] - means[0])
    plain = rows.features.shape[1]
    scores = rows.features[scored] @ weights[:plain] + np.square(rows.scores[scored] @ directions) @ weights[plain:]
    return np.asarray(scores, dtype=np.float64)


def _covariance(rows: Singles, mean: Singles) -> Singles:
    distance = rows - mean
    return np.asarray(distance.T @ distance / len(rows), dtype=np.float32)


def _spreading(reference: Singles, window: Singles) -> Singles:
    """Return directions in which two samples' spread differs most, shape (numbers, directions)."""
    difference = _covariance(window, window.mean(axis=0)) - _covariance(reference, reference.mean(axis=0))
    ends = min(_DIRECTIONS, len(difference) // 2)
    vectors = np.linalg.eigh(difference)[1].astype(np.float32)
    return np.hstack((vectors[:, :ends], vectors[:, len(difference) - ends :]))
