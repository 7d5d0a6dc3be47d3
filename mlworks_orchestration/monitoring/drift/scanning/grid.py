"""Counting many floats at a time into bins whose precision is known beforehand: a shift and an addition a value."""

from collections.abc import Iterator

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Integers, bits_of, starts_of
from mlworks_orchestration.monitoring.drift.scanning.direct import FINEST, DirectGrid
from mlworks_orchestration.monitoring.drift.scanning.table import NONE, CountTable

_LARGEST = 1 << 18
"""Most cells of a table."""

_WHOLE = 12
"""Groups of at most 2**12 cells are covered whole."""

_HEAVY = 0.01
"""Groups with a smaller share of the values are not worth a table of their own."""

_ALL_BUT_SIGN = np.int64(0x7FFF_FFFF_FFFF_FFFF)
_SIGN = np.int64(-(1 << 63))
_NO_VALUE = np.int64(-1)
_IN_GROUP = EXACT - COARSEST


class Grid(CountTable):
    """A table of counts for groups that share a precision. What does not belong there is handed back.

    Parameters:
        keys: of some of the values, ascending; their bins are at least as fine as they will be in the end.
        rows: how many values those are.
        precision: of the groups to count here.
        groups: which they are.
    """

    def __init__(self, keys: Integers, rows: int, precision: int, groups: Integers) -> None:
        super().__init__(precision)
        self.rows = rows
        self._single = precision == EXACT
        self._keys = self._places = NONE
        self._precision = _telling_apart(keys) if self._single else precision
        self._shift = np.int64(EXACT - self._precision)
        magnitudes = (bits_of(keys) & _ALL_BUT_SIGN) >> self._shift
        self._base, self._size = self._window(int(magnitudes.min()), int(magnitudes.max()))
        self._signs = bool(keys[0] < 0) + bool(keys[-1] >= 0)
        self._negative = bool(keys[0] < 0) and self._signs == 1
        self.possible = self._size * self._signs <= _LARGEST
        if self.possible:
            self._lay_out(keys, groups)

    def count(self, bits: Integers, span: tuple[float, float] = (-np.inf, np.inf)) -> Integers:
        """Count floats.

        Parameters:
            bits: of any floats but NaN, as they are in memory, shape (n,).
            span: the lowest and the highest of the floats, or beyond.

        Returns:
            the positions of those that were not counted, as they share no bin of this table.
        """
        low, high = self._edges
        if low <= span[0] and span[1] < high:
            cells = bits >> self._shift
            cells -= self._base
            np.add.at(self._table, cells, 1)
            return NONE
        if self._single:
            return self._count_single(bits)
        cells = self._cells(bits)
        np.add.at(self._table, cells, 1)  # also where a cell is not counted: its number is never read
        if low < high:
            values = bits.view(np.float64)
            outside = values < low
            outside |= values >= high
            return outside.nonzero()[0]
        return np.flatnonzero(~self._counted[cells])

    def _count_single(self, bits: Integers) -> Integers:
        """Count the very floats that the table was made for."""
        if len(self._places) == 1:  # many zeros, for example: to add to one cell again and again is slow
            (place,) = self._places
            left = np.flatnonzero(bits != self._only[place])
            self._table[place] += len(bits) - len(left)
            return left
        cells = self._cells(bits)
        left = np.flatnonzero(self._only[cells] != bits)
        np.add.at(self._table, cells, 1)
        np.subtract.at(self._table, cells[left], 1)  # mostly few: to pick out the others would take longer
        return left

    def _lay_out(self, keys: Integers, groups: Integers) -> None:
        self._table = np.zeros((self._size + 1) * self._signs, dtype=np.int64)
        self._edges = (np.inf, -np.inf)
        if self._single:
            self._keys, self._places = keys, self._cells(bits_of(keys))
            self._only = np.full(len(self._table), _NO_VALUE)
            self._only[self._places] = bits_of(keys)
            return
        wanted = np.zeros(1 << COARSEST, dtype=np.bool_)
        wanted[groups] = True  # a negative group counts from the end
        upward = (self._base + np.arange(self._size)) << self._shift
        downward = ((upward | _SIGN) ^ _ALL_BUT_SIGN)[::-1] >> self._shift << self._shift
        every = np.concatenate([side for side, there in ((downward, self._negative or self._signs > 1), (upward, not self._negative)) if there])
        self._keys = every[wanted[every >> _IN_GROUP]]
        self._places = self._cells(bits_of(self._keys))
        self._counted = np.zeros(len(self._table), dtype=np.bool_)
        self._counted[self._places] = True
        if self._signs == 1 and not self._negative and self._base and self._counted[:-1].all():  # a negative zero looks as large as zero
            low, high = (np.array([self._base, self._base + self._size]) << self._shift).view(np.float64).tolist()
            self._edges = (low, high)

    def _window(self, low: int, high: int) -> tuple[int, int]:
        """Return the first cell and how many there are: of whole groups, or of the values' surroundings where a group is too large."""
        in_group = self._precision - COARSEST
        if self._single:
            return low, high - low + 1
        if in_group > _WHOLE:
            margin = (high - low) // 4 + 64
            low, high = max(low - margin, 0), min(high + margin, (1 << (self._precision - 1)) - 1)
            return low, high - low + 1
        first, last = low >> in_group << in_group, ((high >> in_group) + 1) << in_group
        return first, last - first

    def _cells(self, bits: Integers) -> Integers:
        """Return the cell of each float; all that lie outside share one, the last of their sign."""
        if self._signs > 1:
            cells = bits & _ALL_BUT_SIGN
            cells >>= self._shift
        else:
            cells = (bits ^ _SIGN if self._negative else bits) >> self._shift
        cells -= self._base
        unsigned = cells.view(np.uint64)
        np.minimum(unsigned, np.uint64(self._size), out=unsigned)
        if self._signs > 1:
            negative = bits >> 63
            negative &= self._size + 1
            cells += negative
        return cells


