"""The population stability index, on the reference's deciles or categories."""

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import Cells
from mlworks_orchestration.monitoring.drift.effects import LARGEST
from mlworks_orchestration.monitoring.drift.statistics.contingency import category_table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register

GROUPS = 10
"""Into how many groups of equal size a numeric reference is cut."""

PSEUDOCOUNT = 0.5
"""Added to each count, so that an empty group gives a large index and not an infinite one (Jeffreys' prior)."""


def population_stability(cells: Cells) -> Measures:
    """Return the population stability index: the sum of (q - p) ln(q / p) over groups, p and q their shares (Siddiqi 2006)."""
    found = np.array([_one(_grouped(category_table(cells, window), numeric=cells.values is not None)) for window in range(len(cells.windows))])
    effect = np.minimum(np.sqrt(np.maximum(found[:, 0], 0.0)), LARGEST)
    return Measures(found[:, 0], found[:, 1], effect, np.zeros(len(found)), reason="too rare to test")


def _grouped(table: Floats, *, numeric: bool) -> Floats:
    if not numeric or table.shape[1] <= GROUPS:
        return table
    cumulated = np.cumsum(table[0])
    starts = np.unique(np.searchsorted(cumulated, np.arange(GROUPS) * cumulated[-1] / GROUPS, side="right"))
    return np.add.reduceat(table, starts, axis=1)


def _one(table: Floats) -> tuple[float, float]:
    if table.shape[1] == 1:
        return 0.0, 1.0
    pooled = pool_rare(table)
    if pooled.shape[1] == 1:
        return np.nan, np.nan
    totals = pooled.sum(axis=1, keepdims=True)
    before, after = (pooled + PSEUDOCOUNT) / (totals + PSEUDOCOUNT * pooled.shape[1])
    value = float(((after - before) * np.log(after / before)).sum())
    return value, float(chdtrc(pooled.shape[1] - 1, value / float((1 / totals).sum())))


PSI = register(
    Statistic(
        name="psi",
        description="population stability index over the reference's deciles or categories",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=population_stability,
    )
)
