"""The test of rows in categories that the reference never saw."""

import numpy as np
from scipy.special import betainc

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.comparison.kept import Kept
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shares
from mlworks_orchestration.monitoring.drift.statistics.numbers import NO_VALUES
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Statistic, register


def new_category(cells: Cells) -> Measures:
    """Measure the share of the window's rows in categories that the reference never saw, and test it against what the reference must have missed.

    Categories seen once, over rows, estimate the share of all that was never seen (Good 1953). With s categories seen once among the reference's n
    rows, k new rows among the window's m are as improbable as k successes before s + 1 failures, each a success with probability m / (n + m): a
    binomial tail that has the uncertainty of the estimate in it. The effect is that of the share beyond the estimate. Where a side has more
    categories than it keeps, any of those pooled may be new or have been seen once: the former is the bound, the latter raises the p-value. The
    value, and the effect, is then what is certain whatever they are.

    Parameters:
        cells: of categories, not pooled.

    Examples:
        >>> rows = np.array([600.0, 398.0, 1.0, 1.0, 0.0]), np.array([[60.0, 40.0, 0.0, 0.0, 0.0], [50.0, 40.0, 0.0, 0.0, 10.0]])
        >>> found = new_category(Cells(*rows, 0.0, np.zeros(2), None, None, np.zeros(5, dtype=bool)))
        >>> found.value.tolist(), found.p_value.round(9).tolist(), found.effect.round(2).tolist()
        ([0.0, 0.1], [1.0, 2e-09], [0.0, 0.46])
    """
    if cells.kept is not None:
        return _at_least(cells, cells.kept)
    n, m = np.float64(cells.present_reference), cells.present
    new = cells.windows[:, cells.reference == 0].sum(axis=1)
    seen_once = np.count_nonzero(cells.reference == 1)
    pooled = cells.mixed & (cells.reference > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = new / np.where(n > 0, m, np.nan)
        p_value = np.where(new > 0, betainc(np.maximum(new, 1.0), seen_once + cells.reference[pooled].sum() + 1.0, m / (n + m)), 1.0)
        bound = cells.windows[:, pooled].sum(axis=1) / m
        expected = np.minimum(seen_once / n, value)
    return Measures(value, p_value, from_shares(expected, value), bound, NO_VALUES).only(~np.isnan(value))


def _at_least(cells: Cells, kept: Kept) -> Measures:
    n, m = np.float64(cells.present_reference), cells.present
    all_seen = kept.other[0] == 0
    not_kept = kept.lowest[1:, kept.lowest[0] == 0].sum(axis=1)
    new = not_kept * all_seen
    seen_once = np.count_nonzero(kept.lowest[0] == 1) * all_seen
    with np.errstate(divide="ignore", invalid="ignore"):
        value, most = new / np.where(n > 0, m, np.nan), (not_kept + kept.other[1:]) / m
        p_value = np.where(new > 0, betainc(np.maximum(new, 1.0), seen_once + 1.0, m / (n + m)), 1.0)
        effect, at_most = (from_shares(np.minimum(seen_once / n, share), share) for share in (value, most))
    return Measures(value, p_value, effect, most - value, NO_VALUES, at_most - effect).only(~np.isnan(value))


NEW_CATEGORY = register(
    Statistic(
        name="new_category",
        description="share of the rows in categories that the reference never saw",
        types=frozenset({"categorical"}),
        counts_missing=False,
        measure=new_category,
        decides=True,
    )
)
