"""Adding up the stored bins of many parts at once: each is counted in a table of the bins that the sum has, and none is sorted."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Integers
from mlworks_orchestration.monitoring.drift.profiles.budget import allowed, limited
from mlworks_orchestration.monitoring.drift.profiles.packing import PackedBins
from mlworks_orchestration.monitoring.drift.profiles.places import NOWHERE, Places, places_of, unpack
from mlworks_orchestration.monitoring.drift.profiles.sums import add, common_precisions, gathered

_MANY = 40_000
"""Bins in all parts from which on a table pays."""

_MOST_CELLS = 1 << 15
"""Cells of a table, so few that it stays in a core's cache: bins of groups that would take more are sorted, which costs less."""

_FEWEST = 8
"""Parts of which one more is many."""

_MARGIN = 3
"""By how much the precisions of a sum may exceed those that it would have if its bins filled their cells."""

_ALL = 63
"""Bits of a number that may be set."""

_IN_GROUP = EXACT - COARSEST


def add_many(parts: Sequence[Bins | PackedBins]) -> Bins:
    """Return just what `add` returns, for many stored parts sooner.

    Parameters:
        parts: one or more.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.bins import counted
        >>> add_many([counted(np.array([1.0, 2.0])), counted(np.array([2.0]))]).counts.tolist()
        [1, 2]
    """
    stored, others = _apart(parts)
    if len(stored) <= _FEWEST or sum(map(itemgetter(0), stored)) < _MANY:
        return _sum(parts)
    places = list(places_of(stored))
    groups, common = common_precisions([*places, *others])
    extent = _Extent.of(groups, places)
    finest = extent.guessed(common)
    while True:
        total = _added(_Table(groups, finest, extent), places, others)
        uncertain = (total.precisions == finest) & (finest < common)  # the sum might be finer, had it been counted so
        if not uncertain.any():
            return total
        finest = np.where(uncertain, common, finest)


def _added(table: "_Table", places: Sequence[Places], others: Sequence[Bins]) -> Bins:
    """Return the sum of bins, as coarse as the table's or coarser."""
    keys, rows = map(np.concatenate, zip(*(table.count(one) for one in places), strict=True))
    return add([_beside(table.counted(), gathered(keys, rows, table.groups, table.precisions)), *others])


def _beside(one: Bins, other: Bins) -> Bins:
    """Return the bins of both, which have no group in common."""
    keys, counts, groups, precisions = map(np.concatenate, zip(one, other, strict=True))
    bins, names = np.argsort(keys, kind="stable"), np.argsort(groups)
    return Bins(keys[bins], counts[bins], groups[names], precisions[names])


class _Extent(NamedTuple):
    """Where the bins of each group lie.

    Parameters:
        groups: ascending, shape (groups,).
        lowest: how far the first bin's lower end lies from the group's begin, shape (groups,).
        highest: likewise of the last bin.
        sizes: how many bins there are in all parts together, shape (groups,).
    """

    groups: Integers
    lowest: Integers
    highest: Integers
    sizes: Integers

    @classmethod
    def of(cls, groups: Integers, places: Sequence[Places]) -> "_Extent":
        """Measure the bins of all places."""
        lowest, highest, sizes = np.full(1 << COARSEST, 1 << _IN_GROUP), *np.zeros((2, 1 << COARSEST), dtype=np.int64)
        for one in places:  # a negative group counts from the end
            ends, shifts = one.sizes.cumsum(), EXACT - one.precisions
            np.minimum.at(lowest, one.groups, one.numbers[ends - one.sizes] << shifts)
            np.maximum.at(highest, one.groups, one.numbers[ends - 1] << shifts)
            np.add.at(sizes, one.groups, one.sizes)
        return cls(groups, np.minimum(lowest, highest)[groups], highest[groups], sizes[groups])

    def cells(self, precisions: Integers) -> Integers:
        """Return how many cells of a precision the bins of each group can lie in."""
        shifts = EXACT - np.maximum(precisions, COARSEST)
        cells: Integers = (self.highest >> shifts) - (self.lowest >> shifts) + 1
        return cells

    def guessed(self, common: Integers) -> Integers:
        """Return precisions that the sum hardly exceeds, from how many bins it has at most."""
        needed = np.minimum(_Extent(*(field[:, None] for field in self)).cells(np.arange(EXACT + 1)), self.sizes[:, None])
        return np.minimum(allowed(needed, self.groups, common) + _MARGIN, common)


