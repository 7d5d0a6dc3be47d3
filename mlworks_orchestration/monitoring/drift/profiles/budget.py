"""How fine the bins of a column may be: the rule that `bins.py` tells."""

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Integers, coarsen, is_first, starts_of

BUDGET = 49_152
"""Bits that the bins of a column may cost at one precision: 3,780 bins of precision 19, or 847 exact values."""

_COST = np.interp(np.arange(EXACT + 1), (19, 28, EXACT), (13, 31, 58)).astype(np.int64)
"""Bits that a bin of each precision takes when it is stored, key and count, compressed: coarse bins have neighbours, fine ones lie apart."""

_IN_RANGE = 4


def limited(bins: Bins, budget: int = BUDGET) -> Bins:
    """Return the counts at the finest precisions that the rule above allows.

    Parameters:
        bins: any counts.
        budget: bits to spend on all groups, and again on single ranges and groups.
    """
    if len(bins.keys) * _COST[EXACT] <= budget:
        return bins
    return coarsen(bins, allowed(_bins_at(bins), bins.groups, bins.precisions, budget))


def allowed(needed: Integers, groups: Integers, precisions: Integers, budget: int = BUDGET) -> Integers:
    """Return the finest precisions that the rule above allows, shape (groups,).

    Parameters:
        needed: bins that each group needs at each precision, shape (groups, 65).
        groups: ascending, shape (groups,).
        precisions: of each, that none may exceed.
        budget: as above.
    """
    cost = np.where(np.arange(EXACT + 1) <= precisions[:, None], needed * _COST, budget + 1)
    ranges = np.flatnonzero(is_first(groups >> _IN_RANGE))
    sizes = np.diff(np.append(ranges, len(groups)))
    in_all = _finest(cost.sum(axis=0) <= budget)
    in_range = _finest(np.add.reduceat(cost, ranges) <= budget // 2 // len(ranges))
    in_group = _finest(cost <= budget // 2 // len(groups))
    return np.maximum(np.maximum(in_all, np.repeat(in_range, sizes)), in_group)


def _bins_at(bins: Bins) -> Integers:
    """Return how many bins each group would need at each precision, shape (groups, 65)."""
    difference = bins.keys[1:] ^ bins.keys[:-1]
    _, length = np.frexp(difference.view(np.uint64).astype(np.float64))  # exact within a group; two groups differ in the leading bits anyway
    sizes, precisions = np.diff(starts_of(bins.keys, bins.groups)), EXACT + 1
    ranks = np.repeat(np.arange(len(bins.groups)) * precisions, sizes)
    ranks[1:] += precisions - length  # the coarsest precision that tells a key from the one before
    return np.cumsum(np.bincount(ranks, minlength=len(bins.groups) * precisions).reshape(-1, precisions), axis=1)


def _finest(affordable: NDArray[np.bool_]) -> Integers:
    """Return the last precision that is affordable, as all before it are; the coarsest if none is."""
    finest: Integers = np.maximum(affordable.sum(axis=-1) - 1, COARSEST)
    return finest