def grids(plan: Bins) -> list[Grid | DirectGrid]:
    """Return the tables that will count nearly all values: one a precision that many of the plan's values have.

    Parameters:
        plan: of some of the values.

    Returns:
        those that count most of them first.
    """
    return sorted(_grids(plan), key=lambda grid: -grid.rows)


def _grids(plan: Bins) -> Iterator[Grid | DirectGrid]:
    rows = np.add.reduceat(plan.counts, starts_of(plan.keys, plan.groups)[:-1])
    least = _HEAVY * rows.sum()
    usable = plan.groups != -1  # the negative zero's bits are in that group, but its key is that of zero
    heavy = [precision for precision in np.unique(plan.precisions[usable]).tolist() if rows[usable & (plan.precisions == precision)].sum() >= least]
    direct = max((precision for precision in heavy if precision <= FINEST), default=0)
    chosen = np.flatnonzero(usable & (plan.precisions <= direct))
    if len(chosen):
        yield DirectGrid(direct, plan.groups[chosen], rows[chosen])
    for precision in heavy:
        if precision > FINEST:
            chosen = np.flatnonzero(usable & (plan.precisions == precision))
            most = chosen[np.argmax(rows[chosen])]
            if precision == EXACT and _bins_of(plan)[most] == 1 and rows[chosen].sum() - rows[most] < least:
                chosen = most[None]  # nearly all are one value, often zero, and a table for it alone is the quickest
            yield from _fitting(plan, precision, chosen, rows, least)


def _fitting(plan: Bins, precision: int, chosen: Integers, rows: Integers, least: float) -> Iterator[Grid]:
    """Yield one table for all groups if that is not too large, else one for each of the heavy."""
    wanted = np.zeros(len(plan.groups), dtype=np.bool_)
    wanted[chosen] = True
    grid = Grid(plan.keys[np.repeat(wanted, _bins_of(plan))], int(rows[chosen].sum()), precision, plan.groups[chosen])
    if grid.possible:
        yield grid
    elif len(chosen) > 1:
        for group in chosen[rows[chosen] >= least]:
            yield from _fitting(plan, precision, np.array([group]), rows, least)


def _bins_of(plan: Bins) -> Integers:
    """Return how many bins each group has."""
    return np.diff(starts_of(plan.keys, plan.groups))


def _telling_apart(keys: Integers) -> int:
    """Return the coarsest precision at which no two keys share a bin."""
    if len(keys) == 1:
        return COARSEST
    _, length = np.frexp((keys[1:] ^ keys[:-1]).astype(np.float64))
    return int(np.clip(EXACT + 1 - length.min(), COARSEST, EXACT))
