"""Blocks of a numeric column, counted in coarse cells: what shows how much the column varies from one stretch of rows to the next."""

from collections.abc import Sequence

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import EXACT, Bins, Floats, Integers, centers, keys_of
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedNumbers
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile

_CELLS = 256
_HIGHEST = np.int64((1 << 63) - 1)


class CoarseBlocks:
    """Rows by coarse cell of each block, and rows without a value.

    A cell ends with a value of the first block, and all its rows are taken to have that one; so a value that makes up much of a column stays what it
    is. A block's shares are off by no more than one cell's, about 1 in 256 of the first block's rows, and the cells are the same in all blocks.
    What tables have counted is noted where a block ends; what waits outside them is only sorted into blocks and cells when it no longer waits.

    Parameters:
        first: bins of the first values, at least one.
        missing: rows without a value up to the end of each block before, none of which had one.
        counted: whether the first values are rows of the blocks; if not, they only say where cells end, and nothing is counted yet.
    """

    def __init__(self, first: Bins, missing: Sequence[int], *, counted: bool = True) -> None:
        cumulated = np.cumsum(first.counts)
        tops = np.unique(np.searchsorted(cumulated, np.arange(1, _CELLS + 1) * (cumulated[-1] / _CELLS)).clip(max=len(cumulated) - 1))
        self.cuts: Integers = first.keys[tops] | ~(np.int64(-1) << (EXACT - first.precision[tops]))
        self.cuts[-1] = _HIGHEST  # what lies above the last cut goes to its cell
        self._values: Floats = centers(first)[tops]
        self._missing = list(missing)
        self._before = np.zeros((len(missing), len(tops)), dtype=np.int64)
        self._part: Integers = np.diff(np.append(cumulated[tops[:-1]], cumulated[-1]), prepend=0) * int(counted)
        self._counts = [np.zeros(len(tops), dtype=np.int64)]
        self._marks = [0]

    def start(self, counts: Integers, waiting: int) -> None:
        """Take what is there already as counted: the values that the cells were made from.

        Parameters:
            counts: values in tables by cell, shape (cells,).
            waiting: values that wait outside them.
        """
        self._counts, self._marks = [counts], [waiting]

    def end(self, counts: Integers, waiting: int, missing: int) -> None:
        """End a block.

        Parameters:
            counts: as `start` takes them.
            waiting: likewise.
            missing: rows so far without a value.
        """
        self._counts.append(counts)
        self._marks.append(waiting)
        self._missing.append(missing)

    def pause(self, counts: Integers, waited: Sequence[Floats]) -> None:
        """Take what was counted since the last time; afterwards tables start from nothing, and nothing waits.

        Parameters:
            counts: as `start` takes them.
            waited: the values that waited, as they came.
        """
        since = self._since(counts, waited)
        self._before, self._part = np.concatenate((self._before, since[:-1])), since[-1]
        self.start(np.zeros_like(counts), 0)

    def table(self, kind: type[NumericProfile], counts: Integers, waited: Sequence[Floats]) -> BlockedNumbers:
        """Return the blocks that have ended.

        Parameters:
            kind: the class of their profiles.
            counts: as `start` takes them.
            waited: the values that waited, as they came.
        """
        rows = np.concatenate((self._before, self._since(counts, waited)[:-1]))
        return BlockedNumbers(kind, self._values, rows, np.diff(self._missing, prepend=0))

    def _since(self, counts: Integers, waited: Sequence[Floats]) -> Integers:
        """Return what was counted since the last pause: in each block that has ended since, and in that which has not."""
        since: Integers = np.diff(np.stack([*self._counts, counts]), axis=0)
        if waited:
            values = np.concatenate([np.sort(some) for some in waited])[self._marks[0] :]  # each of one block, and cells are found sooner in order
            block = np.repeat(np.arange(len(since)), np.diff([*self._marks, self._marks[0] + len(values)]))
            cells = np.searchsorted(self.cuts, keys_of(values))
            since += np.bincount(block * len(self.cuts) + cells, minlength=since.size).reshape(since.shape)
        since[0] += self._part
        return since
