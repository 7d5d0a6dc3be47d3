"""Counts of reference and windows side by side, in cells that are large enough to test."""

from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers

LEAST_EXPECTED = 5
"""Fewest rows that a cell must be expected to have on the smaller side for the chi-squared distribution to hold (Cochran 1954)."""

CERTAINLY_COMMON = 20
"""So many rows are hardly ever found where fewer than five are expected (about once in 10 million): such a cell is news, not noise."""

ALL_RARE = "nearly all rows lie in one cell and the others are too rare to test"
"""Why a test of counts cannot tell."""


class Table(NamedTuple):
    """Counts of both sides, of each window by itself; cells without rows on either side take no part.

    Parameters:
        reference: shape (windows, cells).
        windows: shape (windows, cells).
        rows: of reference and windows, shape (2, windows).
        freedom: degrees of freedom, one fewer than cells with rows, shape (windows,).
        told: whether a change can be seen at all, shape (windows,).
    """

    reference: Floats
    windows: Floats
    rows: Floats
    freedom: Integers
    told: Flags

    @property
    def chance(self) -> Floats:
        """What chance alone adds on average to the sum of (q - p)² / p over the cells, q and p being shares, shape (windows,)."""
        added: Floats = self.freedom * (1 / self.rows[0] + 1 / self.rows[1])
        return added

    def shares(self) -> tuple[Floats, Floats]:
        """Return the shares of the rows in each cell, reference and windows, each of shape (windows, cells)."""
        return self.reference / self.rows[0][:, None], self.windows / self.rows[1][:, None]


def pool_rare(cells: Cells) -> Table:
    """Pool the cells that are too rare to test, so that few rows in many categories make no alarm.

    A cell is rare if its expected count on the smaller side is below 5, unless 20 or more were found there: on a small side, a category that
    the large one has never seen is expected to stay away, and is the very thing to find. If all rare cells together are still rare, they join the
    smallest of the others.

    Parameters:
        cells: of any column; missing rows take no part.

    Returns:
        the common cells and, last, the pooled one.

    Examples:
        >>> rows = np.array([90.0, 100.0, 6.0, 4.0]), np.array([[95.0, 99.0, 2.0, 4.0]])
        >>> table = pool_rare(Cells(*rows, 0.0, np.zeros(1), None, None, np.zeros(4, dtype=bool)))
        >>> table.reference.tolist(), table.windows.tolist(), table.freedom.tolist()
        ([[90.0, 100.0, 0.0, 0.0, 10.0]], [[95.0, 99.0, 0.0, 0.0, 6.0]], [2])
    """
    reference, windows = np.broadcast_to(cells.reference, cells.windows.shape), cells.windows
    occupied = (reference + windows > 0).sum(axis=1)
    rows = np.array([np.full(len(windows), cells.reference.sum()), windows.sum(axis=1)])
    told, rare = np.all(rows > 0, axis=0), _is_rare(reference, windows, rows)
    if not rare.any():
        return Table(reference, windows, rows, np.maximum(occupied - 1, 0), told)
    before, after = _pooled(reference, windows, rare, rows)
    freedom = np.maximum((before + after > 0).sum(axis=1) - 1, 0)
    return Table(before, after, rows, freedom, told & ((freedom > 0) | (occupied == 1)))


def _pooled(reference: Floats, windows: Floats, rare: Flags, rows: Floats) -> tuple[Floats, Floats]:
    pooled = [np.where(rare, side, 0.0).sum(axis=1, keepdims=True) for side in (reference, windows)]
    common = [np.where(rare, 0.0, side) for side in (reference, windows)]
    totals = common[0] + common[1]
    left = np.flatnonzero(_is_rare(pooled[0], pooled[1], rows)[:, 0] & totals.any(axis=1))
    smallest = np.where(totals > 0, totals, np.inf).argmin(axis=1)[left]
    for side, rest in zip(common, pooled, strict=True):
        side[left, smallest] += rest[left, 0]
        rest[left] = 0.0
    return np.hstack((common[0], pooled[0])), np.hstack((common[1], pooled[1]))


def _is_rare(reference: Floats, windows: Floats, rows: Floats) -> Flags:
    least = LEAST_EXPECTED * rows.sum(axis=0) / np.maximum(rows.min(axis=0), 1.0)  # rows of both sides that give so many to the smaller
    totals = reference + windows
    rare: Flags = (totals > 0) & (totals < least[:, None])
    return rare & (np.where((rows[0] <= rows[1])[:, None], reference, windows) < CERTAINLY_COMMON) if rare.any() else rare
