"""Distances of shares: those of the reference's deciles or of the categories, missing rows being one more share."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import TENTHS, Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.effects import Distance, from_shift
from mlworks_orchestration.monitoring.drift.statistics.record import Measures

EMPTY = "a side has no rows"
"""Why shares cannot be compared."""


def measure_shares(cells: Cells, distance: Distance, chance: float = 0.0) -> Measures:
    """Measure a distance of shares; the effect is that of normals in deciles.

    Parameters:
        cells: of any column.
        distance: of shares.
        chance: c, where the distance's square exceeds its expectation without change by c (cells - 1) (1/n + 1/m), n and m being the numbers of rows;
            the effect is that of the rest. 0 for a distance whose expectation is not of this form.
    """
    both = cells.in_tenths
    with np.errstate(divide="ignore", invalid="ignore"):
        value = distance(*both.shares)
        beyond = np.sqrt(np.maximum(value**2 - _by_chance(both, chance), 0.0)) if chance else value
    return Measures(value, None, from_shift(beyond, distance, TENTHS), np.zeros_like(value), EMPTY).only(~np.isnan(value))


def _by_chance(cells: Cells, chance: float) -> Floats:
    occupied = (cells.reference + cells.windows > 0).sum(axis=1)
    found: Floats = chance * np.maximum(occupied - 1, 0) * (1 / np.float64(cells.present_reference) + 1 / cells.present)
    return found
