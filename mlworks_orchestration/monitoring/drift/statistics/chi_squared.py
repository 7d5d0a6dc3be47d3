"""Pearson's chi-squared test of homogeneity on the counts of categories."""

from math import sqrt

from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.statistics.contingency import category_table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.record import Inconclusive, Result, Statistic

ALL_RARE = Inconclusive("nearly all rows lie in one category and the others are too rare to test")


def chi_squared(reference: ColumnProfile, current: ColumnProfile) -> Result | Inconclusive:
    """Test whether the categories have the same shares on both sides (Pearson 1900); missing counts as a category, an unseen category too.

    The effect is Cramér's V (1946) of the table with both sides given equal weight, so that it says the same whatever the two numbers of rows.

    Parameters:
        reference: categorical, with rows.
        current: categorical, with rows.

    Examples:
        >>> before, after = CategoricalProfile(0, {"EWR": 500, "JFK": 500}), CategoricalProfile(0, {"EWR": 700, "JFK": 300})
        >>> result = chi_squared(before, after)
        >>> round(result.value, 2), result.p_value < 1e-18, round(result.effect, 3)
        (83.33, True, 0.204)
    """
    if not (isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile)):
        message = "the chi-squared test compares categorical profiles"
        raise TypeError(message)
    table = category_table(reference, current)
    if table.shape[1] == 1:
        return Result(0.0, 1.0, 0.0)
    cells = pool_rare(table)
    if cells.shape[1] == 1:
        return ALL_RARE
    return _homogeneity(cells)


def _homogeneity(cells: Floats) -> Result:
    totals = cells.sum(axis=1, keepdims=True)
    expected = totals * cells.sum(axis=0) / totals.sum()
    value = float(((cells - expected) ** 2 / expected).sum())
    reference, current = cells / totals
    effect = sqrt(float(((reference - current) ** 2 / (reference + current)).sum()) / 2)
    return Result(value, float(chdtrc(cells.shape[1] - 1, value)), min(effect, 1.0))


CHI_SQUARED = Statistic(
    name="chi_squared",
    description="Pearson's chi-squared test that the categories have the same shares",
    types=frozenset({CategoricalProfile.type}),
    counts_missing=True,
    measure=chi_squared,
)
