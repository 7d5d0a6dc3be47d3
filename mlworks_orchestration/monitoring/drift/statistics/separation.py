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

Score = Callable[[Integers, Integers], Floats]


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


def separation(rows_reference: int, rows_window: int, score: Score) -> Separation:
    """Cross-fit a classifier and return how well it separates (Lopez-Paz and Oquab, ICLR 2017).

    The area is the mean of the folds' areas, for scores of different fits are not comparable. Its standard error is DeLong's (1988); the p-value,
    one-sided, that of the Mann-Whitney statistic. Both take twice the variance of independent folds, for any two folds count twice: each judges what
    was learnt from the other.

    Parameters:
        rows_reference: rows of the reference's sample, at least 50, in random order.
        rows_window: rows of the window's sample, at least 50, in random order; they are numbered after the reference's.
        score: from the numbers of the rows to fit on and of those to score, to the scores, higher where the window is likelier.

    Examples:
        >>> values = np.concatenate((np.arange(100.0), np.arange(50.0, 150.0)))
        >>> separation(100, 100, lambda fitted, scored: values[scored]).auc
        0.87...
    """
    in_window = np.arange(rows_reference + rows_window) >= rows_reference
    fold = np.concatenate((np.arange(rows_reference), np.arange(rows_window))) % FOLDS
    found = []
    for number in range(FOLDS):
        scored = np.flatnonzero(fold == number)
        scores = score(np.flatnonzero(fold != number), scored)
        found.append(_area(scores[~in_window[scored]], scores[in_window[scored]]))
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
