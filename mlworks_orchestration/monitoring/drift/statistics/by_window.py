"""Measures of statistics that look at one window after the other."""

from collections.abc import Iterable
from math import nan
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.statistics.effects import LARGEST
from mlworks_orchestration.monitoring.drift.statistics.record import Measures


class Found(NamedTuple):
    """What was found in one window.

    Parameters:
        value: in the statistic's own scale.
        p_value: if nothing changed.
        effect: in standard deviations of a normal.
    """

    value: float
    p_value: float
    effect: float


def by_window(found: Iterable[Found | str]) -> Measures:
    """Return what was found in each window, or why it cannot be told.

    Parameters:
        found: by window; the reason given is that of the first that has one.

    Examples:
        >>> by_window([Found(0.5, 1.0, 0.0), "too few rows"]).effect, by_window(["too few rows"]).reason
        (array([ 0., nan]), 'too few rows')
    """
    windows = list(found)
    table = np.array([(nan, nan, nan) if isinstance(window, str) else window for window in windows], dtype=np.float64).reshape(-1, 3)
    reason = next((window for window in windows if isinstance(window, str)), "")
    bound = np.where(np.isnan(table[:, 2]), nan, 0.0)
    return Measures(table[:, 0], table[:, 1], np.minimum(table[:, 2], LARGEST), bound, reason)
