"""Counts of reference and windows side by side, in cells that are large enough to test."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.cells import Cells

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
        told: whether a change can be seen at all, shape (windows,).
    """

    reference: Floats
    windows: Floats
    told: NDArray[np.bool_]

    @property
    def freedom(self) -> Integers:
        """Degrees of freedom: one fewer than cells with rows, shape (windows,)."""
        occupied: Integers = np.count_nonzero(self.reference + self.windows, axis=1)
        return np.maximum(occupied - 1, 0)

    @property
    def chance(self) -> Floats:
        """What chance alone adds on average to the sum of (q - p)² / p over the cells, q and p being shares, shape (windows,)."""
        added: Floats = self.freedom * (1 / self.reference.sum(axis=1) + 1 / self.windows.sum(axis=1))
        return added

    def shares(self) -> tuple[Floats, Floats]:
        """Return the shares of the rows in each cell, reference and windows, each of shape (windows, cells)."""
        return self.reference / self.reference.sum(axis=1, keepdims=True), self.windows / self.windows.sum(axis=1, keepdims=True)


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
    occupied = np.count_nonzero(reference + windows, axis=1)
    rows = np.array([reference.sum(axis=1), windows.sum(axis=1)])
    rare = _is_rare(reference, windows, rows)
    pooled = [np.where(rare, side, 0.0).sum(axis=1, keepdims=True) for side in (reference, windows)]
    common = [np.where(rare, 0.0, side) for side in (reference, windows)]
    left = np.flatnonzero(_is_rare(pooled[0], pooled[1], rows)[:, 0] & (common[0] + common[1]).any(axis=1))
    totals = common[0] + common[1]
    smallest = np.where(totals > 0, totals, np.inf).argmin(axis=1)[left] if totals.size else left
    for side, rest in zip(common, pooled, strict=True):
        side[left, smallest] += rest[left, 0]
        rest[left] = 0.0
    table = Table(np.hstack((common[0], pooled[0])), np.hstack((common[1], pooled[1])), np.all(rows > 0, axis=0))
    return table._replace(told=table.told & ((table.freedom > 0) | (occupied == 1)))


def _is_rare(reference: Floats, windows: Floats, rows: Floats) -> NDArray[np.bool_]:
    total = rows.sum(axis=0)
    share = np.divide(rows.min(axis=0), total, out=np.zeros_like(total), where=total > 0)[:, None]
    smaller = np.where((rows[0] <= rows[1])[:, None], reference, windows)
    rare: NDArray[np.bool_] = ((reference + windows) * share < LEAST_EXPECTED) & (smaller < CERTAINLY_COMMON)
    return rare & (reference + windows > 0)
