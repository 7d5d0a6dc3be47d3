"""How high a level must be so that a sequence of windows exceeds it as rarely as declared."""

from math import log

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

TAIL = 20
"""From so many episodes on the level is read off; for rarer ones it is extrapolated from the peaks of that many."""


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
    begins = above.copy()
    begins[:, 1:] &= ~above[:, :-1]
    starts = np.flatnonzero(begins)
    if not len(starts):
        return np.zeros(0)
    flat = np.where(above, scores, -np.inf).ravel()
    peaks: Floats = np.maximum.reduceat(flat, starts)
    return peaks


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
    middle = float(np.median(scores))  # below it episodes merge into fewer
    candidates = np.unique(scores[scores > middle])
    if len(episodes(scores, middle)) <= target:
        return middle
    level = _lowest_within(scores, np.append(middle, candidates), max(target, TAIL))
    peaks = episodes(scores, level)
    if len(peaks) <= target:
        return level
    return level + (float(peaks.mean()) - level) * log(len(peaks) / target)


def _lowest_within(scores: Floats, levels: Floats, wanted: float) -> float:
    """Return the lowest of ascending levels that at most `wanted` episodes exceed."""
    low, high = 0, len(levels) - 1
    while low < high:
        between = (low + high) // 2
        low, high = (between + 1, high) if len(episodes(scores, float(levels[between]))) > wanted else (low, between)
    return float(levels[low])
