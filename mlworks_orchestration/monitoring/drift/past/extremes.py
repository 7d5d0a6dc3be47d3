"""How high a level must be so that a sequence of windows exceeds it as rarely as declared."""

from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

TAIL = 20
"""From so many episodes on the level is read off; for rarer ones it is extrapolated from the peaks of that many."""

SURELY = 1.645
"""Standard errors between an estimate and its one-sided limit of 95 %."""

FEW = 10
"""Of so few histories or fewer it cannot be told how their episodes are dispersed."""


def persistent(scores: Floats, violations: int, of: int) -> Floats:
    """Return the level that `violations` of the last `of` windows, the latest among them, exceed.

    Parameters:
        scores: sequences of windows in order, shape (sequences, windows).
        violations: how many must exceed.
        of: how many are looked at; before the first window none exceeds anything.

    Examples:
        >>> persistent(np.array([[1.0, 5.0, 4.0, 0.0]]), 2, 3).tolist()
        [[-inf, 1.0, 4.0, 0.0]]
    """
    if violations == 1:
        return scores
    padded = np.pad(scores, ((0, 0), (of - 1, 0)), constant_values=-np.inf)
    last = np.lib.stride_tricks.sliding_window_view(padded, of, axis=1)
    return np.minimum(scores, np.partition(last, of - violations, axis=2)[:, :, of - violations])


def episodes(scores: Floats, level: float) -> Floats:
    """Return the peak of each run of consecutive windows above a level.

    Parameters:
        scores: shape (sequences, windows).
        level: to exceed.

    Examples:
        >>> episodes(np.array([[0.0, 2.0, 3.0, 0.0, 5.0]]), 1.0).tolist()
        [3.0, 5.0]
    """
    above = scores > level
    starts = np.flatnonzero(_begins(above))
    if not len(starts):
        return np.zeros(0)
    flat = np.where(above, scores, -np.inf).ravel()
    peaks: Floats = np.maximum.reduceat(flat, starts)
    return peaks


def _begins(above: NDArray[np.bool_]) -> NDArray[np.bool_]:
    begins = above.copy()
    begins[:, 1:] &= ~above[:, :-1]
    return begins


def dispersion(runs: Floats) -> float:
    """Return the variance over the mean of the episodes of histories, never below the 1 of a Poisson process.

    Parameters:
        runs: episodes of each history, shape (histories,).

    Examples:
        >>> dispersion(np.array([0.0] * 19 + [20.0]))
        20.0
    """
    return max(1.0, float(runs.var(ddof=1) / runs.mean())) if len(runs) > FEW and runs.any() else 1.0


def surely(scores: Floats, allowed: float) -> float:
    """Return the rate to aim at so that the level found in these histories is surely exceeded no more often than allowed in others.

    The level that the allowed number of episodes exceeds is too low in half of all draws. So the limit of what its rate may be is put where the
    rate itself would be (the guaranteed performance of Gandy and Kvaloy 2013). Its logarithm has the variance d / n of n episodes that are
    dispersed by d, and as much for each unit by which it is extrapolated (the delta method: Coles 2001, section 2.6.4). Of the 95 % that are meant,
    80 to 96 % are reached (tested), the fewest where few histories have most episodes.

    Parameters:
        scores: shape (sequences, windows).
        allowed: episodes a window, above 0.

    Examples:
        >>> scores = np.random.default_rng(0).exponential(size=(4000, 1))
        >>> [round(surely(scores, allowed) / allowed, 2) for allowed in (0.1, 0.01, 0.001)]
        [0.92, 0.77, 0.5]
    """
    target = allowed * scores.size
    number = max(target, TAIL)
    uneven = dispersion(_begins(scores > _lowest_within(scores, number)).sum(axis=1))
    return allowed * exp(-SURELY * sqrt(uneven / number * (1 + log(number / target) ** 2)))


def level_for(scores: Floats, allowed: float) -> float:
    """Return the level that is exceeded in so many episodes a window; the median where even that is exceeded less often.

    Where fewer than 20 episodes are allowed in all, their rate is extrapolated by an exponential tail fitted to the peaks over the level that 20
    exceed (peaks over threshold: Davison and Smith 1990; Coles 2001, chapters 4 and 5).

    Parameters:
        scores: shape (sequences, windows); -inf where nothing could be an alarm.
        allowed: episodes a window, above 0.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> bool(abs(level_for(rng.exponential(size=(4000, 1)), 0.001) - np.log(1000)) < 0.6)
        True
    """
    target = allowed * scores.size
    middle = float(np.median(scores))
    if len(episodes(scores, middle)) <= target:
        return middle
    level = _lowest_within(scores, max(target, TAIL))
    peaks = episodes(scores, level)
    if len(peaks) <= target:
        return level
    return level + (float(peaks.mean()) - level) * log(len(peaks) / target)


def _lowest_within(scores: Floats, wanted: float) -> float:
    """Return the lowest level that at most `wanted` episodes exceed, of the median, below which they merge into fewer, and the scores above it."""
    middle = float(np.median(scores))
    levels = np.append(middle, np.unique(scores[scores > middle]))
    low, high = 0, len(levels) - 1
    while low < high:
        between = (low + high) // 2
        low, high = (between + 1, high) if len(episodes(scores, float(levels[between]))) > wanted else (low, between)
    return float(levels[low])
