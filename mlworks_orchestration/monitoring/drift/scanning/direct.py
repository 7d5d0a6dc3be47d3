"""Counting floats in a table whose cells are numbered by the floats' leading bits as they are: one shift and one addition a value."""

from mmap import mmap

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Floats, Integers, bits_of
from mlworks_orchestration.monitoring.drift.scanning.table import NONE, CountTable

FINEST = 22
"""Most leading bits that such a table can have: what is never touched of it takes no memory, and of a group's cells that is at most two pages."""

_NEARLY_ALL = 0.98
"""A share of the values above which it does not pay to look up the group of each."""

_IN_GROUP = EXACT - COARSEST
_MAGNITUDES = 1 << (COARSEST - 1)


class DirectGrid(CountTable):
    """A table of counts for groups that share a precision. What does not belong there is handed back.

    Parameters:
        precision: of the groups to count here, at most `FINEST`.
        groups: which they are, ascending, but not that of the negative zero.
        rows: values of each group in the plan.
    """

    def __init__(self, precision: int, groups: Integers, rows: Integers) -> None:
        super().__init__(precision)
        self.rows = int(rows.sum())
        self._shift = np.uint64(EXACT - precision)
        self._signs = bool(groups[0] < 0) + bool(groups[-1] >= 0)
        self._negative = self._signs == 1 and bool(groups[0] < 0)
        run = _run(groups, rows, self._signs)
        if run is not None:
            magnitudes = _magnitudes(groups)
            groups = groups[(magnitudes >= run[0]) & (magnitudes < run[1])]
            low, high = (np.array(run) << _IN_GROUP).view(np.float64).tolist()
            self._edges = (low, high)
        self._runs = run is not None
        self._wanted = np.zeros(1 << COARSEST, dtype=np.bool_)
        self._wanted[np.where(groups < 0, _MAGNITUDES - 1 - groups, groups)] = True
        numbers = ((groups << (precision - COARSEST))[:, None] + np.arange(1 << (precision - COARSEST))).ravel()
        self._keys = numbers << (EXACT - precision)
        self._places = (bits_of(self._keys).view(np.uint64) >> self._shift).view(np.int64)
        self._table = np.frombuffer(mmap(-1, 8 << precision), dtype=np.int64)  # numpy would ask for huge pages, each zeroed when touched

    def count(self, bits: Integers, span: tuple[float, float] = (-np.inf, np.inf)) -> Integers:
        """Count floats.

        Parameters:
            bits: of any floats but NaN, as they are in memory, shape (n,).
            span: the lowest and the highest of the floats, or beyond.

        Returns:
            the positions of those that were not counted, as they share no bin of this table.
        """
        cells = (
            bits.view(np.uint64) >> self._shift
        )  # unsigned: were some cells to be counted from the end, each sign would be a guess of the processor's
        np.add.at(self._table, cells.view(np.int64), 1)  # also where a cell is not counted: its number is never read
        if not self._runs:
            return np.flatnonzero(~self._wanted[bits >> _IN_GROUP])
        low, high = self._edges
        lowest, highest = (-span[1], -span[0]) if self._negative else span
        if self._signs == 1 and lowest >= low and highest < high:
            return NONE
        values: Floats = -bits.view(np.float64) if self._negative else bits.view(np.float64)
        outside = values < low
        if self._signs > 1:
            outside &= values > -low
            if -lowest >= high:
                outside |= values <= -high
        if highest >= high:
            outside |= values >= high
        left: Integers = outside.nonzero()[0]
        return left


def _magnitudes(groups: Integers) -> Integers:
    return np.where(groups < 0, -1 - groups, groups)


def _run(groups: Integers, rows: Integers, signs: int) -> tuple[int, int] | None:
    """Return the neighbouring magnitudes, the first and the one after the last, that hold nearly all values; None if there are none such."""
    magnitudes = _magnitudes(groups)
    there = np.zeros(_MAGNITUDES + 1, dtype=np.int8)
    there[:-1] = np.bincount(magnitudes, minlength=_MAGNITUDES) == signs
    there[[0, -2]] = 0  # a negative zero looks as large as zero, and nothing is larger than an infinity
    cumulated = np.concatenate(([0.0], np.cumsum(np.bincount(magnitudes, weights=rows, minlength=_MAGNITUDES))))
    edges = np.flatnonzero(np.diff(there, prepend=0))
    if not len(edges):
        return None
    held = cumulated[edges[1::2]] - cumulated[edges[::2]]
    best = int(np.argmax(held))
    if held[best] < _NEARLY_ALL * rows.sum():
        return None
    return int(edges[2 * best]), int(edges[2 * best + 1])
