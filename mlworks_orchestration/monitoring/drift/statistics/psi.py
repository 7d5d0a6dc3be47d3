"""The population stability index, on the reference's deciles or categories."""

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.comparison.cells import TENTHS, Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.contingency import ALL_RARE, Table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shift
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register

PSEUDOCOUNT = 0.5
"""Added to each count, so that an empty group gives a large index and not an infinite one (Jeffreys' prior)."""


def index(before: Floats, after: Floats) -> Floats:
    """Return the population stability index of shares, none of them 0: the sum of (q - p) ln(q / p) (Siddiqi 2006; Jeffreys 1946).

    Parameters:
        before: shares, shape (groups,) or (windows, groups).
        after: shares, shape (windows, groups).

    Examples:
        >>> index(np.array([0.5, 0.5]), np.array([[0.7, 0.3]])).round(4).tolist()
        [0.1695]
    """
    terms = (after - before) * np.log(after / before)  # none is negative
    total: Floats = terms.sum(axis=-1)
    return total


def population_stability(cells: Cells) -> Measures:
    """Measure the index over the reference's deciles or the categories; missing values are one more, and groups too rare to test are pooled.

    If nothing changed, the index over 1/n + 1/m has a chi-squared distribution with one degree of freedom fewer than groups (Yurdakul and Naranjo
    2020). The effect is that of the index less what chance alone gives on average.

    Parameters:
        cells: of any column.
    """
    table = pool_rare(cells.in_tenths)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = _smoothed(table)
        p_value = np.where(table.freedom > 0, chdtrc(table.freedom, value * table.freedom / table.chance), 1.0)
        effect = from_shift(np.maximum(value - table.chance, 0.0), index, TENTHS)
    return Measures(value, p_value, effect, np.zeros_like(value), ALL_RARE).only(table.told)


def _smoothed(table: Table) -> Floats:
    occupied = table.reference + table.windows > 0
    added = PSEUDOCOUNT * occupied
    before, after = (
        np.where(occupied, (side + added) / (rows[:, None] + added.sum(axis=1, keepdims=True)), 1.0)
        for side, rows in ((table.reference, table.rows[0]), (table.windows, table.rows[1]))
    )
    return index(before, after)


PSI = register(
    Statistic(
        name="psi",
        description="population stability index over the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=population_stability,
    )
)
