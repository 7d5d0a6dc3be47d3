"""Pearson's chi-squared test of homogeneity on the counts of categories."""

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import Cells
from mlworks_orchestration.monitoring.drift.effects import from_overlap
from mlworks_orchestration.monitoring.drift.statistics.contingency import category_table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def chi_squared(cells: Cells) -> Measures:
    """Test whether the categories have the same shares on both sides (Pearson 1900); missing counts as a category, an unseen category too."""
    found = np.array([_one(category_table(cells, window)) for window in range(len(cells.windows))])
    return Measures(found[:, 0], found[:, 1], from_overlap(found[:, 2]), np.zeros(len(found)), reason="too rare to test")


def _one(table: Floats) -> tuple[float, float, float]:
    if table.shape[1] == 1:
        return 0.0, 1.0, 0.0
    pooled = pool_rare(table)
    if pooled.shape[1] == 1:
        return np.nan, np.nan, np.nan
    totals = pooled.sum(axis=1, keepdims=True)
    expected = totals * pooled.sum(axis=0) / totals.sum()
    value = float(((pooled - expected) ** 2 / expected).sum())
    before, after = pooled / totals
    return value, float(chdtrc(pooled.shape[1] - 1, value)), float(np.abs(before - after).sum() / 2)


CHI_SQUARED = register(
    Statistic(
        name="chi_squared",
        description="Pearson's chi-squared test that the categories have the same shares",
        types=frozenset({"categorical"}),
        counts_missing=True,
        measure=chi_squared,
        decides=True,
    )
)
