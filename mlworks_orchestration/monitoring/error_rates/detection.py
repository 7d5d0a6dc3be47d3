"""Power and time to detect, from alarms of histories in which a shift begins."""

from collections.abc import Sequence

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.past.extremes import persistent
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.error_rates.intervals import binomial_interval
from mlworks_orchestration.monitoring.error_rates.records import Power, Shift
from mlworks_orchestration.spec import Drift


def windows_needed(window: int, drift: Drift) -> int:
    """Return how many windows each history needs: those looked back at before the shift, and two windows' length after it.

    Parameters:
        window: partitions in it.
        drift: k of n.
    """
    return drift.of - 1 + max(2 * window, window + drift.of - 1)


def lasting(alarms: Flags, drift: Drift) -> Flags:
    """Return the alarms that enough of the windows before join.

    Parameters:
        alarms: shape (histories, windows).
        drift: k of n.
    """
    found: Flags = persistent(alarms.astype(np.float64), drift.violations, drift.of) > 0
    return found


def first_alarms(alarms: Flags, window: int, drift: Drift) -> Floats:
    """Return after how many partitions a shift is found, infinite where not within two windows, shape (histories,).

    Parameters:
        alarms: shape (histories, windows); the shift begins with the newest partition of window `drift.of - 1`.
        window: partitions in it.
        drift: k of n.

    Examples:
        >>> first_alarms(np.array([[False, True, True, True], [False] * 4]), 2, Drift()).tolist()
        [2.0, inf]
    """
    after = lasting(alarms, drift)[:, drift.of - 1 :][:, : 2 * window]
    found: Floats = np.where(after.any(axis=1), after.argmax(axis=1) + 1.0, np.inf)
    return found


def power_of(shift: Shift, alarms: Sequence[Flags], window: int, drift: Drift) -> Power:
    """Sum up what became of a shift.

    Parameters:
        shift: what was done.
        alarms: of each column that it was done to by itself, shape (histories, windows).
        window: partitions in it.
        drift: the declaration.
    """
    power = float(np.mean([lasting(one, drift)[:, -1].mean() for one in alarms]))
    first = np.concatenate([first_alarms(one, window, drift) for one in alarms])
    # The same histories serve all columns, so they count once.
    interval = binomial_interval(power, len(alarms[0]))
    median, slowest = (_partitions(first, share) for share in (0.5, 0.9))
    return Power(*shift, power, *interval, median, slowest, float(np.isinf(first).mean()))


def _partitions(first: Floats, share: float) -> int | None:
    found = float(np.quantile(first, share, method="inverted_cdf"))
    return int(found) if np.isfinite(found) else None
