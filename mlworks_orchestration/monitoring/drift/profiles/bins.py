"""Bins of float64 values that are fixed in advance, so that counts from any two places add up.

A float's 64 bits, turned into an integer that sorts as the float does, name its bin; the leading bits of that integer name a coarser one. Sign and
exponent are the first 12 bits: values that share them are a *group* (an octave), and a bin of precision p spans a relative width of 2**(12 - p).
64 bits tell all floats apart, and no precision mixes an infinity with a finite value. Fine bins collapse exactly into coarse ones, as in HdrHistogram
(Tene 2012) and DDSketch (Masson, Rim and Lee, VLDB 2019), but here each group has a precision of its own, decided by the values alone:

- p is the finest precision at which all bins together cost at most `BUDGET` bits (see `_COST`);
- p_r is the finest at which the bins of one range of 16 octaves cost at most that range's equal part of half as much;
- p_g is the finest at which the bins of group g alone cost at most its equal part of half as much;
- the group's precision is the largest of the three.

A value more makes no bin cheaper and no part larger, so precisions only ever fall. Whatever part of a sum had to be coarsened, the whole must be
too, and merging in any order and grouping gives the very same bins as counting all values at once.
"""

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

BUDGET = 49_152
"""Bits that the bins of a column may cost at one precision: 3,780 bins of precision 19, or 847 exact values."""

_COST = np.interp(np.arange(EXACT + 1), (19, 28, EXACT), (13, 31, 58)).astype(np.int64)
"""Bits that a bin of each precision takes when it is stored, key and count, compressed: coarse bins have neighbours, fine ones lie apart."""

_IN_GROUP = EXACT - COARSEST
_IN_RANGE = 4
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
        return np.repeat(self.precisions, np.diff(_starts(self.keys, self.groups)))


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
    groups = _distinct(keys >> _IN_GROUP)
    return Bins(keys, counts, groups, _ALL_EXACT[: len(groups)])


def bounds(bins: Bins) -> tuple[Floats, Floats]:
    """Return the lowest and the highest value that each bin can hold.

    Examples:
        >>> low, high = bounds(coarsen(counted(np.array([1.25, -3.0])), np.array([14, 14])))
        >>> low.round(6).tolist(), high.round(6).tolist()
        ([-3.5, 1.25], [-3.0, 1.5])
    """
    return values_of(bins.keys), values_of(bins.keys | ~_mask(bins.precision))


def centers(bins: Bins) -> Floats:
    """Return the middle value of each bin: the value itself where the precision is 64, else within half the bin's width of it.

    Examples:
        >>> centers(coarsen(counted(np.array([-np.inf, -5.0, 0.1])), np.array([20, 20, 20]))).round(3).tolist()
        [-inf, -5.008, 0.1]
    """
    return values_of(bins.keys | (~_mask(bins.precision) & ~(~_mask(bins.precision) >> 1)))


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
    keys = bins.keys & _mask(wide.precision)
    starts = np.flatnonzero(_first(keys))
    return Bins(keys[starts], np.add.reduceat(bins.counts, starts), bins.groups, precisions)


def add(parts: Sequence[Bins]) -> Bins:
    """Add counts up, as coarse as the coarsest part in each group and no coarser than the budget asks for.

    Parameters:
        parts: one or more.
    """
    return limited(unlimited(parts))


def unlimited(parts: Sequence[Bins]) -> Bins:
    """Add counts up at the finest precisions that all parts have, whatever that costs.

    Parameters:
        parts: one or more.
    """
    parts = [part for part in parts if len(part.keys)]
    if len(parts) < 2:  # noqa: PLR2004 - one part is its own sum
        return parts[0] if parts else NO_BINS
    groups, precisions = common_precisions(parts)
    keys, counts = (np.concatenate([part[field] for part in parts]) for field in (0, 1))
    return gathered(keys, counts, groups, precisions)


def gathered(keys: Integers, counts: Integers, groups: Integers, precisions: Integers) -> Bins:
    """Return bins from their keys in any order, also several times each.

    Parameters:
        keys: of bins that are at least as fine as `precisions` says, shape (n,).
        counts: of each, shape (n,).
        groups: ascending, all that the keys have and perhaps more.
        precisions: of each group.
    """
    if not len(keys):
        return NO_BINS
    order = np.argsort(keys, kind="stable")  # timsort: linear on runs that are sorted already
    keys, counts = keys[order], counts[order]
    there = _distinct(keys >> _IN_GROUP)
    bins = Bins(keys, counts, there, precisions[np.searchsorted(groups, there)])
    keys = keys & _mask(bins.precision)
    starts = np.flatnonzero(_first(keys))
    return bins._replace(keys=keys[starts], counts=np.add.reduceat(counts, starts))


