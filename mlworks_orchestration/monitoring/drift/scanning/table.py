"""What is read from a table of counts, however its cells are numbered."""

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Bins, Integers, exactly

NONE: Integers = np.array([], dtype=np.int64)
"""No positions."""


class CountTable:
    """Counts of floats by cell, and which bin each cell is.

    Parameters:
        resolution: leading bits that name a bin.
    """

    _table: Integers
    _keys: Integers
    _places: Integers

    def __init__(self, resolution: int) -> None:
        self._resolution = resolution
        self._cuts = self._filled = self._starts = NONE

    def bins(self) -> Bins:
        """Return what was counted."""
        counts = self._table.take(self._places)
        found = np.flatnonzero(counts)
        bins = exactly(self._keys[found], counts[found])
        return bins._replace(precisions=np.full(len(bins.groups), self._resolution))

    def within(self, cuts: Integers) -> Integers:
        """Return how many of what was counted lie up to each cut and above the one before.

        Parameters:
            cuts: keys, ascending, shape (cuts,), none of the table's above the last.
        """
        if cuts is not self._cuts:
            starts = np.append(0, np.searchsorted(self._keys, cuts, side="right"))
            self._cuts, self._filled = cuts, np.flatnonzero(starts[1:] > starts[:-1])
            self._starts = starts[self._filled]
        counts = np.zeros(len(cuts), dtype=np.int64)
        if len(self._starts):
            counts[self._filled] = np.add.reduceat(self._table.take(self._places), self._starts)
        return counts
