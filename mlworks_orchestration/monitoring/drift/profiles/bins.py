"""Bins of float64 values that are fixed in advance, so that counts from any two places add up.

A float's 64 bits, turned into an integer that sorts as the float does, name its bin; the leading bits of that integer name a coarser one. Sign and
exponent are the first 12 bits: values that share them are a *group* (an octave), and a bin of precision p spans a relative width of 2**(12 - p).
64 bits tell all floats apart, and no precision mixes an infinity with a finite value. Fine bins collapse exactly into coarse ones, as in HdrHistogram
(Tene 2012) and DDSketch (Masson, Rim and Lee, VLDB 2019), but here each group has a precision of its own, decided by the values alone:

- p is the finest precision at which all bins together cost at most `BUDGET` bits (see `budget.py`);
- p_r is the finest at which the bins of one range of 16 octaves cost at most that range's equal part of half as much;
- p_g is the finest at which the bins of group g alone cost at most its equal part of half as much;
- the group's precision is the largest of the three.

A value more makes no bin cheaper and no part larger, so precisions only ever fall. Whatever part of a sum had to be coarsened, the whole must be
too, and merging in any order and grouping gives the very same bins as counting all values at once.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

EXACT = 64
"""The precision at which each float has a bin of its own."""

COARSEST = 12
"""The precision at which sign and exponent are all that is left."""

_IN_GROUP = EXACT - COARSEST
_ALL_BUT_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)


class Bins(NamedTuple):
    """Counts of values by bin: those bins that have any, in order.

    Parameters:
        keys: the lower end of each bin, as an integer that sorts as the float does, shape (bins,), ascending.
        counts: values a bin, shape (bins,), each at least 1.
        groups: the leading 12 bits of the keys, shape (groups,), ascending.
        precisions: how many leading bits name a bin of each group, 12 to 64, shape (groups,).
    """

    keys: Integers
    counts: Integers
    groups: Integers
    precisions: Integers

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.keys)

    @property
    def total(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    @property
    def precision(self) -> Integers:
        """The precision of each bin, shape (bins,)."""
        return self._of_each(self.precisions)

    @property
    def mask(self) -> Integers:
        """What keeps the leading bits that name each bin and clears the others, shape (bins,)."""
        return self._of_each(np.int64(-1) << (EXACT - self.precisions))

    def _of_each(self, of_groups: Integers) -> Integers:
        starts = starts_of(self.keys, self.groups)
        return of_groups.repeat(starts[1:] - starts[:-1])


_ALL_EXACT: Integers = np.full(1 << COARSEST, EXACT)
_ALL_EXACT.flags.writeable = False

NO_BINS = Bins(*(np.array([], dtype=np.int64) for _ in Bins._fields))
"""What a column without values has."""


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


def bits_of(keys: Integers) -> Integers:
    """Return how the floats with these keys are in memory."""
    return keys ^ ((keys >> 63) & _ALL_BUT_SIGN)


def values_of(keys: Integers) -> Floats:
    """Return the floats whose keys these are: the inverse of `keys_of`.

    Examples:
        >>> values_of(keys_of(np.array([-1.5, 0.0, 3.0]))).tolist()
        [-1.5, 0.0, 3.0]
    """
    values: Floats = (keys ^ ((keys >> 63) & _ALL_BUT_SIGN)).view(np.float64)
    return np.where(np.isnan(values), np.copysign(np.inf, keys), values)  # an infinity shares its coarse bin with the patterns of NaN


def counted(values: Floats) -> Bins:
    """Count values, each float by itself however many there are.

    Parameters:
        values: no NaN, shape (n,).
    """
    return exactly(*np.unique(keys_of(values), return_counts=True))


def exactly(keys: Integers, counts: Integers) -> Bins:
    """Return counts of whole floats as bins.

    Parameters:
        keys: distinct, ascending.
        counts: of each.
    """
    groups = distinct(keys >> _IN_GROUP)
    return Bins(keys, counts, groups, _ALL_EXACT[: len(groups)])


def bounds(bins: Bins) -> tuple[Floats, Floats]:
    """Return the lowest and the highest value that each bin can hold.

    Examples:
        >>> low, high = bounds(coarsen(counted(np.array([1.25, -3.0])), np.array([14, 14])))
        >>> low.round(6).tolist(), high.round(6).tolist()
        ([-3.5, 1.25], [-3.0, 1.5])
    """
    return values_of(bins.keys), values_of(bins.keys | ~bins.mask)


def centers(bins: Bins) -> Floats:
    """Return the middle value of each bin: the value itself where the precision is 64, else within half the bin's width of it.

    Examples:
        >>> centers(coarsen(counted(np.array([-np.inf, -5.0, 0.1])), np.array([20, 20, 20]))).round(3).tolist()
        [-inf, -5.008, 0.1]
    """
    within = ~bins.mask
    return values_of(bins.keys | (within ^ (within >> 1)))


def finite_in(bins: Bins) -> int:
    """Return how many of the values are finite.

    Examples:
        >>> finite_in(coarsen(counted(np.array([-np.inf, -5.0, 0.1])), np.array([20, 20, 20])))
        2
    """
    outer = [end for end in {0, bins.size - 1} if bins.size and np.isinf(values_of(bins.keys[[end]])[0])]
    return bins.total - sum(int(bins.counts[end]) for end in outer)


def coarsen(bins: Bins, precisions: Integers) -> Bins:
    """Return the counts in coarser bins; nothing is lost but resolution.

    Parameters:
        bins: any counts.
        precisions: the leading bits to keep in each group, none above the group's own, shape (groups,).

    Examples:
        >>> coarsen(counted(np.array([1.0, 1.25, 1.25, 2.0])), np.array([12, 12])).counts.tolist()
        [3, 1]
    """
    if not len(bins.keys) or (precisions == bins.precisions).all():
        return bins
    wide = bins._replace(precisions=precisions)
    keys = bins.keys & wide.mask
    starts = np.flatnonzero(is_first(keys))
    return Bins(keys[starts], np.add.reduceat(bins.counts, starts), bins.groups, precisions)


def starts_of(keys: Integers, groups: Integers) -> Integers:
    """Return where each group's bins start, and at last where all end, shape (groups + 1,)."""
    starts = np.empty(len(groups) + 1, dtype=np.int64)
    starts[:-1] = keys.searchsorted(groups << _IN_GROUP)
    starts[-1] = len(keys)
    return starts


def is_first(keys: Integers) -> NDArray[np.bool_]:
    """Return which sorted keys differ from the one before."""
    first = np.empty(len(keys), dtype=np.bool_)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first


def distinct(keys: Integers) -> Integers:
    """Return sorted keys, each once."""
    return keys[is_first(keys)]