def common_precisions(parts: Sequence[Bins]) -> tuple[Integers, Integers]:
    """Return the groups that any part has, and the finest precision in each that all those parts have which have the group."""
    finest = np.full(1 << COARSEST, EXACT + 1)
    groups, precisions = (np.concatenate([part[field] for part in parts]) for field in (2, 3))
    np.minimum.at(finest, groups, precisions)  # a negative group counts from the end, which is as good a place
    found = np.flatnonzero(finest <= EXACT)
    groups = np.where(found >= 1 << (COARSEST - 1), found - (1 << COARSEST), found)
    order = np.argsort(groups)
    return groups[order], finest[found[order]]


def aligned(parts: Sequence[Bins]) -> tuple[Bins, Floats]:
    """Lay counts side by side, in the finest bins that all parts have.

    Parameters:
        parts: one or more.

    Returns:
        the bins that any part has, with the counts of all together, and the counts of each part, shape (parts, bins).
    """
    groups, precisions = common_precisions(parts)
    sides = [coarsen(part, precisions[np.searchsorted(groups, part.groups)]) for part in parts]
    keys = np.concatenate([side.keys for side in sides])
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = _first(keys)
    owner = np.repeat(np.arange(len(sides)), [len(side.keys) for side in sides])
    table = np.zeros((len(sides), int(first.sum())))
    table[owner[order], np.cumsum(first) - 1] = np.concatenate([side.counts for side in sides])[order]
    return Bins(keys[first], table.sum(axis=0).astype(np.int64), groups, precisions), table


def limited(bins: Bins, budget: int = BUDGET) -> Bins:
    """Return the counts at the finest precisions that the rule above allows.

    Parameters:
        bins: any counts.
        budget: bits to spend on all groups, and again on single ranges and groups.
    """
    if len(bins.keys) * _COST[EXACT] <= budget:
        return bins
    cost = _bins_at(bins) * _COST
    possible = np.arange(EXACT + 1) <= bins.precisions[:, None]
    ranges = np.flatnonzero(_first(bins.groups >> _IN_RANGE))
    sizes = np.diff(np.append(ranges, len(bins.groups)))
    in_all = _finest((cost.sum(axis=0) <= budget) & possible.all(axis=0))
    in_range = _finest((np.add.reduceat(cost, ranges) <= budget // 2 // len(ranges)) & np.logical_and.reduceat(possible, ranges))
    in_group = _finest((cost <= budget // 2 // len(bins.groups)) & possible)
    return coarsen(bins, np.maximum(np.maximum(in_all, np.repeat(in_range, sizes)), in_group))


def _bins_at(bins: Bins) -> Integers:
    """Return how many bins each group would need at each precision, shape (groups, 65)."""
    difference = bins.keys[1:] ^ bins.keys[:-1]
    _, length = np.frexp(difference.astype(np.float64))  # exact within a group, where the leading 12 bits agree
    group = np.repeat(np.arange(len(bins.groups)), np.diff(_starts(bins.keys, bins.groups)))
    told_apart = np.where(group[1:] == group[:-1], EXACT + 1 - length, 0)  # the coarsest precision that tells a key from the one before
    ranks = np.append(group[0] * (EXACT + 1), group[1:] * (EXACT + 1) + told_apart)
    return np.cumsum(np.bincount(ranks, minlength=len(bins.groups) * (EXACT + 1)).reshape(-1, EXACT + 1), axis=1)


def _finest(affordable: NDArray[np.bool_]) -> Integers:
    """Return the last precision that is affordable, the coarsest if none is."""
    finest = EXACT - np.argmax(affordable[..., ::-1], axis=-1)
    return np.where(affordable.any(axis=-1), np.maximum(finest, COARSEST), COARSEST)


def _mask(precision: Integers) -> Integers:
    return np.int64(-1) << (EXACT - precision)


def _starts(keys: Integers, groups: Integers) -> Integers:
    """Return where each group's bins start, and at last where all end, shape (groups + 1,)."""
    return np.append(np.searchsorted(keys, groups << _IN_GROUP), len(keys))


def _first(keys: Integers) -> NDArray[np.bool_]:
    """Return which sorted keys differ from the one before."""
    first = np.empty(len(keys), dtype=np.bool_)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    return first


def _distinct(keys: Integers) -> Integers:
    return keys[_first(keys)]