class _Table:
    """A count for each bin that a sum may have, but for groups that would take too many.

    Parameters:
        groups: ascending, shape (groups,).
        precisions: of each; what is counted is as fine, or finer.
        extent: of all that will be counted.
    """

    def __init__(self, groups: Integers, precisions: Integers, extent: _Extent) -> None:
        self.groups, self.precisions = groups, precisions
        self._index = np.zeros(1 << COARSEST, dtype=np.int64)
        self._index[groups] = np.arange(len(groups))  # a negative group counts from the end
        cells = extent.cells(precisions)
        order = np.argsort(cells)
        self._placed = np.sort(order[np.cumsum(cells[order].astype(np.float64)) <= _MOST_CELLS])
        ends = np.concatenate(([0], np.cumsum(cells[self._placed])))
        self._within = np.zeros(len(groups), dtype=np.bool_)
        self._within[self._placed] = True
        self._begins, self._bases = ends[:-1], -(extent.lowest >> (EXACT - precisions))
        self._bases[self._placed] += self._begins
        self._rows = np.zeros(ends[-1] + 1, dtype=np.int64)  # the last is for all bins that have no place

    def count(self, places: Places) -> tuple[Integers, Integers]:
        """Count bins, and return the keys of those that have no place in the table, and their rows."""
        index = self._index[places.groups]
        within = self._within[index]
        if not within.any():
            return places.keys, places.rows
        shifts = np.where(within, places.precisions - self.precisions[index], _ALL)
        cells = places.numbers >> shifts.repeat(places.sizes)
        cells += np.where(within, self._bases[index], len(self._rows) - 1).repeat(places.sizes)
        np.add.at(self._rows, cells, places.rows)
        left = NOWHERE if within.all() else places.only(np.flatnonzero(~within))
        return left.keys, left.rows

    def counted(self) -> Bins:
        """Return the table's bins that have any rows."""
        cells = np.flatnonzero(self._rows[:-1])
        begins = np.searchsorted(cells, self._begins)
        sizes = np.diff(begins, append=len(cells))
        groups, precisions = self.groups[self._placed], self.precisions[self._placed]
        keys = (groups << _IN_GROUP).repeat(sizes) + ((cells - self._bases[self._placed].repeat(sizes)) << (EXACT - precisions).repeat(sizes))
        return Bins(keys, self._rows[cells], groups, precisions)


def _sum(parts: Sequence[Bins | PackedBins]) -> Bins:
    """Return what `add` returns, of parts that may be packed."""
    joined = _joined(parts)
    return limited(gathered(joined.keys, joined.counts, *common_precisions([joined])))


def _joined(parts: Sequence[Bins | PackedBins]) -> Bins:
    """Return the bins of parts one after the other, in no order."""
    stored, others = _apart(parts)
    joined = [*([unpack(stored)] if stored else []), *others]
    return joined[0] if len(joined) == 1 else Bins(*map(np.concatenate, zip(*joined, strict=True)))


def _apart(parts: Sequence[Bins | PackedBins]) -> tuple[Sequence[PackedBins], Sequence[Bins]]:
    """Return parts that are packed, and the others."""
    stored = [part for part in parts if isinstance(part, PackedBins)]
    return stored, [part for part in parts if isinstance(part, Bins)] if len(stored) < len(parts) else []
