"""What is drawn of a column: the shares of reference and current rows in a few bins or categories."""

from dataclasses import dataclass

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

BINS = 30
"""Most bins of a histogram."""

CATEGORIES = 12
"""Most categories that are drawn."""

_TAIL = 0.005
_DISCRETE = 12
_SKEWED = 20


@dataclass(frozen=True)
class Distribution:
    """Shares of the rows of two sides, in the same bins or categories.

    Parameters:
        reference: share of the reference's rows, shape (n,).
        current: share of the current rows, shape (n,).
        edges: of the bins, ascending, shape (n + 1,); empty where `labels` are given.
        labels: what is counted, shape (n,); empty where `edges` are given.
        missing: share of the rows without a value, reference and current.
        beyond: share of the rows whose value is outside the edges, or in a category that is not drawn, reference and current.
        logarithmic: whether the edges are equally far apart in their logarithms.
        others: how many categories are not drawn.
        measured: what of a value is drawn, in words; empty where it is the value itself.
    """

    reference: tuple[float, ...]
    current: tuple[float, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()
    missing: tuple[float, float] = (0.0, 0.0)
    beyond: tuple[float, float] = (0.0, 0.0)
    logarithmic: bool = False
    others: int = 0
    measured: str = ""


def distribution(cells: Cells) -> Distribution:
    """Return what to draw of a column: a histogram of numbers, bars of categories or of numbers with few distinct values.

    The histogram covers all but half a percent at either end of either side, so that one outlier does not hide the rest. Its axis is
    logarithmic where all of that is positive and the largest value 20 times the median.

    Parameters:
        cells: of the reference and of one window.

    Examples:
        >>> rows = np.array([6.0, 4.0]), np.array([[5.0, 0.0]])
        >>> found = distribution(Cells(*rows, 0.0, np.array([5.0]), None, ("EWR", "JFK"), np.array([False, False])))
        >>> found.labels, found.reference, found.current, found.missing
        (('EWR', 'JFK'), (0.6, 0.4), (0.5, 0.0), (0.0, 0.5))
    """
    sides = np.vstack((cells.reference, cells.windows[:1]))
    missing = np.array([cells.missing_reference, cells.missing[0]])
    rows = np.maximum(sides.sum(axis=1) + missing, 1.0)
    shares = sides / rows[:, None]
    empty = _pair(missing / rows)
    if cells.values is None:
        return _bars(shares, cells.names or (), empty)
    occupied = shares.any(axis=0)
    shares, values = shares[:, occupied], cells.values[occupied]
    if len(values) <= _DISCRETE:
        return Distribution(*_rows(shares), labels=tuple(f"{value:g}" for value in values), missing=empty)
    return _histogram(shares, values, empty)


def _bars(shares: Floats, names: tuple[str, ...], missing: tuple[float, float]) -> Distribution:
    """Keep the categories that are largest on either side, in the order of the reference."""
    largest = np.argsort(-shares.max(axis=0), kind="stable")
    kept = sorted(largest[:CATEGORIES], key=lambda index: (-shares[0, index], -shares[1, index]))
    rest = largest[CATEGORIES:]
    labels = tuple(names[index] for index in kept)
    return Distribution(*_rows(shares[:, kept]), labels=labels, missing=missing, beyond=_pair(shares[:, rest].sum(axis=1)), others=len(rest))


def _histogram(shares: Floats, values: Floats, missing: tuple[float, float]) -> Distribution:
    finite = np.isfinite(values)
    inner, heights = values[finite], shares[:, finite]
    low, high = _range(inner, heights)
    middle = inner[np.searchsorted(np.cumsum(heights.sum(axis=0)), heights.sum() / 2)]
    logarithmic = low > 0 and middle < high / _SKEWED
    edges = np.geomspace(low, high, BINS + 1) if logarithmic else _edges(inner, low, high)
    counts = np.vstack([np.histogram(inner, edges, weights=side)[0] for side in heights])
    beyond = np.maximum(shares.sum(axis=1) - counts.sum(axis=1), 0.0)
    beyond[beyond < 1e-9] = 0.0  # noqa: PLR2004 - what is left is rounding
    return Distribution(*_rows(counts), edges=tuple(edges.tolist()), missing=missing, beyond=_pair(beyond), logarithmic=bool(logarithmic))


def _range(values: Floats, shares: Floats) -> tuple[float, float]:
    lows, highs = [], []
    for side in shares:
        total = side.sum()
        if total:
            cumulated = np.cumsum(side)
            lows.append(values[np.searchsorted(cumulated, _TAIL * total)])
            highs.append(values[min(np.searchsorted(cumulated, (1 - _TAIL) * total), len(values) - 1)])
    return float(min(lows)), float(max(highs))


def _edges(values: Floats, low: float, high: float) -> Floats:
    """Return equal bins from `low` to `high`; of whole numbers, each bin holds as many."""
    inner = values[(values >= low) & (values <= high)]
    if high / 2 - low / 2 < 1e9 and bool((inner == np.round(inner)).all()):  # noqa: PLR2004 - beyond, a bin's width in whole numbers does not matter
        width = max(int(np.ceil((high - low + 1) / BINS)), 1)
        return np.arange(low - 0.5, high + width, width)
    span = (low, high) if high > low else (low - 0.5, low + 0.5)
    quarters = np.linspace(span[0] / 4, span[1] / 4, BINS + 1)  # whose difference cannot overflow
    return np.unique(quarters * 4)


def _pair(values: Floats) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _rows(shares: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return tuple(shares[0].tolist()), tuple(shares[1].tolist())
