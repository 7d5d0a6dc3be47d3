"""Counts of a reference and of windows side by side, in the same cells: what every statistic of a numeric or categorical column is computed from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.bins import Floats

Flags = NDArray[np.bool_]


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
    """

    reference: Floats
    windows: Floats
    missing_reference: float
    missing: Floats
    values: Floats | None
    names: tuple[str, ...] | None
    mixed: Flags

    @cached_property
    def present_reference(self) -> float:
        """Rows of the reference that have a value."""
        return float(self.reference.sum())

    @cached_property
    def present(self) -> Floats:
        """Rows of each window that have a value, shape (windows,)."""
        present: Floats = self.windows.sum(axis=1)
        return present
