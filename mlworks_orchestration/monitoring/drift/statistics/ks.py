"""The two-sample Kolmogorov-Smirnov statistic, from counts in bins."""

from math import sqrt

import numpy as np
from scipy.special import kolmogorov

from mlworks_orchestration.monitoring.drift.bins import Bins, coarsen
from mlworks_orchestration.monitoring.drift.columns import ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.statistics.record import Result, Statistic


def kolmogorov_smirnov(reference: ColumnProfile, current: ColumnProfile) -> Result:
    """Return the largest distance between the two cumulative distributions.

    It is taken at the ends of the bins that both sides have, so it never exceeds the exact distance, and equals it where bins hold one value each.
    The p-value is the asymptotic one (Smirnov 1948, `scipy.stats.kstwobign`) with Stephens' correction for small samples (1970); with ties it errs
    towards no drift.

    Parameters:
        reference: numeric, with values.
        current: numeric, with values.

    Examples:
        >>> low, high = NumericProfile.of(np.arange(200.0)), NumericProfile.of(np.arange(100.0, 300.0))
        >>> result = kolmogorov_smirnov(low, high)
        >>> result.value, result.p_value < 1e-20, result.effect
        (0.5, True, 0.5)
    """
    if not (isinstance(reference, NumericProfile) and isinstance(current, NumericProfile)):
        message = "the Kolmogorov-Smirnov statistic compares numeric profiles"
        raise TypeError(message)
    rows = reference.present, current.present
    distance = _largest_gap(reference.bins, current.bins, *rows) / (rows[0] * rows[1])
    root = sqrt(rows[0] * rows[1] / (rows[0] + rows[1]))
    p_value = float(kolmogorov((root + 0.12 + 0.11 / root) * distance))
    return Result(distance, p_value, distance)


def _largest_gap(reference: Bins, current: Bins, rows_reference: int, rows_current: int) -> int:
    """Return the largest gap times both numbers of rows: whole numbers, so that no rounding hides that two sides are alike."""
    precision = min(reference.precision, current.precision)
    reference, current = coarsen(reference, precision), coarsen(current, precision)
    keys = np.concatenate((reference.keys, current.keys))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    gaps = np.cumsum(np.concatenate((reference.counts * rows_current, current.counts * -rows_reference))[order])
    last_of_bin = np.append(keys[1:] != keys[:-1], True)
    return int(np.abs(gaps[last_of_bin]).max())


KS = Statistic(
    name="ks",
    description="Kolmogorov-Smirnov: largest distance between the cumulative distributions",
    types=frozenset({NumericProfile.type}),
    counts_missing=False,
    measure=kolmogorov_smirnov,
)
