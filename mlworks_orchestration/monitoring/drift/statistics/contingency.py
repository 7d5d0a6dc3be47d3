"""Counts of reference and current side by side, in cells that are large enough to test."""

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import Cells

LEAST_EXPECTED = 5
"""Fewest rows that a cell must be expected to have on the smaller side for the chi-squared distribution to hold (Cochran 1954)."""

CERTAINLY_COMMON = 20
"""So many rows are hardly ever found where fewer than five are expected (about once in 10 million): such a cell is news, not noise."""


def category_table(cells: Cells, window: int) -> Floats:
    """Return the rows by category, missing being one of them.

    Returns:
        shape (2, categories), the reference first; categories that occur on either side.
    """
    rows = [np.append(cells.reference, cells.missing_reference), np.append(cells.windows[window], cells.missing[window])]
    table = np.array(rows, dtype=np.float64)
    return table[:, table.any(axis=0)]


def pool_rare(table: Floats) -> Floats:
    """Pool the cells that are too rare to test, so that few rows in many categories make no alarm.

    A cell is rare if its expected count on the smaller side is below 5, unless 20 or more were found there: on a small side, a category that
    the large one has never seen is expected to stay away, and is the very thing to find. If all rare cells together are still rare, they join the
    smallest of the others.

    Parameters:
        table: counts, shape (2, cells), no cell empty on both sides.

    Returns:
        shape (2, fewer cells).

    Examples:
        >>> pool_rare(np.array([[90.0, 100.0, 6.0, 4.0], [95.0, 99.0, 2.0, 4.0]]))
        array([[ 90., 100.,  10.],
               [ 95.,  99.,   6.]])
    """
    totals = table.sum(axis=1)
    smaller = int(totals.argmin())
    rare = _is_rare(table, smaller, totals)
    if not rare.any():
        return table
    common, pooled = table[:, ~rare], table[:, rare].sum(axis=1, keepdims=True)
    if not common.size or not _is_rare(pooled, smaller, totals)[0]:
        return np.hstack((common, pooled))
    common[:, common.sum(axis=0).argmin()] += pooled[:, 0]
    return common


def _is_rare(cells: Floats, smaller: int, totals: Floats) -> NDArray[np.bool_]:
    expected = cells.sum(axis=0) * (totals[smaller] / totals.sum())
    rare: NDArray[np.bool_] = (expected < LEAST_EXPECTED) & (cells[smaller] < CERTAINLY_COMMON)
    return rare
