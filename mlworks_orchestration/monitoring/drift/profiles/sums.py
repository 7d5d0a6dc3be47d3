"""Counts added up, or laid side by side, bin by bin."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import (
    COARSEST,
    EXACT,
    NO_BINS,
    Bins,
    Floats,
    Integers,
    coarsen,
    distinct,
    is_first,
)
from mlworks_orchestration.monitoring.drift.profiles.budget import limited

_IN_GROUP = EXACT - COARSEST

_FEW_RUNS = 8
"""Runs of sorted keys that a sort which finds them merges sooner than another sorts their keys."""


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
    order = np.argsort(keys, kind="stable" if np.count_nonzero(keys[1:] < keys[:-1]) < _FEW_RUNS else None)
    keys, counts = keys[order], counts[order]
    there = distinct(keys >> _IN_GROUP)
    bins = Bins(keys, counts, there, precisions[np.searchsorted(groups, there)])
    keys = keys & bins.mask
    starts = np.flatnonzero(is_first(keys))
    return bins._replace(keys=keys[starts], counts=np.add.reduceat(counts, starts))


class Grouped(Protocol):
    """What is counted in groups, each of a precision."""

    @property
    def groups(self) -> Integers:
        """Which they are, in any order."""
        ...

    @property
    def precisions(self) -> Integers:
        """Of each."""
        ...


def common_precisions(parts: Sequence[Grouped]) -> tuple[Integers, Integers]:
    """Return the groups that any part has, and the finest precision in each that all those parts have which have the group."""
    finest = np.full(1 << COARSEST, EXACT + 1)
    groups, precisions = np.concatenate([part.groups for part in parts]), np.concatenate([part.precisions for part in parts])
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
    first = is_first(keys)
    owner = np.repeat(np.arange(len(sides)), [len(side.keys) for side in sides])
    table = np.zeros((len(sides), int(first.sum())))
    places = np.cumsum(first) - 1 + (owner * table.shape[1])[order]
    table.reshape(-1)[places] = np.concatenate([side.counts for side in sides])[order]
    return Bins(keys[first], table.sum(axis=0).astype(np.int64), groups, precisions), table
