"""Into which few cells a column's blocks are counted: groups that the reference alone decides, the same for every later window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import OTHER, Cells, Flags, numeric_cells
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, NumericProfile

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
        cells = numeric_cells(cast("NumericProfile", reference), cast("Sequence[NumericProfile]", profiles))
        assigned = np.searchsorted(cast("Floats", self.tops), cast("Floats", cells.values))
        counts = np.zeros((len(profiles), self.size))
        present = np.unique(assigned)
        if len(present):
            counts[:, present] = np.add.reduceat(cells.windows, np.searchsorted(assigned, present), axis=1)
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

    def _categories(self, reference: CategoricalProfile, profiles: Sequence[CategoricalProfile]) -> Floats:
        named = cast("tuple[str, ...]", self.names)
        places = {name: place for place, name in enumerate(named[:-2])}
        rest, unseen = len(named) - 2, len(named) - 1
        counts = np.zeros((len(profiles), len(named)))
        unknown = rest if reference.other else unseen
        for row, profile in zip(counts, profiles, strict=True):
            row[rest] += profile.other
            for name, rows in profile.counts.items():
                row[places.get(name, rest if name in reference.counts else unknown)] += rows
        return counts


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
    cells = numeric_cells(cast("NumericProfile", reference), [cast("NumericProfile", reference)])
    values = cast("Floats", cells.values)
    if not len(values):
        return Groups(np.zeros(0), np.zeros(1), np.ones(1, dtype=np.bool_), None)
    cumulated = np.cumsum(cells.reference)
    ends = np.unique(np.append(np.searchsorted(cumulated, np.arange(1, most) * (cumulated[-1] / most)), len(values) - 1))
    starts = np.append(0, ends[:-1] + 1)
    finite = np.where(np.isfinite(values), values, 0.0)
    means = np.add.reduceat(finite * cells.reference, starts) / np.add.reduceat(cells.reference, starts)
    edges = np.isinf(values[ends]) | np.isinf(values[starts])
    means = np.where(edges, np.where(np.isinf(values[ends]), values[ends], values[starts]), means)
    return Groups(values[ends[:-1]], means, np.logical_or.reduceat(cells.mixed, starts) | (ends > starts), None)
