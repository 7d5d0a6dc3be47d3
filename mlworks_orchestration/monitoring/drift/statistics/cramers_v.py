"""Cramér's V of which side a row is from with its category."""

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, with_missing
from mlworks_orchestration.monitoring.drift.statistics.certain import certain
from mlworks_orchestration.monitoring.drift.statistics.chi_squared import association, at_least, homogeneity
from mlworks_orchestration.monitoring.drift.statistics.contingency import pool_rare
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def cramers_v(cells: Cells) -> Measures:
    """Measure how strongly the category tells the sides apart, 0 to 1 (Cramér 1946), both sides given equal weight.

    Missing counts as a category and rare ones are pooled, as in the chi-squared test, whose p-value it has.

    Parameters:
        cells: of categories.
    """
    if cells.kept is not None:
        found = certain(cells, cells.kept)
        least, most = np.sqrt(np.maximum(found.least, 0.0)), np.sqrt(found.most)
        return at_least(found)._replace(value=least, bound=most - least)
    table = pool_rare(with_missing(cells))
    with np.errstate(divide="ignore", invalid="ignore"):
        value = association(*table.shares())
    return homogeneity(table)._replace(value=value).only(table.told)


CRAMERS_V = register(
    Statistic(
        name="cramers_v",
        description="Cramér's V: how strongly the category tells the window from the reference",
        types=frozenset({"categorical"}),
        counts_missing=True,
        measure=cramers_v,
    )
)
