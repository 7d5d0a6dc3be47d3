"""The two-sample Kolmogorov-Smirnov statistic."""

import numpy as np
from scipy.special import kolmogorov

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import Cells
from mlworks_orchestration.monitoring.drift.effects import from_overlap
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def kolmogorov_smirnov(cells: Cells) -> Measures:
    """Return the largest distance between the cumulative distributions.

    It is taken at the ends of the cells, so it never exceeds the exact distance. Within a cell that may hold several values the distributions can be
    further apart, by no more than the cell's rows allow: that is the bound. The p-value is the asymptotic one (Smirnov 1948,
    `scipy.stats.kstwobign`) with Stephens' correction for small samples (1970); with ties it errs towards no drift.

    Parameters:
        cells: of numbers.

    Examples:
        >>> low, high = np.repeat([1.0, 0.0], 100), np.repeat([0.0, 1.0], 100)
        >>> ones = np.zeros(200, dtype=bool)
        >>> found = kolmogorov_smirnov(Cells(low + high, (low + 3 * high)[None], 0.0, np.zeros(1), np.arange(200.0), None, ones))
        >>> found.value.tolist(), found.effect.round(2).tolist(), found.bound.tolist()
        ([0.25], [0.64], [0.0])
    """
    n, m = cells.present_reference, cells.present
    with np.errstate(divide="ignore", invalid="ignore"):
        # Whole numbers below 2**53, so that no rounding hides that two sides are alike.
        gaps = np.cumsum(cells.reference * m[:, None] - cells.windows * n, axis=1)
        distance = np.abs(gaps).max(axis=1, initial=0.0) / (n * m)
        bound = _highest_within(cells, gaps) / (n * m) - distance
        root = np.sqrt(n * m / (n + m))
        p_value = kolmogorov((root + 0.12 + 0.11 / root) * distance)
    return Measures(distance, p_value, from_overlap(distance), np.maximum(bound, 0.0), reason="a side has no values")


def _highest_within(cells: Cells, gaps: Floats) -> Floats:
    """Return the largest gap that the values could have within a mixed cell: all of one side's before the first of the other's."""
    n, m = cells.present_reference, cells.present[:, None]
    before = np.pad(gaps[:, :-1], ((0, 0), (1, 0)))
    up, down = before + cells.reference * m, before - cells.windows * n
    within = np.where(cells.mixed, np.maximum(np.abs(up), np.abs(down)), 0.0)
    highest: Floats = within.max(axis=1, initial=0.0)
    return highest


KS = register(
    Statistic(
        name="ks",
        description="Kolmogorov-Smirnov: largest distance between the cumulative distributions",
        types=frozenset({"numeric", "datetime"}),
        counts_missing=False,
        measure=kolmogorov_smirnov,
        decides=True,
    )
)
