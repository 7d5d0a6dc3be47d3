"""One scale for the effects of all statistics: the shift of a normal distribution, in its standard deviations, that changes the statistic as much.

A least effect of 0.1 then asks the same of every statistic, whatever its own scale.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.special import ndtr, ndtri

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

LARGEST = 8.0
"""Where effects end: two normals so far apart have less than one value in ten thousand in common."""

SHIFTS = np.linspace(0.0, LARGEST, 801)
"""The shifts for which `from_shift` tabulates a distance."""

Distance = Callable[[Floats, Floats], Floats]
"""A distance of shares: of the reference, shape (groups,), and of windows, shape (windows, groups); the result has shape (windows,)."""


def from_overlap(distance: Floats) -> Floats:
    """Return the effect of a Kolmogorov-Smirnov or total-variation distance, which is 2 Phi(d/2) - 1 for normals d apart.

    Parameters:
        distance: 0 to 1, any shape.

    Examples:
        >>> from_overlap(np.array([0.0, 0.0797, 1.0])).round(2).tolist()
        [0.0, 0.2, 8.0]
    """
    effect: Floats = np.minimum(2 * ndtri((1 + np.clip(distance, 0, 1)) / 2), LARGEST)
    return effect


def from_superiority(probability: Floats) -> Floats:
    """Return the effect of the probability that a row of one side exceeds one of the other, which is Phi(d / sqrt 2) for normals d apart.

    Parameters:
        probability: 0 to 1, 1/2 where neither side is the larger (McGraw and Wong 1992), any shape.

    Examples:
        >>> from_superiority(np.array([0.5, 0.4718, 0.7602])).round(2).tolist()
        [0.0, 0.1, 1.0]
    """
    effect: Floats = np.minimum(np.sqrt(2) * ndtri(0.5 + np.abs(np.clip(probability, 0, 1) - 0.5)), LARGEST)
    return effect


def from_deviations(distance: Floats) -> Floats:
    """Return the effect of a distance in standard deviations of the reference, which is that of normals so far apart.

    Parameters:
        distance: at least 0, any shape.
    """
    return np.minimum(distance, LARGEST)


def from_scale(ratio: Floats) -> Floats:
    """Return the effect of a change of scale: the shift that leaves normals as much in common as the change does.

    The total variation between N(0, 1) and N(0, r²) is 2 |Phi(x) - Phi(x / r)|, x being where the two densities cross.

    Parameters:
        ratio: of the window's scale to the reference's, at least 0, any shape.

    Examples:
        >>> from_scale(np.array([1.0, 1.1, 1 / 1.1, 2.0, 0.0])).round(3).tolist()
        [0.0, 0.116, 0.116, 0.832, 8.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        wider = np.maximum(ratio, 1 / np.asarray(ratio, dtype=np.float64))
        crossing = np.sqrt(2 * np.log(wider) / -np.expm1(-2 * np.log(wider)))
        common = 2 * (ndtr(crossing) - ndtr(crossing / wider))
    return from_overlap(np.where(wider <= 1, 0.0, np.where(np.isinf(wider), 1.0, common)))


def from_shares(before: Floats, after: Floats) -> Floats:
    """Return the effect of a change of one share: the difference of two means in standard deviations within the sides (Cohen 1988).

    Parameters:
        before: shares, 0 to 1, any shape.
        after: shares, 0 to 1, of the same shape.

    Examples:
        >>> from_shares(np.array([0.5, 0.0, 0.0, 0.0]), np.array([0.5, 0.005, 0.1, 1.0])).round(2).tolist()
        [0.0, 0.1, 0.47, 8.0]
    """
    within = np.sqrt((before * (1 - before) + after * (1 - after)) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(after == before, 0.0, np.minimum(np.abs(after - before) / within, LARGEST))


def from_shift(value: Floats, distance: Distance, groups: int = 10) -> Floats:
    """Return the effect of any distance of shares: the shift that gives it, if a normal reference is cut into groups of equal share.

    Parameters:
        value: the distance found, any shape.
        distance: how it is computed from shares; it must grow with the shift. It is tabulated once.
        groups: into how many the normal is cut: as many as the distance is computed on, or hundreds for one on all values.

    Examples:
        >>> def squared(before, after):
        ...     return ((after - before) ** 2).sum(axis=-1)
        >>> from_shift(np.array([0.0, 0.0009, 0.9]), squared).round(2).tolist()
        [0.0, 0.1, 8.0]
    """
    effect: Floats = np.interp(value, _table(distance, groups), SHIFTS)
    return effect


@cache
def _table(distance: Distance, groups: int) -> Floats:
    edges = ndtri(np.arange(1, groups) / groups)
    below = np.pad(ndtr(edges - SHIFTS[:, None]), ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    return distance(np.full(groups, 1 / groups), np.diff(below, axis=1))
