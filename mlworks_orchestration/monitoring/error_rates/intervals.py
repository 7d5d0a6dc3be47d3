"""Exact confidence intervals of rates and shares."""

from typing import NamedTuple

from scipy.special import betaincinv, gammaincinv

_TAILS = 0.025, 0.975


class Interval(NamedTuple):
    """A 95 % confidence interval.

    Parameters:
        low: its lower end.
        high: its upper end.
    """

    low: float
    high: float


def poisson_interval(events: float, exposure: float) -> Interval:
    """Return the exact 95 % interval of a rate (Garwood 1936).

    Parameters:
        events: that were counted.
        exposure: in which they were.

    Examples:
        >>> [round(end, 2) for end in poisson_interval(10, 2.0)]
        [2.4, 9.2]
    """
    low = float(gammaincinv(events, _TAILS[0])) if events else 0.0
    return Interval(low / exposure, float(gammaincinv(events + 1, _TAILS[1])) / exposure)


def binomial_interval(share: float, trials: int) -> Interval:
    """Return the 95 % interval of a share (Clopper and Pearson 1934).

    Parameters:
        share: that succeeded; of a mean of several shares, their mean.
        trials: independent ones.

    Examples:
        >>> [round(end, 4) for end in binomial_interval(0.5, 10)], [round(end, 4) for end in binomial_interval(1.0, 10)]
        ([0.1871, 0.8129], [0.6915, 1.0])
    """
    found = share * trials
    low = float(betaincinv(found, trials - found + 1, _TAILS[0])) if found else 0.0
    high = float(betaincinv(found + 1, trials - found, _TAILS[1])) if found < trials else 1.0
    return Interval(low, high)
