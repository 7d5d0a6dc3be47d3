"""The profile of a numeric column from its values, a stretch at a time, in memory that does not grow with their number."""

from math import isfinite

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import NO_BINS, Bins, Floats, Integers, counted, keys_of, limited, unlimited
from mlworks_orchestration.monitoring.drift.coarse import CoarseBlocks
from mlworks_orchestration.monitoring.drift.grid import Grid, grids
from mlworks_orchestration.monitoring.drift.moments import Moments, add_moments, measure
from mlworks_orchestration.monitoring.drift.numeric import NumericProfile

_PLANNED = 8192
"""Values from which the first tables are planned."""

_MOST_HELD = 1 << 16
"""Most values that wait outside the tables."""

_STRETCH = 1 << 15
"""Values that are counted at a time: they and what is computed from them stay in a core's cache."""

_HIGHEST = np.int64((1 << 63) - 1)
_MOST_MOMENTS = 256


class NumericCounter:
    """Counts the values of one column: `profile` gives the very bins that `NumericProfile.of` would give of all of them at once.

    Tables are planned from the first values. As more values only ever make bins coarser, nothing is lost by counting in the bins of the first ones;
    values outside them are held back, and when they are many, all is added up and the tables are planned anew.

    Parameters:
        kind: the class of the profile.
        exact: keep each distinct value apart; memory then grows with them.
    """

    def __init__(self, kind: type[NumericProfile] = NumericProfile, *, exact: bool = False) -> None:
        self._kind, self._exact = kind, exact
        self._missing = 0
        self._moments: list[Moments] = []
        self._bins: Bins = NO_BINS
        self._grids: list[Grid] = []
        self._held: list[Floats] = []
        self._waiting, self._fold_at = 0, _PLANNED
        self._looked_at, self._held_upto = 0, np.zeros(1, dtype=np.int64)
        self._blocks: CoarseBlocks | None = None
        self._uncut: list[int] = []

    def add(self, values: Floats, missing: int = 0) -> None:
        """Count a stretch of values.

        Parameters:
            values: NaN where missing, contiguous, shape (n,).
            missing: further rows, without a value.
        """
        self._missing += missing
        for start in range(0, len(values), _STRETCH):
            stretch = values[start : start + _STRETCH]
            present = self._measured(stretch)
            self._missing += len(stretch) - len(present)
            left = self._count(present.view(np.int64))
            if len(left) > _STRETCH // 64:  # perhaps zeros with a sign
                left = self._count((left.view(np.float64) + 0.0).view(np.int64))
            if len(left):
                self._hold(left.view(np.float64))

    def end_block(self) -> None:
        """End a block: the rows since the last one are a profile of their own, in coarse cells."""
        if self._blocks is None:
            parts = self._parts()
            if not any(part.total for part in parts):
                self._uncut.append(self._missing)
                return
            self._blocks = CoarseBlocks(limited(unlimited(parts)), self._uncut)
        self._blocks.end(self._below(self._blocks.cuts), self._missing)

    def blocks(self) -> list[NumericProfile]:
        """Return the profile of each block that has ended."""
        if self._blocks is None:
            return [self._kind.of(np.full(missing, np.nan)) for missing in np.diff(self._uncut, prepend=0)]
        return self._blocks.profiles(self._kind)

    def profile(self) -> NumericProfile:
        """Return the profile of all values so far."""
        return self._kind(self._missing, self._total(), add_moments(self._moments))

    def _count(self, bits: Integers) -> Integers:
        for grid in self._grids:
            if not len(bits):
                break
            bits = bits[grid.count(bits)]
        return bits

    def _measured(self, values: Floats) -> Floats:
        """Note the moments of a stretch and return its values without those missing."""
        with np.errstate(over="ignore", invalid="ignore"):
            total = float(values.sum())
            finite = values
            if not isfinite(total):
                values = values[~np.isnan(values)]
                finite = values[np.isfinite(values)]
                total = float(finite.sum())
            self._moments.append(measure(finite, total))
        if len(self._moments) >= _MOST_MOMENTS:
            self._moments = [add_moments(self._moments)]
        return values

    def _hold(self, values: Floats) -> None:
        self._held.append(values.copy())  # else a whole batch would be kept for the few
        self._waiting += len(values)
        if self._waiting >= self._fold_at:
            self._fold()

    def _fold(self) -> None:
        """Add all up, and plan the tables anew."""
        if self._blocks is not None:
            self._blocks.pause(self._below(self._blocks.cuts))
        self._bins, self._held, self._waiting = self._total(), [], 0
        self._looked_at, self._held_upto = 0, np.zeros(1, dtype=np.int64)
        self._grids = [] if self._exact else list(grids(self._bins))
        self._fold_at = min(self._fold_at * 2, _MOST_HELD)
        if self._blocks is not None:
            self._blocks.resume(self._below(self._blocks.cuts))

    def _total(self) -> Bins:
        total = unlimited(self._parts())
        return total if self._exact else limited(total)

    def _parts(self) -> list[Bins]:
        held = [counted(np.concatenate(self._held))] if self._held else []
        return [self._bins, *(grid.bins() for grid in self._grids), *held]

    def _below(self, cuts: Integers) -> Integers:
        """Return how many values so far lie up to each cut, and how many there are."""
        cuts = np.append(cuts, _HIGHEST)
        upto = np.concatenate(([0], np.cumsum(self._bins.counts)))[np.searchsorted(self._bins.keys, cuts, side="right")]
        for grid in self._grids:
            upto = upto + grid.below(cuts)
        for values in self._held[self._looked_at :]:
            self._held_upto = self._held_upto + np.searchsorted(np.sort(keys_of(values)), cuts, side="right")
        self._looked_at = len(self._held)
        return upto + self._held_upto
