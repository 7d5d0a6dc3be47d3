"""Mean, spread and range of a column's finite values, in a form that adds up."""

from collections.abc import Mapping, Sequence
from math import isfinite, sqrt
from operator import add, mul
from typing import Any, NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.stored import number, whole


class Moments(NamedTuple):
    """What is left of values when their distribution is summed up in five numbers.

    Parameters:
        n: finite values.
        mean: None without values, or where it overflows.
        squares: sum of the squared distances from the mean; None where the mean is, or where it overflows.
        minimum: None without values.
        maximum: None without values.
    """

    n: int
    mean: float | None
    squares: float | None
    minimum: float | None
    maximum: float | None

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Moments":
        """Read moments that were stored.

        Raises:
            ValueError: if they contradict each other, or are no numbers; likewise KeyError.
        """
        n = whole(document, "n")
        found = cls(n, *(number(document, name) for name in cls._fields[1:]))
        (low, high), spread = (found.minimum, found.maximum), found.squares
        ends = low is None and high is None if n == 0 else low is not None and high is not None and low <= high
        if not ends or (spread is not None and spread < 0):
            message = f"{found} contradict each other"
            raise ValueError(message)
        return found

    @property
    def std(self) -> float | None:
        """The sample's standard deviation; None with fewer than two values."""
        return None if self.squares is None or self.n < 2 else sqrt(self.squares / (self.n - 1))  # noqa: PLR2004 - two points make a spread


_RUN = 4096
"""Values that BLAS sums at a time: more of them it would share between threads, which are slow when another process wants the core."""

_CANCELLED = 1e-4
"""Squares about the mean that are a smaller share of those about zero than this lose too many digits when they are told from these."""

_ONES = np.ones(_RUN)

NOTHING = Moments(0, None, None, None, None)


def moments_of(values: Floats, counts: Integers) -> Moments:
    """Return the moments of values that occur so many times each.

    Parameters:
        values: finite, ascending, shape (n,).
        counts: how often each occurs, shape (n,).

    Examples:
        >>> moments_of(np.array([1.0, 4.0]), np.array([2, 1]))
        Moments(n=3, mean=2.0, squares=6.0, minimum=1.0, maximum=4.0)
    """
    if not len(values):
        return NOTHING
    n = int(counts.sum())
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float((values * counts).sum()) / n
        squares = float((np.square(values - mean) * counts).sum())
    return Moments(n, _finite(mean), _finite(squares), float(values[0]), float(values[-1]))


def measure(values: Floats, total: float, lowest: float, highest: float) -> Moments:
    """Return the moments of values that come in any order, each once.

    Parameters:
        values: finite, at least one, shape (n,).
        total: their sum.
        lowest: the least of them.
        highest: the largest of them.

    Examples:
        >>> measure(np.array([4.0, 1.0, 1.0]), 6.0, 1.0, 4.0)
        Moments(n=3, mean=2.0, squares=6.0, minimum=1.0, maximum=4.0)
    """
    mean = total / len(values)
    about_zero = _squares(values)
    squares = about_zero - total * mean
    if not squares > _CANCELLED * about_zero:
        squares = _squares(values - mean)
    return Moments(len(values), _finite(mean), _finite(squares), lowest, highest)


def total_of(values: Floats) -> float:
    """Return the sum of contiguous values.

    Examples:
        >>> total_of(np.array([4.0, 1.0]))
        5.0
    """
    whole = len(values) // _RUN * _RUN
    return float(np.vecdot(values[:whole].reshape(-1, _RUN), _ONES).sum() + np.add.reduce(values[whole:]))


def _squares(values: Floats) -> float:
    whole = len(values) // _RUN * _RUN
    runs, rest = values[:whole].reshape(-1, _RUN), values[whole:]
    return float(np.vecdot(runs, runs).sum() + np.vecdot(rest, rest))


def add_moments(parts: Sequence[Moments]) -> Moments:
    """Return the moments of all values together (Chan, Golub and LeVeque 1979); associative up to rounding.

    Examples:
        >>> parts = [moments_of(np.array([float(x)]), np.array([1])) for x in (1, 1, 4)]
        >>> add_moments(parts)
        Moments(n=3, mean=2.0, squares=6.0, minimum=1.0, maximum=4.0)
    """
    parts = [part for part in parts if part.n]
    if len(parts) < 2:  # noqa: PLR2004 - one part is its own sum
        return parts[0] if parts else NOTHING
    counts, centers, spreads, lowest, highest = zip(*parts, strict=True)
    n, least, most = sum(counts), min(lowest), max(highest)
    if None in centers or None in spreads:
        return Moments(n, None, None, least, most)
    mean = sum(map(mul, counts, centers)) / n
    off = [center - mean for center in centers]
    squares = sum(map(add, spreads, map(mul, map(mul, counts, off), off)))
    return Moments(n, _finite(mean), _finite(squares), least, most)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None
