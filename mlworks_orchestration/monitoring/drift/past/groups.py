"""Into which few cells a column's blocks are counted: groups that the reference alone decides, the same for every later window."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, cast

import numpy as np

from mlworks_orchestration.monitoring.drift.comparison.cells import OTHER, Cells, Flags, numeric_cells
from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Floats, Integers, centers, is_first, keys_of
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedCategories, BlockedNumbers
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, NumericProfile

GROUPS = 64
"""Most groups that a column is counted in."""

UNSEEN = "(unseen)"
"""What the cell of categories that the reference does not have is called."""


@dataclass(frozen=True, eq=False)
class Groups:
    """The cells of one column.

    Numbers are grouped at the reference's quantiles. Of categories the most frequent have a cell each, the others share one, and those that the
    reference does not have share the last.

    Parameters:
        tops: the highest value of each group but the last, ascending, shape (cells - 1,); None for categories.
        values: the reference's mean in each group, shape (cells,); None for categories.
        mixed: which groups may hold more than one distinct value, shape (cells,).
        names: the categories that have a cell, then `OTHER` and `UNSEEN`; None for numbers.
    """

    tops: Floats | None
    values: Floats | None
    mixed: Flags
    names: tuple[str, ...] | None

    @property
    def size(self) -> int:
        """How many cells there are."""
        return len(self.mixed)

    def counts(self, reference: ColumnProfile, profiles: Sequence[ColumnProfile]) -> Floats:
        """Count profiles in these cells.

        Parameters:
            reference: that decided the groups.
            profiles: of the same column.

        Returns:
            shape (profiles, cells).
        """
        if self.names is not None:
            return self._categories(cast("CategoricalProfile", reference), cast("Sequence[CategoricalProfile]", profiles))
        return self._numbers(cast("NumericProfile", reference), cast("Sequence[NumericProfile]", profiles))

    def rows(self, reference: ColumnProfile, blocks: BlockedNumbers) -> Floats:
        """Count blocks of numbers in these cells.

        Parameters:
            reference: that decided the groups.
            blocks: of the same column.

        Returns:
            shape (blocks, cells).
        """
        counts = np.zeros((len(blocks), self.size))
        if len(blocks.values):
            assigned = np.searchsorted(_ends(cast("Floats", self.tops), cast("NumericProfile", reference).bins), keys_of(blocks.values))
            starts = is_first(assigned).nonzero()[0]
            counts[:, assigned[starts]] = np.add.reduceat(blocks.rows, starts, axis=1)
        return counts

    def named(self, reference: CategoricalProfile, blocks: BlockedCategories) -> Floats:
        """Count blocks of categories in these cells.

        Parameters:
            reference: that decided the groups.
            blocks: of the same column.

        Returns:
            shape (blocks, cells).
        """
        cells = np.fromiter(self._places(reference, blocks.names), dtype=np.int64, count=len(blocks.names))
        counts, order = np.zeros((len(blocks), self.size)), np.argsort(cells, kind="stable")
        starts = is_first(cells[order]).nonzero()[0]
        if len(starts):
            counts[:, cells[order][starts]] = np.add.reduceat(blocks.rows[:, order], starts, axis=1)
        return counts

    def side_by_side(self, reference: Floats, windows: Floats) -> Cells:
        """Return counts as statistics take them.

        Parameters:
            reference: rows a cell, then those without a value, shape (cells + 1,).
            windows: the same of each window, shape (windows, cells + 1).
        """
        return Cells(reference[:-1], windows[:, :-1], float(reference[-1]), windows[:, -1], self.values, self.names, self.mixed)

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it; numbers in full, infinities as texts."""
        numbers = {
            name: None if found is None else [repr(float(value)) for value in found] for name, found in (("tops", self.tops), ("values", self.values))
        }
        return {**numbers, "mixed": self.mixed.astype(int).tolist(), "names": None if self.names is None else list(self.names)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Groups":
        """Read what `to_document` gave."""
        tops, values = (None if document[name] is None else np.array([float(text) for text in document[name]]) for name in ("tops", "values"))
        names = None if document["names"] is None else tuple(document["names"])
        return cls(tops, values, np.array(document["mixed"], dtype=np.bool_), names)

    def _numbers(self, reference: NumericProfile, profiles: Sequence[NumericProfile]) -> Floats:
        parts, tops = [profile.bins for profile in profiles], cast("Floats", self.tops)
        if not _are_as_fine(parts, reference.bins):
            cells = numeric_cells(reference, profiles)
            assigned, windows = np.searchsorted(tops, cast("Floats", cells.values)), np.arange(len(parts))[:, None]
            return self._table(windows * self.size + assigned, cells.windows, len(parts))
        keys, rows = (np.concatenate([part[field] for part in parts]) for field in (0, 1))
        assigned = np.searchsorted(_ends(tops, reference.bins), keys)
        return self._table(_owners([len(part.keys) for part in parts]) * self.size + assigned, rows, len(parts))

    def _categories(self, reference: CategoricalProfile, profiles: Sequence[CategoricalProfile]) -> Floats:
        where = np.fromiter(self._places(reference, chain.from_iterable(profile.counts for profile in profiles)), dtype=np.int64)
        rows = np.fromiter(chain.from_iterable(profile.counts.values() for profile in profiles), dtype=np.int64)
        counts = self._table(_owners([len(profile.counts) for profile in profiles]) * self.size + where, rows, len(profiles))
        counts[:, self.size - 2] += [profile.other for profile in profiles]
        return counts

    def _places(self, reference: CategoricalProfile, names: Iterable[str]) -> Iterator[int]:
        """Return the cell of each category."""
        named = cast("tuple[str, ...]", self.names)
        rest, unseen = len(named) - 2, len(named) - 1
        places = dict.fromkeys(reference.counts, rest) | {name: place for place, name in enumerate(named[:rest])}
        return map(places.get, names, repeat(rest if reference.other else unseen))

    def _table(self, places: Integers, rows: Integers | Floats, profiles: int) -> Floats:
        """Return rows, each of which has a place in the table of all profiles one after the other, shape (profiles, cells)."""
        counts: Floats = np.bincount(places.ravel(), weights=rows.ravel(), minlength=profiles * self.size).astype(np.float64, copy=False)
        return counts.reshape(profiles, self.size)


def group(reference: ColumnProfile, most: int = GROUPS) -> Groups:
    """Return the cells in which a column of the reference is best counted.

    Parameters:
        reference: numeric or categorical.
        most: at most so many cells of numbers, or of categories that are told apart.

    Examples:
        >>> import polars as pl
        >>> group(NumericProfile.of(np.arange(8.0)), 2).tops.tolist()
        [3.0]
        >>> group(CategoricalProfile.of(pl.Series(["EWR", "EWR", "JFK", "LGA"])), 1).names
        ('EWR', '(other)', '(unseen)')
    """
    if isinstance(reference, CategoricalProfile):
        frequent = sorted(reference.counts, key=lambda name: (-reference.counts[name], name))[:most]
        names = (*frequent, OTHER, UNSEEN)
        return Groups(None, None, np.arange(len(names)) >= len(frequent), names)
    bins = cast("NumericProfile", reference).bins
    values, counts = centers(bins), bins.counts.astype(np.float64)
    if not len(values):
        return Groups(np.zeros(0), np.zeros(1), np.ones(1, dtype=np.bool_), None)
    cumulated = np.cumsum(counts)
    ends = np.unique(np.append(np.searchsorted(cumulated, np.arange(1, most) * (cumulated[-1] / most)), len(values) - 1))
    starts = np.append(0, ends[:-1] + 1)
    finite = np.where(np.isfinite(values), values, 0.0)
    means = np.add.reduceat(finite * counts, starts) / np.add.reduceat(counts, starts)
    edges = np.isinf(values[ends]) | np.isinf(values[starts])
    means = np.where(edges, np.where(np.isinf(values[ends]), values[ends], values[starts]), means)
    return Groups(values[ends[:-1]], means, (bins.precision[ends] < EXACT) | (ends > starts), None)


def _are_as_fine(parts: Sequence[Bins], reference: Bins) -> bool:
    """Say whether no bin of any part spans several of the reference's."""
    if not reference.size:
        return True
    groups, precisions = (np.concatenate([part[field] for part in parts]) for field in (2, 3))
    at = np.minimum(np.searchsorted(reference.groups, groups), len(reference.groups) - 1)
    return not ((reference.groups[at] == groups) & (precisions < reference.precisions[at])).any()


def _ends(tops: Floats, reference: Bins) -> Integers:
    """Return the largest key in the reference's bin of each top."""
    middles = keys_of(tops)
    return middles | ((1 << (EXACT - reference.precisions[np.searchsorted(reference.groups, middles >> (EXACT - COARSEST))])) - 1)


def _owners(sizes: Sequence[int]) -> Integers:
    return np.repeat(np.arange(len(sizes)), sizes)
