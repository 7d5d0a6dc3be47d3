"""Bins of float64 values that are fixed in advance, so that counts from any two places add up.

A float's 64 bits, turned into an integer that sorts as the float does, name its bin; the leading `precision` bits of that integer name a coarser
one. Sign and exponent are the first 12 bits, so a bin of precision p spans a relative width of 2**(12 - p): 64 bits tell all floats apart, and no
precision mixes an infinity with a finite value. Fine bins collapse exactly into coarse ones, as in HdrHistogram (Tene 2012) and DDSketch (Masson,
Rim and Lee, VLDB 2019), but the precision is each column's own: the finest that needs at most `MAX_BINS` bins.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

EXACT = 64
"""The precision at which each float has a bin of its own."""

COARSEST = 12
"""The precision at which sign and exponent are all that is left."""

MAX_BINS = 8192
"""Most bins that a column keeps; 2**12 exist at the coarsest precision, so it can always be met."""

_ALL_BUT_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)


class Bins(NamedTuple):
    """Counts of values by bin: those bins that have any, in order.

    Parameters:
        precision: how many leading bits name a bin, 12 to 64.
        keys: the bins' names, shape (bins,), ascending.
        counts: values a bin, shape (bins,), each at least 1.
    """

    precision: int
    keys: Integers
    counts: Integers

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())


def keys_of(values: Floats) -> Integers:
    """Return the integers that sort as the floats do; both zeros are one.

    Parameters:
        values: no NaN, shape (n,).

    Examples:
        >>> keys = keys_of(np.array([-np.inf, -1.5, -0.0, 0.0, 1e-300, 2.0, np.inf]))
        >>> bool((np.diff(keys) >= 0).all()), bool(keys[2] == keys[3])
        (True, True)
    """
    bits = (values + 0.0).view(np.int64)
    return bits ^ ((bits >> 63) & _ALL_BUT_SIGN)


def centers(bins: Bins) -> Floats:
    """Return the middle value of each bin: the value itself where the precision is 64, else within half the bin's relative width of it.

    Parameters:
        bins: any counts.

    Examples:
        >>> coarse = coarsen(Bins(EXACT, keys_of(np.array([-np.inf, -5.0, 0.1])), np.array([1, 1, 1])), 20)
        >>> centers(coarse).round(3).tolist()
        [-inf, -5.008, 0.1]
    """
    shift = EXACT - bins.precision
    middle = (bins.keys << shift) + ((1 << shift) >> 1)
    values: Floats = (middle ^ ((middle >> 63) & _ALL_BUT_SIGN)).view(np.float64)
    return np.where(np.isnan(values), np.copysign(np.inf, bins.keys), values)  # an infinity shares its coarse bin with the patterns of NaN


def coarsen(bins: Bins, precision: int) -> Bins:
    """Return the counts in coarser bins; nothing is lost but resolution.

    Parameters:
        bins: of a precision at least `precision`.
        precision: the leading bits to keep, 12 to 64.

    Examples:
        >>> fine = Bins(EXACT, keys_of(np.array([1.0, 1.25, 2.0])), np.array([1, 2, 3]))
        >>> coarsen(fine, COARSEST).counts.tolist()
        [3, 3]
    """
    if precision == bins.precision:
        return bins
    return _counted(precision, bins.keys >> (bins.precision - precision), bins.counts)


def add(parts: Sequence[Bins]) -> Bins:
    """Add counts up, at the finest precision that all have and that needs at most `MAX_BINS` bins.

    The order and the grouping of the additions do not matter: coarser bins are never more than finer ones, so whatever part of the sum
    had to be coarsened to some precision, the whole must be too.

    Parameters:
        parts: one or more.
    """
    if len(parts) == 1:
        return limited(parts[0])
    precision = min(part.precision for part in parts)
    coarse = [coarsen(part, precision) for part in parts]
    keys = np.concatenate([part.keys for part in coarse])
    order = np.argsort(keys, kind="stable")  # timsort: linear on runs that are sorted already
    counts = np.concatenate([part.counts for part in coarse])
    return limited(_counted(precision, keys[order], counts[order]))


def aligned(parts: Sequence[Bins]) -> tuple[Bins, Floats]:
    """Lay counts side by side, in the finest bins that all parts have.

    Parameters:
        parts: one or more.

    Returns:
        the bins that any part has, with the counts of all together, and the counts of each part, shape (parts, bins).
    """
    precision = min(part.precision for part in parts)
    coarse = [coarsen(part, precision) for part in parts]
    keys = np.concatenate([part.keys for part in coarse])
    order = np.argsort(keys, kind="stable")  # timsort: linear on runs that are sorted already
    keys = keys[order]
    first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    owner = np.repeat(np.arange(len(parts)), [len(part.keys) for part in coarse])
    table = np.zeros((len(parts), int(first.sum())))
    table[owner[order], np.cumsum(first) - 1] = np.concatenate([part.counts for part in coarse])[order]
    return Bins(precision, keys[first], table.sum(axis=0).astype(np.int64)), table


def limited(bins: Bins) -> Bins:
    """Return the counts at the finest precision that needs at most `MAX_BINS` bins."""
    if len(bins.keys) <= MAX_BINS:
        return bins
    finer = range(COARSEST, bins.precision)
    first_too_fine = bisect_right(finer, MAX_BINS, key=lambda precision: _distinct(bins.keys >> (bins.precision - precision)))
    return coarsen(bins, finer[first_too_fine - 1])


def _distinct(keys: Integers) -> int:
    return 1 + int(np.count_nonzero(np.diff(keys)))


def _counted(precision: int, keys: Integers, counts: Integers) -> Bins:
    if not len(keys):
        return Bins(precision, keys, counts)
    starts = np.concatenate(([0], np.flatnonzero(keys[1:] != keys[:-1]) + 1))
    return Bins(precision, keys[starts], np.add.reduceat(counts, starts))
