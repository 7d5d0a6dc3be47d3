"""The profile of a numeric column from its values, a stretch at a time, in memory that does not grow with their number."""

from bisect import bisect_right
from collections.abc import Sequence
from math import inf, isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import NO_BINS, Bins, Floats, Integers, counted
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedNumbers
from mlworks_orchestration.monitoring.drift.profiles.budget import limited
from mlworks_orchestration.monitoring.drift.profiles.moments import Moments, add_moments, measure, total_of
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.sums import unlimited
from mlworks_orchestration.monitoring.drift.scanning.coarse import CoarseBlocks
from mlworks_orchestration.monitoring.drift.scanning.direct import DirectGrid
from mlworks_orchestration.monitoring.drift.scanning.grid import Grid, grids

_PLANNED = 24576
"""Values from which the first tables are planned."""

_MOST_HELD = 1 << 16
"""Most values that wait outside the tables."""

_STRETCH = 1 << 16
"""Values that are counted at a time: they and what is computed from them stay in a core's cache, beside a thread that decodes the next ones."""

_NEGATIVE_ZERO = np.int64(-(1 << 63))
_MOST_MOMENTS = 256


class NumericCounter:
    """Counts the values of one column: `profile` gives the very bins that `NumericProfile.of` would give of all of them at once.

    Tables are planned from the first values. As more values only ever make bins coarser, nothing is lost by counting in the bins of the first ones;
    values outside them are held back, and when they are many, all is added up and the tables are planned anew.

    Parameters:
        kind: the class of the profile.
        exact: keep each distinct value apart; memory then grows with them.
        cells: bins of all values, if they are known beforehand, whose quantiles are then the blocks' cells; else those of the first block are.
    """

    def __init__(self, kind: type[NumericProfile] = NumericProfile, *, exact: bool = False, cells: Bins | None = None) -> None:
        self._kind, self._exact = kind, exact
        self._missing = 0
        self._moments: list[Moments] = []
        self._bins: Bins = NO_BINS
        self._grids: list[Grid | DirectGrid] = []
        self._held: list[Floats] = []
        self._waiting, self._fold_at = 0, _PLANNED
        self._blocks: CoarseBlocks | None = CoarseBlocks(cells, [], counted=False) if cells is not None and cells.size else None
        self._uncut: list[int] = []

    def add(self, values: Floats, missing: int = 0, ends: Sequence[int] = ()) -> None:
        """Count a stretch of values.

        Parameters:
            values: NaN where missing, contiguous, shape (n,).
            missing: further rows before them, without a value.
            ends: how many of the values come before the end of each block that ends there, ascending.
        """
        self._missing += missing
        for _ in range(bisect_right(ends, 0)):
            self._end_block()
        start = 0
        with np.errstate(over="ignore", invalid="ignore"):  # moments can overflow, and say so
            while start < len(values):
                stretch = values[start : start + (_STRETCH if self._grids else _PLANNED)]
                stops = [end - start for end in ends[bisect_right(ends, start) : bisect_right(ends, start + len(stretch))]]
                start += len(stretch)
                self._add(stretch, stops)

    def _add(self, stretch: Floats, stops: Sequence[int]) -> None:
        """Count the values of a stretch that are present, block by block."""
        present, there, span = self._measured(stretch)
        start, begin = 0, 0
        for stop in stops:
            end = begin + (stop - start if there is None else int(np.count_nonzero(there[start:stop])))
            self._count(present[begin:end], span)
            self._missing += stop - start - (end - begin)
            self._end_block()
            start, begin = stop, end
        self._count(present[begin:], span)
        self._missing += len(stretch) - start - (len(present) - begin)

    def _end_block(self) -> None:
        """End a block: the rows since the last one are a profile of their own, in coarse cells."""
        if self._blocks is None:
            parts = self._parts()
            if not any(part.total for part in parts):
                self._uncut.append(self._missing)
                return
            self._blocks = CoarseBlocks(unlimited(parts), self._uncut)
            self._blocks.start(self._within(self._blocks.cuts), self._waiting)
        self._blocks.end(self._within(self._blocks.cuts), self._waiting, self._missing)

    def blocks(self) -> BlockedNumbers:
        """Return the blocks that have ended."""
        if self._blocks is None:
            missing = np.diff(self._uncut, prepend=0)
            return BlockedNumbers(self._kind, np.zeros(0), np.zeros((len(missing), 0), dtype=np.int64), missing)
        return self._blocks.table(self._kind, self._within(self._blocks.cuts), self._held)

    def profile(self) -> NumericProfile:
        """Return the profile of all values so far."""
        return self._kind(self._missing, self._total(), add_moments(self._moments))

    def _count(self, values: Floats, span: tuple[float, float]) -> None:
        bits = self._counted(values.view(np.int64), span)
        if not len(bits):
            return
        if self._grids and (bits == _NEGATIVE_ZERO).any():
            bits = self._counted((bits.view(np.float64) + 0.0).view(np.int64), span)
        self._hold(bits.view(np.float64))

    def _counted(self, bits: Integers, span: tuple[float, float]) -> Integers:
        """Count floats in the tables and return those that are in none."""
        for grid in self._grids:
            if not len(bits):
                break
            bits = bits.take(grid.count(bits, span))
        return bits

    def _measured(self, values: Floats) -> tuple[Floats, NDArray[np.bool_] | None, tuple[float, float]]:
        """Note the moments of a stretch; return its values without those missing, which are not if any is, the lowest and the highest."""
        there, (lowest, highest) = None, _ends(values)
        if isnan(lowest):
            there = ~np.isnan(values)
            values = values[there]
            lowest, highest = _ends(values)
        finite, span = values, (lowest, highest)
        if not (isfinite(lowest) and isfinite(highest)):
            finite = values[np.isfinite(values)]
            lowest, highest = _ends(finite)
        if len(finite):
            self._moments.append(measure(finite, total_of(finite), lowest, highest))
        if len(self._moments) >= _MOST_MOMENTS:
            self._moments = [add_moments(self._moments)]
        return values, there, span

    def _hold(self, values: Floats) -> None:
        self._held.append(values.copy())  # else a whole batch would be kept for the few
        self._waiting += len(values)
        if self._waiting >= self._fold_at:
            self._fold()

    def _fold(self) -> None:
        """Add all up, and plan the tables anew."""
        if self._blocks is not None:
            self._blocks.pause(self._within(self._blocks.cuts), self._held)
        self._bins, self._held, self._waiting = self._total(), [], 0
        self._grids = [] if self._exact else grids(self._bins)
        self._fold_at = min(self._fold_at * 2, _MOST_HELD)

    def _total(self) -> Bins:
        total = unlimited(self._parts())
        return total if self._exact else limited(total)

    def _parts(self) -> list[Bins]:
        held = [counted(np.concatenate(self._held))] if self._held else []
        return [self._bins, *(grid.bins() for grid in self._grids), *held]

    def _within(self, cuts: Integers) -> Integers:
        """Return how many values in tables lie up to each cut and above the one before."""
        counts = np.zeros(len(cuts), dtype=np.int64)
        for grid in self._grids:
            counts += grid.within(cuts)
        return counts


def _ends(values: Floats) -> tuple[float, float]:
    """Return the lowest and the highest value, NaN both if any is, the infinities if there are none."""
    return float(np.minimum.reduce(values, initial=inf)), float(np.maximum.reduce(values, initial=-inf))
