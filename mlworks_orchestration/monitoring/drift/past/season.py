"""Whether a reference has a season, so that a window can be compared with what is usual at its time of the season."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.threads import one_blas_thread

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
        period: blocks a cycle, not always a whole number; 1 where there is none.
        explained: share of what the blocks differ by that it explains.
        origin: when the first block begins, in the unit of the blocks' starts; None without times.
        step: how long a block is, in that unit; None without times.
    """

    period: float
    explained: float
    origin: float | None
    step: float | None

    def position(self, start: float) -> float:
        """Return how many blocks after the first one begins a moment lies, also beyond the last.

        Parameters:
            start: in the unit of the blocks' starts.
        """
        return (start - (self.origin or 0.0)) / (self.step or 1.0)

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return asdict(self)


NO_SEASON = Season(1.0, 0.0, None, None)
"""What a reference without a season has."""


def gram_of(blocks: Blocks) -> Floats:
    """Return the products of the looks of all blocks, in all columns, from the mean, each column scaled to the same size; shape (blocks, blocks)."""
    total = np.zeros((blocks.number, blocks.number))
    for column in blocks.columns.values():
        centred = column.shapes - column.shapes.mean(axis=0)
        size = (centred**2).sum()
        total += centred @ centred.T / (size if size > 0 else 1.0)
    return total


@one_blas_thread()
def find_season(blocks: Blocks) -> Season:
    """Find the period after which blocks look alike again, if there is one.

    For a period d, what all blocks of a phase have in common is measured by the mean product of the looks of blocks that lie a multiple of d apart,
    corrected for the number of phases as an adjusted R squared is. A calendar's period is preferred, then the shortest that explains about as
    much as the best. Between two maxima there must be a dip: without one it is a trend.

    Parameters:
        blocks: in order, of about equal length in time.

    Examples:
        >>> find_season(Blocks({}, None)).period
        1.0
    """
    origin, step = _grid(blocks)
    none = Season(1.0, 0.0, origin, step)
    number = blocks.number
    if number < 2 * CYCLES or not blocks.columns:
        return none
    gram = gram_of(blocks)
    products = np.array([np.trace(gram, offset=lag) for lag in range(number)])
    explained = {period: _explained(products, period) for period in range(2, number // CYCLES + 1)}
    known = [period for period in _calendar_periods(step) if explained.get(round(period), 0.0) >= LEAST_EXPLAINED_CALENDAR]
    if known:
        return Season(max(known), explained[round(max(known))], origin, step)
    fit = {period: share for period, share in explained.items() if share >= _least(number, period) and _dips(products, period)}
    if not fit:
        return none
    period = next(period for period, share in fit.items() if share >= 0.9 * max(fit.values()))
    return Season(_refined(gram, period), fit[period], origin, step)


def _least(number: int, period: int) -> float:
    return LEAST_EXPLAINED if number >= 3 * period else LEAST_EXPLAINED_TWICE


def _refined(gram: Floats, period: int) -> float:
    """Return the period to a fraction of a block, or a whole part of it that explains about as much.

    A whole number stays one unless the last cycle would begin more than half a block off.
    """
    number = len(gram)
    found = {parts: _best_near(gram, period / parts) for parts in (4, 3, 2, 1) if period / parts >= 2}  # noqa: PLR2004 - no cycle is shorter
    best = next(candidate for candidate, explained in found.values() if explained >= 0.9 * found[1][1])
    return float(round(best)) if abs(best - round(best)) * (number / best) <= 0.5 else best  # noqa: PLR2004 - half a block


def _best_near(gram: Floats, period: float) -> tuple[float, float]:
    """Return the period near one given whose first harmonics explain most of what blocks differ by, and how much that is."""
    number = len(gram)
    harmonics = np.arange(1, max(2, min(4, int(period + 1) // 2)))
    found = []
    for candidate in period + np.linspace(-0.75, 0.75, 151):
        angles = 2 * np.pi * np.outer(np.arange(number), harmonics) / candidate
        basis, _ = np.linalg.qr(np.column_stack((np.ones(number), np.cos(angles), np.sin(angles))))
        found.append((float(candidate), float((basis * (gram @ basis)).sum())))
    return max(found, key=lambda one: one[1])


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


def _calendar_periods(step: float | None) -> Iterable[float]:
    return [_settled(length / step) for length in _CALENDAR.values() if length >= 2 * step] if step else []


def _settled(period: float) -> float:
    """Return a whole number for what is nearly one, as when days are 23 and 25 hours long twice a year."""
    return float(round(period)) if abs(period - round(period)) < 0.02 * period else period


def _grid(blocks: Blocks) -> tuple[float | None, float | None]:
    """Return when the first block begins and how long blocks are on average."""
    if blocks.starts is None or len(blocks.starts) < CYCLES:
        return None, None
    step = float(np.mean([after - before for before, after in pairwise(blocks.starts)]))
    return float(blocks.starts[0]), step if step > 0 else None
