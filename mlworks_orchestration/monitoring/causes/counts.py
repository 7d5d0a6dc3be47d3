"""Profiles of one column side by side, in few cells that they all share."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.comparison.cells import categorical_cells, grouped, numeric_cells, with_missing

Floats = NDArray[np.float64]


class Counted(NamedTuple):
    """Rows a cell.

    Parameters:
        table: rows a cell of each profile, shape (profiles, cells); the last cell is of missing values.
        ordered: whether the cells but for the last go from small to large values.
    """

    table: Floats
    ordered: bool


def count_cells(parts: Sequence[ColumnProfile], cells: int) -> Counted | None:
    """Count the rows of profiles in about `cells` cells, of about equal count in all of them together; None for types that have no cells.

    Parameters:
        parts: of one column.
        cells: at most so many, beside the one of missing values.

    Examples:
        >>> count_cells([NumericProfile.of(np.array([1.0, 2.0])), NumericProfile.of(np.array([2.0, 9.0, np.nan]))], 2).table.tolist()
        [[2.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
    """
    numbers = [part for part in parts if isinstance(part, NumericProfile)]
    categories = [part for part in parts if isinstance(part, CategoricalProfile)]
    if parts and len(numbers) == len(parts):
        return Counted(with_missing(grouped(numeric_cells(NumericProfile.merged(numbers), numbers), cells)).windows, ordered=True)
    if parts and len(categories) == len(parts):
        return Counted(with_missing(grouped(categorical_cells(CategoricalProfile.merged(categories), categories), cells)).windows, ordered=False)
    return None
