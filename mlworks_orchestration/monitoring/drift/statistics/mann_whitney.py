"""The Mann-Whitney test."""

import numpy as np
from scipy.special import ndtr

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.effects import from_superiority
from mlworks_orchestration.monitoring.drift.statistics.numbers import NO_VALUES
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def mann_whitney(cells: Cells) -> Measures:
    """Measure the probability that a window's value exceeds one of the reference, ties counting half: U / (n m) (Mann and Whitney 1947).

    The p-value is that of the normal approximation, corrected for ties and for continuity (Lehmann 1975, section 1.4), two-sided. Rows of both sides
    in one mixed cell count as ties: the bound is half their share of the pairs.

    Parameters:
        cells: of numbers.

    Examples:
        >>> rows = np.array([9.0, 9.0, 0.0]), np.array([[0.0, 9.0, 9.0]])
        >>> found = mann_whitney(Cells(*rows, 0.0, np.zeros(1), np.arange(3.0), None, np.zeros(3, dtype=bool)))
        >>> found.value.tolist(), found.p_value.round(5).tolist()
        ([0.875], [3e-05])
    """
    n, m = cells.present_reference, cells.present
    below = np.cumsum(cells.reference) - cells.reference / 2
    wins = (cells.windows * below).sum(axis=1)
    tied = (cells.windows[:, cells.are_mixed] * cells.reference[cells.are_mixed]).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = wins / (n * m)
        deviation = np.maximum(np.abs(wins - n * m / 2) - 0.5, 0.0) / _spread(cells, n, m)
        p_value = np.where(np.isnan(deviation), 1.0, np.minimum(2 * ndtr(-deviation), 1.0))  # all tied, there is no deviation
        bound = tied / (2 * n * m)
    return Measures(value, p_value, from_superiority(value), bound, NO_VALUES).only(~np.isnan(value))


def _spread(cells: Cells, n: float, m: Floats) -> Floats:
    """Return the standard deviation of U if nothing changed, given the ties."""
    rows = n + m
    ties = cells.windows + cells.reference
    excess = (ties * ties * ties).sum(axis=1) - rows
    spread: Floats = np.sqrt(np.maximum(n * m / 12 * (rows + 1 - excess / (rows * (rows - 1))), 0.0))
    return spread


MANN_WHITNEY = register(
    Statistic(
        name="mann_whitney",
        description="Mann-Whitney: probability that a value of the window exceeds one of the reference",
        types=frozenset({"numeric", "datetime"}),
        counts_missing=False,
        measure=mann_whitney,
    )
)
