"""How well a classifier tells the rows of two samples apart when it is judged on rows that it has not seen."""

from collections.abc import Callable
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers

FOLDS = 5
"""Parts of which each is scored by a classifier fitted on the others."""

LEAST_ROWS = 50
"""Fewest rows of a sample for which a classifier is fitted: ten a fold."""

Score = Callable[[int], tuple[Floats, Floats]]
"""From the number of a fold to the scores of its rows, those of the reference and those of the window, of a classifier fitted on all others."""


class Separation(NamedTuple):
    """Area under the ROC curve of a classifier that tells the window's rows from the reference's.

    Parameters:
        auc: 0.5 if it cannot, 1 if it always can.
        standard_error: of the area, for new samples.
        p_value: how probable so large an area is if both samples are from the same rows.
    """

    auc: float
    standard_error: float
    p_value: float


def part(rows: int, fold: int) -> tuple[Integers, Integers]:
    """Return which rows of a sample a classifier is fitted on, and which it scores.

    Parameters:
        rows: of the sample.
        fold: its number, below `FOLDS`.

    Examples:
        >>> [rows.tolist() for rows in part(7, 1)]
        [[0, 2, 3, 4, 5], [1, 6]]
    """
    scored = np.arange(rows) % FOLDS == fold
    return np.flatnonzero(~scored), np.flatnonzero(scored)


def separation(score: Score) -> Separation:
    """Cross-fit a classifier and return how well it separates (Lopez-Paz and Oquab, ICLR 2017).

    The area is the mean of the folds' areas, for scores of different fits are not comparable. Its standard error is DeLong's (1988); the p-value,
    one-sided, that of the Mann-Whitney statistic. Both take twice the variance of independent folds, for any two folds count twice: each judges what
    was learnt from the other.

    Parameters:
        score: of two samples of at least 50 rows each, in random order, whose folds are as `part` has them; scores are higher where the window is
            likelier.

    Examples:
        >>> before, after = np.arange(100.0), np.arange(50.0, 150.0)
        >>> separation(lambda fold: (before[part(100, fold)[1]], after[part(100, fold)[1]])).auc
        0.87...
    """
    found = [_area(*score(fold)) for fold in range(FOLDS)]
    area, variance, by_chance = np.mean(found, axis=0).tolist()
    return Separation(area, sqrt(2 * variance / FOLDS), float(ndtr((0.5 - area) / sqrt(2 * by_chance / FOLDS))))


def _area(reference: Floats, window: Floats) -> tuple[float, float, float]:
    """Return the area, its variance (DeLong, DeLong and Clarke-Pearson 1988), and its variance if nothing separates."""
    below = [_midranks(np.sort(reference), window) / len(reference), 1 - _midranks(np.sort(window), reference) / len(window)]
    variance = sum(float(shares.var(ddof=1)) / len(shares) for shares in below)
    by_chance = (len(reference) + len(window) + 1) / (12 * len(reference) * len(window))
    return float(below[0].mean()), variance, by_chance


def _midranks(ordered: Floats, values: Floats) -> Floats:
    midranks: Floats = (np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")) / 2
    return midranks
