"""How far the categories of two sides are certainly apart, and how far they can be at most, where some of their rows are pooled."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, Flags
from mlworks_orchestration.monitoring.drift.comparison.kept import Kept
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.contingency import CERTAINLY_COMMON, LEAST_EXPECTED

STEEPEST = 3
"""By how much (q - p)² / (p + q) changes at most for each unit of p or q: its derivatives lie between -3 and 1."""


class Certain(NamedTuple):
    """What holds of the table that `pool_rare` would make if all categories were kept; each of shape (windows,).

    Parameters:
        least: half the sum of (q - p)² / (p + q) over its cells is at least this, p and q being shares.
        most: and at most this.
        chi_squared: Pearson's statistic is at least this.
        freedom: its degrees of freedom are at most these.
        rows: of reference and windows, shape (2, windows).
    """

    least: Floats
    most: Floats
    chi_squared: Floats
    freedom: Floats
    rows: Floats


class _Ranges(NamedTuple):
    """Between which counts the rows of each category, and last those that are missing, lie."""

    lowest: Floats
    highest: Floats
    rows: Floats

    @property
    def least(self) -> Floats:
        """Rows of both sides that make a cell large enough to test, shape (windows,)."""
        least: Floats = LEAST_EXPECTED * self.rows.sum(axis=0) / np.maximum(self.rows.min(axis=0), 1.0)
        return least

    def of_smaller(self, counts: Floats) -> Floats:
        """Return the counts of the smaller side, shape (windows, categories)."""
        smaller: Floats = np.where((self.rows[0] <= self.rows[1])[:, None], counts[0], counts[1:])
        return smaller

    def common(self, counts: Floats) -> Flags:
        """Say which counts are large enough to test, as `pool_rare` has it."""
        common: Flags = (counts[0] + counts[1:] >= self.least[:, None]) | (self.of_smaller(counts) >= CERTAINLY_COMMON)
        return common

    def apart(self, term: Callable[[Floats, Floats], Floats]) -> Floats:
        """Return what a sum over the cells, of a term that grows with the distance of its shares, is at least.

        All rare cells together may have joined any one of the others; they have fewer rows than a cell that is large enough to test.
        """
        few = np.minimum(self.least, CERTAINLY_COMMON)
        reference_smaller = self.rows[0] <= self.rows[1]
        joining = np.where(reference_smaller, few, self.least)[:, None], np.where(reference_smaller, self.least, few)[:, None]
        surely = self.common(self.lowest)
        alone = np.where(surely, term(*self._nearest(np.zeros_like(joining[0]), np.zeros_like(joining[1]))), 0.0)
        joined = np.where(surely, term(*self._nearest(*joining)), 0.0)
        found: Floats = alone.sum(axis=1) - (alone - joined).max(axis=1, initial=0.0)
        return found

    def _nearest(self, before: Floats, after: Floats) -> tuple[Floats, Floats]:
        """Return the shares within the ranges that are nearest to each other, with so many rows more at most."""
        n, m = self.rows[:, :, None]
        reference = np.clip(self.lowest[1:] / m, self.lowest[0] / n, (self.highest[0] + before) / n)
        return reference, np.clip(reference, self.lowest[1:] / m, (self.highest[1:] + after) / m)


def certain(cells: Cells, kept: Kept) -> Certain:
    """Return between what the distance of the categories lies, missing being one more, whatever the pooled rows are.

    A category's rows lie within its range, and are taken to be as little apart as they can be; only those that are certainly common count, because
    rare ones are pooled in a test. At most, the pooled rows are all where they change most.

    Parameters:
        cells: of categories.
        kept: what is certain of them.
    """
    missing = np.append(cells.missing_reference, cells.missing)[:, None]
    present = np.append(cells.present_reference, cells.present)
    rows = np.broadcast_to((present[:1] + missing[0])[:, None], (1, len(cells.windows))), (present[1:] + missing[1:, 0])[None]
    ranges = _Ranges(np.hstack((kept.lowest, missing)), np.hstack((kept.highest, missing)), np.vstack(rows))
    n, m = ranges.rows[:, :, None]
    found = _change(ranges.lowest[0] / n, ranges.lowest[1:] / m).sum(axis=1)
    moved = kept.other[0] / ranges.rows[0] + kept.other[1:] / ranges.rows[1]
    return Certain(
        least=ranges.apart(_change) / 2,
        most=np.minimum((found + STEEPEST * moved) / 2, 1.0),
        chi_squared=ranges.apart(lambda before, after: _ratio(n * m * np.square(after - before), n * before + m * after)),
        freedom=_freedom(ranges, kept),
        rows=ranges.rows,
    )


def _freedom(ranges: _Ranges, kept: Kept) -> Floats:
    """Return how many categories may be common: those that may be, and as many of the others as their rows suffice for."""
    others, largest = kept.other[:, None], kept.bound[:, None]
    enough = ranges.common(largest)[:, 0]
    more = (others[0] + others[1:])[:, 0] / ranges.least + ranges.of_smaller(others)[:, 0] / CERTAINLY_COMMON
    freedom: Floats = ranges.common(ranges.highest).sum(axis=1) + np.where(enough, more, 0.0)
    return freedom


def _change(before: Floats, after: Floats) -> Floats:
    return _ratio(np.square(after - before), before + after)


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros(np.broadcast_shapes(above.shape, below.shape)), where=below > 0)
