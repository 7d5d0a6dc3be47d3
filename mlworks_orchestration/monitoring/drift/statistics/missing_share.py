"""The test of the share of missing rows."""

import numpy as np
from scipy.special import bdtr, bdtrc, ndtr

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.contingency import LEAST_EXPECTED
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shares
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def missing_share(cells: Cells) -> Measures:
    """Measure by how much the share of missing rows grew, -1 to 1, and test whether it changed.

    Where each side is expected to have five or more missing rows and five or more others, it is the score test of two proportions (the root of
    Pearson's chi-squared). Where fewer, it is the exact conditional test of two small rates: of the rarer rows of both sides together, the window's
    number is binomial with the window's share of all rows (Przyborowski and Wilenski 1940), which errs towards no drift; the smaller tail counts
    twice.

    Parameters:
        cells: of any column.

    Examples:
        >>> found = missing_share(Cells(np.array([980.0]), np.array([[450.0]]), 20.0, np.array([50.0]), None, None, np.zeros(1, dtype=bool)))
        >>> found.value.round(3).tolist(), found.p_value[0] < 1e-11, found.effect.round(2).tolist()
        ([0.08], np.True_, [0.34])
    """
    rows, n = cells.present + cells.missing, np.float64(cells.present_reference + cells.missing_reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = cells.missing_reference / n * np.ones_like(rows), cells.missing / rows
        both = (cells.missing_reference + cells.missing) / (n + rows)
        deviation = np.abs(after - before) / np.sqrt(both * (1 - both) * (1 / n + 1 / rows))
        p_value = np.where(after == before, 1.0, 2 * ndtr(-deviation))
        few = (np.minimum(both, 1 - both) * np.minimum(n, rows) < LEAST_EXPECTED) & (after != before)
        if few.any():
            p_value = np.where(few, _exact(cells, n, rows, inverse=both > 1 / 2), p_value)
    change, nothing = after - before, np.zeros_like(rows)
    return Measures(change, p_value, from_shares(before, after), nothing, "a side has no rows", doubt=nothing).only(~np.isnan(change))


def _exact(cells: Cells, n: float, rows: Floats, *, inverse: Flags) -> Floats:
    here = np.where(inverse, cells.present, cells.missing)
    total = here + np.where(inverse, cells.present_reference, cells.missing_reference)
    share = rows / (n + rows)
    upper = np.where(here > 0, bdtrc(np.maximum(here - 1, 0), total.astype(np.int64), share), 1.0)
    p_value: Floats = np.minimum(2 * np.minimum(bdtr(here, total.astype(np.int64), share), upper), 1.0)
    return p_value


MISSING_SHARE = register(
    Statistic(
        name="missing_share",
        description="change of the share of missing rows, tested as two proportions",
        types=frozenset({"numeric", "datetime", "categorical"}),
        counts_missing=True,
        measure=missing_share,
        decides=True,
    )
)
