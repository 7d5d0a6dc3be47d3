"""The population stability index, on the reference's deciles or categories."""

from math import expm1

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.bins import Bins, Floats, Integers, coarsen
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.statistics.chi_squared import ALL_RARE
from mlworks_orchestration.monitoring.drift.statistics.contingency import category_table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.record import Inconclusive, Result, Statistic

GROUPS = 10
"""Into how many groups of equal size a numeric reference is cut."""

PSEUDOCOUNT = 0.5
"""Added to each count, so that an empty group gives a large index and not an infinite one (Jeffreys' prior)."""


def population_stability(reference: ColumnProfile, current: ColumnProfile) -> Result | Inconclusive:
    """Return the population stability index: the sum of (q - p) ln(q / p) over groups, p and q their shares (Siddiqi 2006).

    Groups are the reference's deciles or the categories; missing values are one more; groups too rare to test are pooled. If nothing changed, the
    index over 1/n + 1/m has a chi-squared distribution with one degree of freedom fewer than groups (Yurdakul and Naranjo 2020). The effect is
    1 - exp(-index), which is the index itself while it is small: a `min_effect` of 0.1 is the customary limit between no change and some.

    Parameters:
        reference: with rows.
        current: of the same type, with rows.

    Examples:
        >>> before, after = NumericProfile.of(np.arange(1000.0)), NumericProfile.of(np.arange(100.0, 1100.0))
        >>> result = population_stability(before, after)
        >>> round(result.value, 2), result.p_value < 1e-20, round(result.effect, 2)
        (0.6, True, 0.45)
    """
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        table = _decile_table(reference, current)
    elif isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile):
        table = category_table(reference, current)
    else:
        message = "the population stability index compares profiles of the same type"
        raise TypeError(message)
    if table.shape[1] == 1:
        return Result(0.0, 1.0, 0.0)
    cells = pool_rare(table)
    return ALL_RARE if cells.shape[1] == 1 else _index(cells)


def _index(cells: Floats) -> Result:
    totals = cells.sum(axis=1, keepdims=True)
    before, after = (cells + PSEUDOCOUNT) / (totals + PSEUDOCOUNT * cells.shape[1])
    value = float(((after - before) * np.log(after / before)).sum())  # no term is negative
    p_value = float(chdtrc(cells.shape[1] - 1, value / float((1 / totals).sum())))
    return Result(value, p_value, -expm1(-value))


def _decile_table(reference: NumericProfile, current: NumericProfile) -> Floats:
    precision = min(reference.bins.precision, current.bins.precision)
    before, after = coarsen(reference.bins, precision), coarsen(current.bins, precision)
    tops = _decile_tops(before)
    counts = [[*_rows_by_group(side, tops), missing] for side, missing in ((before, reference.missing), (after, current.missing))]
    table = np.array(counts, dtype=np.float64)
    return table[:, table.any(axis=0)]


def _decile_tops(reference: Bins) -> Integers:
    """Return the highest bin of each group but the last; ties make fewer groups."""
    if not len(reference.keys):
        return np.array([], dtype=np.int64)
    cumulated = np.cumsum(reference.counts)
    ranks = np.arange(1, GROUPS) * cumulated[-1] / GROUPS
    return np.unique(reference.keys[np.searchsorted(cumulated, ranks)])


def _rows_by_group(side: Bins, tops: Integers) -> Integers:
    ends = np.searchsorted(side.keys, tops, side="right")
    cumulated = np.concatenate(([0], np.cumsum(side.counts)))
    return np.diff(np.concatenate(([0], cumulated[ends], cumulated[-1:])))


PSI = Statistic(
    name="psi",
    description="population stability index over the reference's deciles or categories",
    types=frozenset({NumericProfile.type, CategoricalProfile.type}),
    counts_missing=True,
    measure=population_stability,
)
