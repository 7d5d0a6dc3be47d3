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
        self._cuts = self._upto = NONE

    def bins(self) -> Bins:
        """Return what was counted."""
        counts = self._table[self._places]
        found = np.flatnonzero(counts)
        bins = exactly(self._keys[found], counts[found])
        return bins._replace(precisions=np.full(len(bins.groups), self._resolution))

    def below(self, cuts: Integers) -> Integers:
        """Return how many of what was counted lie up to each cut.

        Parameters:
            cuts: keys, ascending, shape (cuts,).
        """
        if cuts is not self._cuts:
            self._cuts, self._upto = cuts, np.searchsorted(self._keys, cuts, side="right")
        cumulated = np.zeros(len(self._keys) + 1, dtype=np.int64)
        np.cumsum(self._table[self._places], out=cumulated[1:])
        return cumulated[self._upto]
