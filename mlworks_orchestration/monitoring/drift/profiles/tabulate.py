"""Tables of a target by cells of a feature: pooling them, and how strongly they hang together."""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers

OTHER = "(other)"
"""What the pool of all categories that have no cell of their own is called."""


def pooled_moments(counts: Floats, means: Floats, squares: Floats, cell: Integers, cells: int) -> tuple[Floats, Floats, Floats]:
    """Return the counts and moments of cells pooled (Chan, Golub and LeVeque 1979).

    Parameters:
        counts: rows by cell and class, shape (cells, classes).
        means: of the target, shape (cells,).
        squares: sum of its squared distances from them, shape (cells,).
        cell: the new cell of each, shape (cells,).
        cells: how many new ones there are.

    Examples:
        >>> pooled_moments(np.array([[1.0], [3.0]]), np.array([5.0, 1.0]), np.array([0.0, 2.0]), np.array([0, 0]), 1)
        (array([[4.]]), array([2.]), array([14.]))
    """
    table = np.zeros((cells, counts.shape[1]))
    np.add.at(table, cell, counts)
    rows = counts.sum(axis=1)
    center = np.bincount(cell, weights=rows * means, minlength=cells) / np.maximum(table.sum(axis=1), 1)
    spread = np.bincount(cell, weights=squares + rows * np.square(means - center[cell]), minlength=cells).astype(np.float64)
    return table, center, spread


def in_classes(counts: Floats, names: Sequence[str], wanted: Sequence[str]) -> Floats:
    """Return counts by class in other, more or pooled, classes.

    Parameters:
        counts: shape (cells, classes).
        names: of the classes, each one of those wanted.
        wanted: names of the columns to return; none if the target has no classes.
    """
    if not wanted:
        return counts
    table = np.zeros((len(counts), len(wanted)))
    np.add.at(table.T, [wanted.index(name) for name in names], counts.T)
    return table


def with_rare_pooled(names: NDArray[Any], rows: Floats, most: int) -> NDArray[Any]:
    """Return names with all but the most frequent replaced by `OTHER`; of equally frequent ones the first stay.

    Parameters:
        names: ascending.
        rows: of each.
        most: names that may be left, `OTHER` among them.

    Examples:
        >>> with_rare_pooled(np.array(["a", "b", "c"], dtype=object), np.array([1.0, 5.0, 2.0]), 2).tolist()
        ['(other)', 'b', '(other)']
    """
    if len(names) <= most:
        return names
    pooled = names == OTHER
    order = np.lexsort((np.arange(len(names)), -rows, pooled))
    renamed = names.copy()
    renamed[order[most - 1 :]] = OTHER
    return renamed


def cramers_v(counts: Floats) -> float:
    """Return Cramér's V, 0 to 1, without the bias that many cells have (Bergsma 2013); 0 where nothing varies.

    Parameters:
        counts: the contingency table.

    Examples:
        >>> cramers_v(np.array([[30.0, 0.0], [0.0, 30.0]])), cramers_v(np.array([[30.0, 30.0], [30.0, 30.0]]))
        (1.0, 0.0)
    """
    table = counts[counts.any(axis=1)][:, counts.any(axis=0)]
    n, (r, c) = table.sum(), table.shape
    if min(r, c) < 2 or n < 2:  # noqa: PLR2004 - one row or column has nothing to go with
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    squared = max(0.0, float((np.square(table - expected) / expected).sum()) / n - (r - 1) * (c - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return min(1.0, sqrt(squared / smaller)) if smaller > 0 else 0.0
