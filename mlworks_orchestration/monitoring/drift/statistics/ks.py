"""The two-sample Kolmogorov-Smirnov statistic."""

import numpy as np
from scipy.special import kolmogorov

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.effects import from_overlap
from mlworks_orchestration.monitoring.drift.statistics.numbers import NO_VALUES
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def kolmogorov_smirnov(cells: Cells) -> Measures:
    """Measure the largest distance between the cumulative distributions.

    It is taken at the ends of the cells, so it never exceeds the exact distance. Within a cell that may hold several values the distributions can be
    further apart, by no more than the cell's rows allow: that is the bound. The p-value is the asymptotic one (Smirnov 1948,
    `scipy.stats.kstwobign`) with Stephens' correction for small samples (1970); with ties it errs towards no drift.

    Parameters:
        cells: of numbers.

    Examples:
        >>> before, after = np.repeat([2.0, 1.0], 100), np.repeat([1.0, 3.0], 100)
        >>> found = kolmogorov_smirnov(Cells(before, after[None], 0.0, np.zeros(1), np.arange(200.0), None, np.zeros(200, dtype=bool)))
        >>> found.value.round(3).tolist(), found.effect.round(2).tolist(), found.bound.tolist()
        ([0.417], [1.1], [0.0])
    """
    n, m = cells.present_reference, cells.present
    # Whole numbers below 2**53, so that no rounding hides that two sides are alike.
    gaps = cells.reference * m[:, None]
    gaps -= cells.windows * n
    np.cumsum(gaps, axis=1, out=gaps)
    largest = np.maximum(gaps.max(axis=1, initial=0.0), -gaps.min(axis=1, initial=0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = largest / (n * m)
        bound = np.maximum(_largest_within(cells, gaps) - largest, 0.0) / (n * m)
        root = np.sqrt(n * m / (n + m))
        p_value = kolmogorov((root + 0.12 + 0.11 / root) * distance)
    return Measures(distance, p_value, from_overlap(distance), bound, NO_VALUES)


def _largest_within(cells: Cells, gaps: Floats) -> Floats:
    """Return the largest gap that can be within a mixed cell: where all of one side's values come before the other's."""
    n, m = cells.present_reference, cells.present
    if not cells.mixed.any():
        return np.zeros_like(m)
    mixed = cells.are_mixed
    ends = gaps[:, mixed]
    highest = np.max(ends + cells.windows[:, mixed] * n, axis=1)  # the reference's all, the window's none yet
    lowest = np.min(ends - cells.reference[mixed] * m[:, None], axis=1)
    within: Floats = np.maximum(highest, -lowest)
    return within


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
