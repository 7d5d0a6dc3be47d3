"""Adding up the stored bins of many parts at once: each is counted in a table of the bins that the sum has, and none is sorted."""

from collections.abc import Sequence
from operator import itemgetter

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, NO_BINS, Bins, Integers
from mlworks_orchestration.monitoring.drift.profiles.budget import limited
from mlworks_orchestration.monitoring.drift.profiles.packing import PackedBins
from mlworks_orchestration.monitoring.drift.profiles.places import Places, places_of, unpack
from mlworks_orchestration.monitoring.drift.profiles.sums import add, common_precisions, gathered

_MANY = 40_000
"""Bins in all parts from which on a table pays."""

_MOST_CELLS = 1 << 15
"""Cells of a table, so few that it stays in a core's cache: bins of groups that would take more are sorted, which costs less."""

_FEWEST = 8
"""Parts of which one more is many."""

_LOOKED_AT = 2048
"""Bins of each place that tell how coarse the sum will be at most."""

_ALL = 63
"""Bits of a number that may be set."""

_NONE = Places(*[NO_BINS.keys] * len(Places._fields))
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
    table = _Table(*common_precisions([*places, *others, _coarser(places)]), places)
    keys, rows = map(np.concatenate, zip(*(table.count(one) for one in places), strict=True))
    return add([table.counted(), gathered(keys, rows, table.groups, table.precisions), *others])


def _coarser(places: Sequence[Places]) -> Bins:
    """Return the sum of some of the bins: that of all is at least as coarse."""
    some = [one.first(_LOOKED_AT) for one in places]
    keys, rows = map(np.concatenate, zip(*((one.keys, one.rows) for one in some), strict=True))
    return limited(gathered(keys, rows, *common_precisions(some)))


class _Table:
    """A count for each bin that a sum may have, but for groups that would take too many.

    Parameters:
        groups: ascending, shape (groups,).
        precisions: of each; what is counted is as fine, or finer.
        places: all that will be counted.
    """

    def __init__(self, groups: Integers, precisions: Integers, places: Sequence[Places]) -> None:
        self.groups, self.precisions = groups, precisions
        self._index = np.zeros(1 << COARSEST, dtype=np.int64)
        self._index[groups] = np.arange(len(groups))  # a negative group counts from the end
        lowest, highest = self._spans(places)
        spans = highest - lowest + 1
        order = np.argsort(spans)
        self._placed = np.sort(order[np.cumsum(spans[order].astype(np.float64)) <= _MOST_CELLS])
        ends = np.concatenate(([0], np.cumsum(spans[self._placed])))
        self._within = np.zeros(len(groups), dtype=np.bool_)
        self._within[self._placed] = True
        self._begins, self._bases = ends[:-1], -lowest
        self._bases[self._placed] += self._begins
        self._rows = np.zeros(ends[-1] + 1, dtype=np.int64)  # the last is for all bins that have no place

    def _spans(self, places: Sequence[Places]) -> tuple[Integers, Integers]:
        """Return the first and the last cell of each group that any bin lies in."""
        lowest, highest = np.full(len(self.groups), np.iinfo(np.int64).max), np.zeros(len(self.groups), dtype=np.int64)
        for one in places:
            index, ends = self._index[one.groups], one.sizes.cumsum()
            shifts = one.precisions - self.precisions[index]
            np.minimum.at(lowest, index, one.numbers[ends - one.sizes] >> shifts)
            np.maximum.at(highest, index, one.numbers[ends - 1] >> shifts)
        return np.minimum(lowest, highest), highest

    def count(self, places: Places) -> tuple[Integers, Integers]:
        """Count bins, and return the keys of those that have no place in the table, and their rows."""
        index = self._index[places.groups]
        within = self._within[index]
        shifts = np.where(within, places.precisions - self.precisions[index], _ALL)
        cells = places.numbers >> shifts.repeat(places.sizes)
        cells += np.where(within, self._bases[index], len(self._rows) - 1).repeat(places.sizes)
        np.add.at(self._rows, cells, places.rows)
        left = _NONE if within.all() else places.only(~within)
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
