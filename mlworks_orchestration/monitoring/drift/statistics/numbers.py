"""What the statistics of numbers need beside counts: finite values, and how far a value can be from the middle of its cell."""

from dataclasses import replace

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

NO_VALUES = "a side has no values"
"""Why a statistic of values cannot tell."""

NO_FINITE = "a side has no finite values"
"""Why a statistic of finite values cannot tell."""


def finite(cells: Cells) -> tuple[Cells, Floats]:
    """Return the cells of finite values, and those values, shape (cells,).

    Parameters:
        cells: of numbers, in order.

    Examples:
        >>> cells = Cells(np.ones(3), np.ones((1, 3)), 0.0, np.zeros(1), np.array([1.0, 2.0, np.inf]), None, np.zeros(3, dtype=bool))
        >>> finite(cells)[1].tolist()
        [1.0, 2.0]
    """
    if cells.values is None:
        message = "this statistic compares numbers"
        raise TypeError(message)
    inside = slice(*np.searchsorted(cells.values, [-np.finfo(np.float64).max, np.inf]))
    kept = cells.values[inside]
    if len(kept) == len(cells.values):
        return cells, kept
    return replace(cells, reference=cells.reference[inside], windows=cells.windows[:, inside], values=kept, mixed=cells.mixed[inside]), kept


def radii(cells: Cells, values: Floats) -> Floats:
    """Return how far a value can be from the middle of its cell, shape (cells,); 0 where the cell holds one distinct value.

    A cell is symmetric about its middle and ends before the next begins. Cells of the coarsest precision span one power of two, so no value is
    further off than a third of the middle.

    Parameters:
        cells: of a profile's own bins, finite.
        values: their middles, ascending.

    Examples:
        >>> cells = Cells(np.ones(3), np.ones((1, 3)), 0.0, np.zeros(1), None, None, np.array([True, True, False]))
        >>> radii(cells, np.array([9.0, 9.5, 30.0])).tolist()
        [0.5, 0.5, 0.0]
    """
    with np.errstate(over="ignore"):
        gaps = np.concatenate(([np.inf], np.diff(values), [np.inf]))
    nearest = np.minimum(np.minimum(gaps[:-1], gaps[1:]), np.abs(values) / 3 + np.finfo(np.float64).tiny)
    return np.where(cells.mixed, nearest, 0.0)
