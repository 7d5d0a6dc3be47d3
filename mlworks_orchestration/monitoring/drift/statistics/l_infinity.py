"""The largest change of a share."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.groups import measure_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def distance(before: Floats, after: Floats) -> Floats:
    """Return the largest change of a share, 0 to 1: the Chebyshev distance of the shares (Breck et al., MLSys 2019, section 3.2).

    Parameters:
        before: shares, shape (groups,).
        after: shares, shape (windows, groups).

    Examples:
        >>> distance(np.array([0.5, 0.3, 0.2]), np.array([[0.4, 0.25, 0.35]])).round(3).tolist()
        [0.15]
    """
    found: Floats = np.abs(after - before).max(axis=-1, initial=0.0)
    return found


def l_infinity(cells: Cells) -> Measures:
    """Measure the largest change among the reference's deciles or categories.

    Parameters:
        cells: of any column.
    """
    return measure_shares(cells, distance)


L_INFINITY = register(
    Statistic(
        name="l_infinity",
        description="largest change of the share of one of the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=l_infinity,
    )
)
