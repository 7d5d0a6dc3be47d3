"""Distances of shares: those of the reference's deciles or of the categories, missing rows being one more share."""

import numpy as np

from mlworks_orchestration.monitoring.drift.cells import Cells, grouped, with_missing
from mlworks_orchestration.monitoring.drift.effects import Distance, from_shift
from mlworks_orchestration.monitoring.drift.statistics.record import Measures

GROUPS = 10
"""Into how many groups of equal share a reference of numbers is cut."""

EMPTY = "a side has no rows"
"""Why shares cannot be compared."""


def in_groups(cells: Cells) -> Cells:
    """Return numbers in the reference's deciles and categories as they are, missing being one more.

    The groups are made of whole cells and depend on the reference alone, so their counts are exact.
    """
    return with_missing(cells if cells.values is None else grouped(cells, GROUPS))


def measure_shares(cells: Cells, distance: Distance, chance: float = 0.0) -> Measures:
    """Measure a distance of shares; the effect is that of normals in deciles.

    Parameters:
        cells: of any column.
        distance: of shares.
        chance: c, where the distance's square exceeds its expectation without change by c (cells - 1) (1/n + 1/m), n and m being the numbers of rows;
            the effect is that of the rest. 0 for a distance whose expectation is not of this form.
    """
    both = in_groups(cells)
    n, m = np.float64(both.present_reference), both.present
    with np.errstate(divide="ignore", invalid="ignore"):
        value = distance(both.reference / n, both.windows / m[:, None])
        occupied = np.count_nonzero(both.reference + both.windows, axis=1)
        beyond = np.sqrt(np.maximum(value**2 - chance * np.maximum(occupied - 1, 0) * (1 / n + 1 / m), 0.0))
    return Measures(value, None, from_shift(beyond, distance, GROUPS), np.zeros_like(value), EMPTY).only(~np.isnan(value))
