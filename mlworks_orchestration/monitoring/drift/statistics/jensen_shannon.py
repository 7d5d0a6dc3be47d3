"""The Jensen-Shannon distance."""

from math import log

import numpy as np
from scipy.special import rel_entr

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.groups import measure_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def distance(before: Floats, after: Floats) -> Floats:
    """Return the square root of the Jensen-Shannon divergence in bits, 0 to 1 (Lin 1991; Endres and Schindelin 2003).

    Parameters:
        before: shares, shape (groups,).
        after: shares, shape (windows, groups).

    Examples:
        >>> distance(np.array([0.5, 0.5, 0.0]), np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])).tolist()
        [0.0, 1.0]
    """
    middle = (before + after) / 2
    divergence = (rel_entr(before, middle) + rel_entr(after, middle)).sum(axis=-1) / log(4)
    found: Floats = np.sqrt(np.clip(divergence, 0.0, 1.0))
    return found


def jensen_shannon(cells: Cells) -> Measures:
    """Measure the distance of the shares of the reference's deciles or categories.

    Parameters:
        cells: of any column.
    """
    return measure_shares(cells, distance, chance=1 / (8 * log(2)))


JENSEN_SHANNON = register(
    Statistic(
        name="jensen_shannon",
        description="Jensen-Shannon distance of the shares of the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=jensen_shannon,
    )
)
