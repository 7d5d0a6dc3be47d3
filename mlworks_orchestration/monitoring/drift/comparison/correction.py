"""Correction of p-values for the number of tests."""

from collections.abc import Sequence

import numpy as np


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected so that the share of false discoveries is kept (Benjamini and Hochberg 1995).

    As `scipy.stats.false_discovery_control`, whose import alone would take longer than a whole report.

    Parameters:
        p_values: of all tests of one family, in any order; also none.

    Examples:
        >>> benjamini_hochberg([0.01, 0.5, 0.03])
        [0.03, 0.5, 0.045]
    """
    count = len(p_values)
    given = np.asarray(p_values, dtype=np.float64)
    falling = np.argsort(given)[::-1]
    adjusted = np.empty(count)
    adjusted[falling] = np.minimum.accumulate(given[falling] * count / np.arange(count, 0, -1))
    return adjusted.tolist()
