"""Counts of a reference and of windows side by side, in the same cells: what every statistic of a numeric or categorical column is computed from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.comparison.kept import Kept, kept
from mlworks_orchestration.monitoring.drift.profiles.bins import EXACT, Floats, Integers, centers
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.sums import aligned

Flags = NDArray[np.bool_]

TENTHS = 10
"""Into how many groups of equal share a reference of numbers is cut."""

OTHER = "(other)"
"""What the pool of all categories that have no cell of their own is called."""

MISSING = "missing"
"""What the cell of rows without a value is called."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Rows a cell, of the reference and of one or more windows.

    Parameters:
        reference: rows a cell, shape (cells,).
        windows: rows a cell of each window, shape (windows, cells).
        missing_reference: rows of the reference without a value.
        missing: rows without a value of each window, shape (windows,).
        values: the middle of each cell, ascending, shape (cells,); None for categories.
        names: the categories, None for numbers.
        mixed: which cells may hold more than one distinct value, shape (cells,).
        kept: what is certain of categories where a side pools some; None where all are counted.
    """

    reference: Floats
    windows: Floats
    missing_reference: float
    missing: Floats
    values: Floats | None
    names: tuple[str, ...] | None
    mixed: Flags
    kept: Kept | None = None

    @cached_property
    def present_reference(self) -> float:
        """Rows of the reference that have a value."""
        return float(self.reference.sum())

    @cached_property
    def present(self) -> Floats:
        """Rows of each window that have a value, shape (windows,)."""
        present: Floats = self.windows.sum(axis=1)
        return present

    @cached_property
    def are_mixed(self) -> Integers | slice:
        """Positions of the cells that may hold more than one distinct value."""
        return slice(None) if self.mixed.all() else np.flatnonzero(self.mixed)

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """Shares of the rows that have a value: the reference's, shape (cells,), and each window's, shape (windows, cells); NaN if there are none."""
        with np.errstate(invalid="ignore"):
            return self.reference / self.present_reference, self.windows / self.present[:, None]

    @cached_property
    def in_tenths(self) -> "Cells":
        """Numbers in the reference's deciles and categories as they are, missing being one more: what several statistics compare."""
        return with_missing(self if self.values is None else grouped(self, TENTHS))


def numeric_cells(reference: NumericProfile, windows: Sequence[NumericProfile]) -> Cells:
    """Count a numeric column's reference and windows in the finest bins that all of them have.

    Parameters:
        reference: of any rows.
        windows: one or more.

    Examples:
        >>> cells = numeric_cells(NumericProfile.of(np.array([1.0, 2.0, 2.0])), [NumericProfile.of(np.array([2.0, 5.0, np.nan]))])
        >>> cells.values.tolist(), cells.reference.tolist(), cells.windows.tolist(), cells.missing.tolist()
        ([1.0, 2.0, 5.0], [1.0, 2.0, 0.0], [[0.0, 1.0, 1.0]], [1.0])
    """
    sides = [reference, *windows]
    bins, table = aligned([side.bins for side in sides])
    missing = np.array([side.missing for side in sides], dtype=np.float64)
    return Cells(table[0], table[1:], float(missing[0]), missing[1:], centers(bins), None, (bins.precision < EXACT) & (bins.counts > 1))


def categorical_cells(reference: CategoricalProfile, windows: Sequence[CategoricalProfile]) -> Cells:
    """Count the reference and windows of a column of categories, in the categories that any of them has, in alphabetical order.

    Where a side has more than it can keep, all categories but those that it keeps are one cell, the last, `OTHER`.

    Parameters:
        reference: of any rows.
        windows: one or more.

    Examples:
        >>> cells = categorical_cells(CategoricalProfile(0, {"EWR": 2, "JFK": 1}), [CategoricalProfile(1, {"LGA": 4})])
        >>> cells.names, cells.reference.tolist(), cells.windows.tolist(), cells.missing.tolist()
        (('EWR', 'JFK', 'LGA'), [2.0, 1.0, 0.0], [[0.0, 0.0, 4.0]], [1.0])
    """
    sides = [reference, *windows]
    names = sorted(set().union(*(side.counts for side in sides)))
    pooling = [side for side in sides if side.other]
    if pooling:  # a count that one side does not know cannot be compared
        names = [name for name in names if all(name in side.counts for side in pooling)]
    table = np.array([[side.counts.get(name, 0) for name in names] for side in sides], dtype=np.float64)
    if pooling:
        rest = np.array([side.present for side in sides]) - table.sum(axis=1)
        names, table = [*names, OTHER], np.column_stack((table, rest))
    missing = np.array([side.missing for side in sides], dtype=np.float64)
    mixed = np.array([name == OTHER for name in names], dtype=np.bool_) & bool(pooling)
    return Cells(table[0], table[1:], float(missing[0]), missing[1:], None, tuple(names), mixed, kept(sides))


