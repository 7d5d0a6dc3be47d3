"""What the domain classifier sees of rows: numbers by their ranks, and marks of categories and of what is missing."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile

Singles = NDArray[np.float32]

LEVELS = 16
"""Categories of a column that get a feature of their own, the most frequent of both samples together."""

_CONSTANT = 1e-5
"""The standard deviation that may be left of a constant after rounding."""


class Seen(NamedTuple):
    """Rows of both samples as the classifier sees them, the reference's first; every feature has mean 0 and standard deviation 1.

    Parameters:
        numbers: how many of the features are normal scores of numbers, the first.
        features: those and all others that need no fitting, shape (features, rows).
    """

    numbers: int
    features: Singles


def seen_of(reference: JointProfile, window: JointProfile) -> Seen:
    """Return both samples' rows, in the columns that both have.

    Parameters:
        reference: its sample gives the first rows.
        window: its sample gives the others.
    """
    numbers, categories = (_together(reference, window, names) for names in ("numbers", "categories"))
    known = ~np.isnan(numbers)
    scores = np.empty(numbers.shape, dtype=np.float32)
    for place, column in enumerate(numbers):
        scores[place] = normal_scores(column)
    marks = np.concatenate([~known, *(_levels(column) for column in categories)])
    standardised = _standardised(scores)
    return Seen(len(standardised), np.vstack((standardised, _standardised(np.square(scores)), _of_marks(marks))))


def _together(reference: JointProfile, window: JointProfile, kind: str) -> Floats:
    common = [name for name in getattr(reference, kind) if name in getattr(window, kind)]
    sides = [side.sample[:, [side.columns.index(name) for name in common]] for side in (reference, window)]
    return np.ascontiguousarray(np.concatenate(sides).T)


def normal_scores(column: Floats) -> Floats:
    """Return for each value the normal quantile of its rank, ties sharing their mean rank (van der Waerden 1952); 0 where it is missing.

    Parameters:
        column: NaN where missing, shape (rows,).
    """
    order = np.argsort(column)[: np.count_nonzero(~np.isnan(column))]  # what is missing comes last
    ordered = column[order]
    tied = ordered[1:] == ordered[:-1]
    scores = np.zeros(len(column))
    scores[order] = _of_ties(tied) if tied.any() else _of_ranks(len(order))
    return scores


@lru_cache(maxsize=16)
def _of_ranks(ranks: int) -> Floats:
    """Return the normal quantiles of the ranks of values that all differ, ascending."""
    quantiles: Floats = ndtri(np.arange(1, ranks + 1) / (ranks + 1))
    return quantiles


def _of_ties(tied: Flags) -> Floats:
    """Return those of the ranks of ascending values, of which each may be equal to the one before."""
    starts = np.flatnonzero(np.append(True, ~tied))
    sizes = np.diff(starts, append=len(tied) + 1)
    return np.repeat(ndtri((starts + (sizes + 1) / 2) / (len(tied) + 2)), sizes)


def _levels(column: Floats) -> Flags:
    """Return where a column of codes holds each of its frequent categories, missing being one, shape (levels, rows)."""
    levels, counts = np.unique(column, return_counts=True)
    frequent = levels[np.argsort(-counts, kind="stable")[:LEVELS]]
    held: Flags = (column == frequent[:, None]) | (np.isnan(column) & np.isnan(frequent[:, None]))
    return held


def _standardised(features: Singles) -> Singles:
    """Return features that vary, of features of shape (features, rows)."""
    means, spread = features.mean(axis=1, keepdims=True), features.std(axis=1, keepdims=True)
    varying = spread[:, 0] > _CONSTANT
    standardised: Singles = (features[varying] - means[varying]) / spread[varying]
    return standardised


def _of_marks(marks: Flags) -> Singles:
    """Return the same of features that are 0 or 1."""
    shares = marks.mean(axis=1, keepdims=True)
    varying = (shares[:, 0] > 0) & (shares[:, 0] < 1)
    share = shares[varying]
    spread = np.sqrt(share * (1 - share))
    one, zero = ((value / spread).astype(np.float32) for value in (1 - share, -share))
    standardised: Singles = np.where(marks[varying], one, zero)
    return standardised
