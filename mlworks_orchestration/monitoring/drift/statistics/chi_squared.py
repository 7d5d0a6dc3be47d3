"""Pearson's chi-squared test of homogeneity on the counts of categories."""

import numpy as np
from scipy.special import chdtrc

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, with_missing
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.certain import Certain, certain
from mlworks_orchestration.monitoring.drift.statistics.contingency import ALL_RARE, Table, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shift
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def association(before: Floats, after: Floats) -> Floats:
    """Return Cramér's V (1946) of which side a row is from with its category, both sides given equal weight, 0 to 1.

    Parameters:
        before: shares, shape (categories,) or (windows, categories).
        after: shares, shape (windows, categories).

    Examples:
        >>> association(np.array([0.5, 0.5, 0.0]), np.array([[0.7, 0.3, 0.0], [0.0, 0.0, 1.0]])).round(3).tolist()
        [0.204, 1.0]
    """
    both = before + after
    terms = np.divide(np.square(after - before), both, out=np.zeros_like(both), where=both > 0)
    found: Floats = np.sqrt(np.minimum(terms.sum(axis=-1) / 2, 1.0))
    return found


def effect_of(table: Table) -> Floats:
    """Return the effect of what `association` has beyond chance, which adds (cells - 1) (1/n + 1/m) / 4 to its square on average."""
    squared = np.square(association(*table.shares())) - table.chance / 4
    return from_shift(np.sqrt(np.maximum(squared, 0.0)), association)


def chi_squared(cells: Cells) -> Measures:
    """Test whether the categories have the same shares on both sides (Pearson 1900); missing counts as a category, an unseen category too.

    Categories that are too rare to test are pooled. The effect is that of `association`, so that it says the same whatever the numbers of rows.
    Where a side has more categories than it keeps, it is what is certain whatever the others are.

    Parameters:
        cells: of categories.

    Examples:
        >>> found = chi_squared(Cells(np.array([500.0, 500.0]), np.array([[700.0, 300.0]]), 0.0, np.zeros(1), None, None, np.zeros(2, dtype=bool)))
        >>> found.value.round(2).tolist(), found.p_value[0] < 1e-18, found.effect.round(2).tolist()
        ([83.33], np.True_, [0.42])
    """
    return homogeneity(pool_rare(with_missing(cells))) if cells.kept is None else at_least(certain(cells, cells.kept))


def homogeneity(table: Table) -> Measures:
    """Test whether a table has the same shares on both sides.

    Parameters:
        table: of cells that are large enough to test.
    """
    totals = table.reference + table.windows
    with np.errstate(divide="ignore", invalid="ignore"):
        share = table.rows[1] / table.rows.sum(axis=0)
        # In a table of two rows the squared deviations of both are one square over both expectations.
        deviations = np.square(table.windows - totals * share[:, None]) / (totals * (share * (1 - share))[:, None])
        value = np.where(totals > 0, deviations, 0.0).sum(axis=1)
        p_value = np.where(table.freedom > 0, chdtrc(table.freedom, value), 1.0)
        return Measures(value, p_value, effect_of(table), np.zeros_like(value), ALL_RARE).only(table.told)


def at_least(found: Certain) -> Measures:
    """Return what the test finds at least where some categories are pooled, and in how much doubt that is.

    Parameters:
        found: of the categories.
    """
    chance = found.freedom * (1 / found.rows).sum(axis=0)
    effect, most = (from_shift(np.sqrt(np.maximum(squared, 0.0)), association) for squared in (found.least - chance / 4, found.most))
    p_value = np.where(found.chi_squared > 0, chdtrc(np.maximum(found.freedom, 1.0), found.chi_squared), 1.0)
    return Measures(found.chi_squared, p_value, effect, found.rows.sum(axis=0) - found.chi_squared, doubt=most - effect)


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
