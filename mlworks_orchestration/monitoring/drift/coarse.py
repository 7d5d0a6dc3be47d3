"""Blocks of a numeric column, counted in coarse cells: what shows how much the column varies from one stretch of rows to the next."""

from collections.abc import Sequence

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import EXACT, Bins, Floats, Integers, centers
from mlworks_orchestration.monitoring.drift.numeric import NumericProfile

_CELLS = 256


class CoarseBlocks:
    """Rows by coarse cell of each block, and rows without a value.

    A cell ends with a value of the first block, and all its rows are taken to have that one; so a value that makes up much of a column stays what it
    is. A block's shares are off by no more than one cell's, about 1 in 256 of the first block's rows, and the cells are the same in all blocks.

    Parameters:
        first: bins of the first values, at least one.
        missing: rows without a value up to the end of each block before, none of which had one.
    """

    def __init__(self, first: Bins, missing: Sequence[int]) -> None:
        cumulated = np.cumsum(first.counts)
        tops = np.unique(np.searchsorted(cumulated, np.arange(1, _CELLS + 1) * (cumulated[-1] / _CELLS)).clip(max=len(cumulated) - 1))
        self.cuts: Integers = first.keys[tops] | ~(np.int64(-1) << (EXACT - first.precision[tops]))
        self._values: Floats = centers(first)[tops]
        self._none = np.zeros(len(tops), dtype=np.int64)
        self._counts, self._missing = [self._none for _ in missing], list(missing)
        self._before, self._paused = np.zeros(len(tops) + 1, dtype=np.int64), self._none

    def end(self, upto: Integers, missing: int) -> None:
        """End a block.

        Parameters:
            upto: values so far up to each cut, and all of them, shape (cells + 1,).
            missing: rows so far without a value.
        """
        self.pause(upto)
        self._counts.append(self._paused)
        self._missing.append(missing)
        self._paused = self._none

    def pause(self, upto: Integers) -> None:
        """Take what was counted since the last time; afterwards bins may become coarser."""
        change = upto - self._before
        change[-2] = change[-1]  # what lies above the last cut goes to its cell
        self._paused = self._paused + np.diff(change[:-1], prepend=0)
        self._before = upto

    def resume(self, upto: Integers) -> None:
        """Go on with bins that are coarser now."""
        self._before = upto

    def profiles(self, kind: type[NumericProfile]) -> list[NumericProfile]:
        """Return the profile of each block that has ended."""
        missing = np.diff(self._missing, prepend=0)
        return [kind.of_counts(self._values[counts > 0], counts[counts > 0], int(gone)) for counts, gone in zip(self._counts, missing, strict=True)]
