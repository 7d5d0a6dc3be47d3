"""Whether a reference has a season, so that a window can be compared with what is usual at its time of the season."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.blocks import Blocks

CYCLES = 2
"""A season must have been seen so many times in full."""

LEAST_EXPLAINED = 0.25
"""Share of what blocks differ by that a season must explain, seen three times or more; with less there is nothing to gain by matching it."""

LEAST_EXPLAINED_TWICE = 0.5
"""The same of a season that was seen only twice, which chance explains more easily."""

LEAST_EXPLAINED_CALENDAR = 0.1
"""The same of a day, a week or a year, where blocks have times."""

_CALENDAR = {"day": 86_400.0, "week": 7 * 86_400.0, "year": 365.2425 * 86_400.0}


@dataclass(frozen=True)
class Season:
    """A season in blocks.

    Parameters:
        period: blocks a cycle; 1 where there is none.
        explained: share of what the blocks differ by that it explains.
        origin: when the first block begins, in the unit of the blocks' starts; None without times.
        step: how long a block is, in that unit; None without times.
    """

    period: int
    explained: float
    origin: float | None
    step: float | None

    def position(self, start: float) -> int:
        """Return which block begins nearest to a moment, counted from the first, also beyond the last.

        Parameters:
            start: in the unit of the blocks' starts.
        """
        return round((start - (self.origin or 0.0)) / (self.step or 1.0))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return asdict(self)


NO_SEASON = Season(1, 0.0, None, None)
"""What a reference without a season has."""


def fingerprints(blocks: Blocks) -> Floats:
    """Return what each block looks like in all columns, from the mean, each column scaled to the same size; shape (blocks, cells of all columns)."""
    parts = []
    for column in blocks.columns.values():
        centred = column.shapes - column.shapes.mean(axis=0)
        size = np.sqrt((centred**2).sum())
        parts.append(centred / size if size > 0 else centred)
    return np.hstack(parts)


def find_season(blocks: Blocks) -> Season:
    """Find the period after which blocks look alike again, if there is one.

    For a period d, what all blocks of a phase have in common is measured by the mean product of fingerprints that lie a multiple of d apart,
    corrected for the number of phases as an adjusted R squared is. A calendar's period is preferred, then the shortest that explains about as
    much as the best. Between two maxima there must be a dip: without one it is a trend.

    Parameters:
        blocks: in order, of about equal length in time.

    Examples:
        >>> find_season(Blocks({}, None)).period
        1
    """
    origin, step = _grid(blocks)
    none = Season(1, 0.0, origin, step)
    number = blocks.number
    if number < 2 * CYCLES or not blocks.columns:
        return none
    products = _products(fingerprints(blocks))
    explained = {period: _explained(products, period) for period in range(2, number // CYCLES + 1)}
    known = [period for period in _calendar_periods(step) if explained.get(period, 0.0) >= LEAST_EXPLAINED_CALENDAR]
    if known:
        return Season(max(known), explained[max(known)], origin, step)
    fit = {period: share for period, share in explained.items() if share >= _least(number, period) and _dips(products, period)}
    if not fit:
        return none
    period = next(period for period, share in fit.items() if share >= 0.9 * max(fit.values()))
    return Season(period, fit[period], origin, step)


def _least(number: int, period: int) -> float:
    return LEAST_EXPLAINED if number >= 3 * period else LEAST_EXPLAINED_TWICE


def _products(prints: Floats) -> Floats:
    """Return the sum of the products of all pairs of blocks, by how far they lie apart, shape (blocks,)."""
    gram = prints @ prints.T
    return np.array([np.trace(gram, offset=lag) for lag in range(len(gram))])


def _explained(products: Floats, period: int) -> float:
    number, total = len(products), products[0]
    if total <= 0:
        return 0.0
    share = (total + 2 * products[period::period].sum()) / (number / period) / total
    return float(1 - (1 - share) * (number - 1) / (number - period))


def _dips(products: Floats, period: int) -> bool:
    """Say whether blocks half a period apart are less alike than blocks a whole one apart."""
    pairs = np.arange(len(products), 0, -1)
    likeness = products / pairs
    return bool(likeness[1:period].min(initial=np.inf) < 0.5 * likeness[period])


def _calendar_periods(step: float | None) -> Iterable[int]:
    return [round(length / step) for length in _CALENDAR.values() if length >= 2 * step] if step else []


def _grid(blocks: Blocks) -> tuple[float | None, float | None]:
    """Return when the first block begins and how long blocks are on average."""
    if blocks.starts is None or len(blocks.starts) < CYCLES:
        return None, None
    step = float(np.mean([after - before for before, after in pairwise(blocks.starts)]))
    return float(blocks.starts[0]), step if step > 0 else None
