"""The total variation distance."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.groups import measure_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def distance(before: Floats, after: Floats) -> Floats:
    """Return half the sum of the changes of all shares: the share of rows that is elsewhere, 0 to 1 (Levin and Peres 2017, section 4.1).

    Parameters:
        before: shares, shape (groups,).
        after: shares, shape (windows, groups).

    Examples:
        >>> distance(np.array([0.5, 0.3, 0.2]), np.array([[0.5, 0.25, 0.25]])).round(3).tolist()
        [0.05]
    """
    found: Floats = np.minimum(np.abs(after - before).sum(axis=-1) / 2, 1.0)
    return found


def total_variation(cells: Cells) -> Measures:
    """Measure the distance of the shares of the reference's deciles or categories.

    Parameters:
        cells: of any column.
    """
    return measure_shares(cells, distance)


TOTAL_VARIATION = register(
    Statistic(
        name="total_variation",
        description="total variation: share of the rows that moved to another of the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=total_variation,
    )
)
