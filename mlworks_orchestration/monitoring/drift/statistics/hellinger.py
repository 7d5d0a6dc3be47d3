"""The Hellinger distance."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.groups import measure_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def distance(before: Floats, after: Floats) -> Floats:
    """Return the Hellinger distance, the root of half the sum of (sqrt q - sqrt p)², 0 to 1 (Hellinger 1909; Le Cam and Yang 2000).

    Parameters:
        before: shares, shape (groups,).
        after: shares, shape (windows, groups).

    Examples:
        >>> distance(np.array([0.5, 0.5]), np.array([[0.5, 0.5], [0.02, 0.98]])).round(3).tolist()
        [0.0, 0.447]
    """
    found: Floats = np.sqrt(np.minimum(np.square(np.sqrt(after) - np.sqrt(before)).sum(axis=-1) / 2, 1.0))
    return found


def hellinger(cells: Cells) -> Measures:
    """Measure the distance of the shares of the reference's deciles or categories.

    Parameters:
        cells: of any column.
    """
    return measure_shares(cells, distance, chance=1 / 8)


HELLINGER = register(
    Statistic(
        name="hellinger",
        description="Hellinger distance of the shares of the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=hellinger,
    )
)