def grouped(cells: Cells, groups: int = TENTHS) -> Cells:
    """Pool cells into few groups that the reference alone decides.

    Neighbouring numbers are pooled into groups of about equal count in the reference (ties make fewer); a group's value is the reference's mean in
    it. Of categories, the most frequent of the reference are kept and the others become one, `OTHER`.

    Parameters:
        cells: of any column.
        groups: at most so many.

    Examples:
        >>> cells = numeric_cells(NumericProfile.of(np.arange(8.0)), [NumericProfile.of(np.array([2.0, 9.0]))])
        >>> halves = grouped(cells, 2)
        >>> halves.reference.tolist(), halves.windows.tolist(), halves.values.tolist()
        ([4.0, 4.0], [[1.0, 1.0]], [1.5, 5.5])
    """
    if cells.values is None:
        return _most_frequent(cells, groups)
    if not cells.reference.size:
        return cells
    cumulated = np.cumsum(cells.reference)
    tops = np.unique(np.searchsorted(cumulated, np.arange(1, groups) * (cumulated[-1] / groups)))
    starts = np.concatenate(([0], tops[tops < len(cumulated) - 1] + 1))
    reference = np.add.reduceat(cells.reference, starts)
    sizes = np.diff(np.append(starts, len(cumulated)))
    with np.errstate(over="ignore", invalid="ignore"):  # infinities among the values, and groups that the reference leaves empty
        weights = np.where(np.repeat(reference > 0, sizes), cells.reference, 1.0)
        values = np.add.reduceat(np.where(weights > 0, cells.values * weights, 0.0), starts) / np.add.reduceat(weights, starts)
    ends = np.append(starts[1:], len(cumulated)) - 1
    values = np.where(np.isnan(values), cells.values[ends], np.clip(values, cells.values[starts], cells.values[ends]))
    mixed = np.logical_or.reduceat(cells.mixed, starts) | (sizes > 1)
    return replace(cells, reference=reference, windows=np.add.reduceat(cells.windows, starts, axis=1), values=values, mixed=mixed)


def with_missing(cells: Cells) -> Cells:
    """Make missing rows one more cell, the last; what is left are shares without values.

    Parameters:
        cells: of any column.

    Examples:
        >>> cells = categorical_cells(CategoricalProfile(3, {"EWR": 2}), [CategoricalProfile(1, {"EWR": 4})])
        >>> both = with_missing(cells)
        >>> both.names, both.reference.tolist(), both.windows.tolist(), both.missing_reference
        (('EWR', 'missing'), [2.0, 3.0], [[4.0, 1.0]], 0.0)
    """
    return Cells(
        reference=np.append(cells.reference, cells.missing_reference),
        windows=np.hstack((cells.windows, cells.missing[:, None])),
        missing_reference=0.0,
        missing=np.zeros_like(cells.missing),
        values=None,
        names=None if cells.names is None else (*cells.names, MISSING),
        mixed=np.append(cells.mixed, False),
    )


def _most_frequent(cells: Cells, groups: int) -> Cells:
    if len(cells.reference) <= groups:
        return cells
    kept = np.sort(np.argsort(-cells.reference, kind="stable")[: groups - 1])
    rest = np.delete(np.arange(len(cells.reference)), kept)
    pooled = cells.windows[:, rest].sum(axis=1, keepdims=True)
    return replace(
        cells,
        reference=np.append(cells.reference[kept], cells.reference[rest].sum()),
        windows=np.hstack((cells.windows[:, kept], pooled)),
        names=None if cells.names is None else (*(cells.names[index] for index in kept), OTHER),
        mixed=np.append(cells.mixed[kept], True),
    )
