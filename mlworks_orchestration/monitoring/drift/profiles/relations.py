"""The profile of how the target goes with a feature: what is known of the target in each cell of the feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, ClassVar, NamedTuple, Self, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.arrays import from_text, to_text
from mlworks_orchestration.monitoring.drift.profiles.bins import EXACT, Floats, keys_of
from mlworks_orchestration.monitoring.drift.profiles.comoments import LIMIT, CoMoments, add_comoments, comoments_of
from mlworks_orchestration.monitoring.drift.profiles.stored import whole
from mlworks_orchestration.monitoring.drift.profiles.tabulate import cramers_v, in_classes, pooled_moments, with_rare_pooled

MOST_CELLS = 256
"""Cells that a numeric feature is cut into at most."""

MOST_CATEGORIES = 1000
"""Categories of a feature that have a cell of their own at most; the less frequent become one cell, `OTHER`."""

MOST_CLASSES = 50
"""Categories of a target that are told apart at most."""

_Relation = TypeVar("_Relation", bound="RelationProfile")

_CATEGORICAL = (pl.String, pl.Boolean, pl.Categorical, pl.Enum)
_NO_MOMENTS = CoMoments(0, *(np.zeros((0, 0)) for _ in range(3)))


class Strength(NamedTuple):
    """How strongly target and feature go together.

    Parameters:
        name: `pearson`, `correlation_ratio` or `cramers_v`.
        value: -1 to 1 for the first, else 0 to 1.
    """

    name: str
    value: float


@dataclass(frozen=True, eq=False)
class RelationProfile:
    """The target by cells of a feature; a numeric feature's cells are the leading bits of its floats, so that they are the same everywhere.

    Merging is commutative and associative: up to rounding, and exactly as long as no category had to be pooled.

    Parameters:
        missing: rows that lack feature or target, infinities and numbers beyond 1e140 counted.
        precision: how many leading bits name a cell, 1 to 64; None if the feature is a category.
        cells: their names, integers or texts, ascending, shape (cells,).
        classes: the target's categories, ascending; none for a number.
        counts: rows by cell and class, shape (cells, classes), or (cells, 1) for a number.
        means: of a target that is a number, shape (cells,).
        squares: sum of its squared distances from them, shape (cells,).
        moments: of feature and target together, if both are numbers.

    Examples:
        >>> profile = RelationProfile.of(pl.Series(["AA", "UA", "AA", None]), pl.Series([5.0, 9.0, 7.0, 1.0]))
        >>> profile.cells.tolist(), profile.means.tolist(), profile.missing, round(profile.strength.value, 3)
        (['AA', 'UA'], [6.0, 9.0], 1, 0.866)
    """

    type: ClassVar[str] = "relation"

    missing: int
    precision: int | None
    cells: NDArray[Any]
    classes: tuple[str, ...]
    counts: Floats
    means: Floats
    squares: Floats
    moments: CoMoments

    @classmethod
    def of(cls, feature: pl.Series, target: pl.Series) -> Self:
        """Profile rows, in any order.

        Parameters:
            feature: numbers, times, texts or booleans.
            target: numbers, texts or booleans, as many.

        Raises:
            DataError: if one is of another type.
        """
        sides = [_plain(values).alias("") for values in (feature, target)]  # polars takes a name such as ^…$ for a pattern
        known = np.logical_and(*(side.is_not_null().to_numpy() for side in sides))
        x, y = (side.filter(pl.Series(known)).to_numpy() for side in sides)
        missing, categories, classes = len(known) - len(x), sides[0].dtype == pl.String(), sides[1].dtype == pl.String()
        names, cell = np.unique(x if categories else keys_of(x.astype(np.float64)), return_inverse=True)
        if classes:
            labels, label = np.unique(y, return_inverse=True)
            counts = np.zeros((len(names), max(len(labels), 1)))
            np.add.at(counts, (cell, label), 1)
            means = squares = np.zeros(len(names), dtype=np.float64)
        else:
            labels, counts = np.array([], dtype=object), np.bincount(cell, minlength=len(names)).astype(np.float64)[:, None]
            means = np.bincount(cell, weights=y, minlength=len(names)) / counts[:, 0]
            squares = np.bincount(cell, weights=np.square(y - means[cell]), minlength=len(names)).astype(np.float64)
        both = not categories and not classes
        moments = comoments_of(np.column_stack((x, y)).astype(np.float64)) if both else _NO_MOMENTS
        return _limited(cls(missing, None if categories else EXACT, names, tuple(labels), counts, means, squares, moments))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together.

        Raises:
            DataError: if feature or target are numbers in one part and categories in another.
        """
        filled = [part for part in parts if part.present] or parts[:1]
        if len({(part.precision is None, not part.classes) for part in filled}) > 1:
            message = (
                "A relation's feature or target is a number in some partitions and a category in others, so their profiles cannot be merged; "
                "materialise the profiles again after the column's type was settled."
            )
            raise DataError(message)
        classes = tuple(sorted({name for part in filled for name in part.classes}))
        precision = min((part.precision for part in filled if part.precision is not None), default=None)
        sides = [part.coarsened(precision) for part in filled]
        counts = [in_classes(side.counts, side.classes, classes) for side in sides]
        names, cell = np.unique(np.concatenate([side.cells for side in sides]), return_inverse=True)
        columns = [np.concatenate(column) for column in (counts, [side.means for side in sides], [side.squares for side in sides])]
        pooled = pooled_moments(columns[0], columns[1], columns[2], cell, len(names))
        moments = add_comoments([side.moments for side in sides])
        return _limited(cls(sum(part.missing for part in parts), precision, names, classes, *pooled, moments))

    @property
    def present(self) -> int:
        """Rows that have both feature and target."""
        return int(self.counts.sum())

    @property
    def rows(self) -> int:
        """All rows."""
        return self.present + self.missing

    @property
    def distinct(self) -> int:
        """Cells of the feature that have rows."""
        return len(self.cells)

    @property
    def strength(self) -> Strength:
        """Pearson's r of two numbers, the correlation ratio of a number by category (Fisher 1925), Cramér's V of a target of classes.

        It also changes when the feature's distribution does; the statistic `relation` does not. V is Bergsma's (2013), without the bias that many
        cells have. A feature or target that does not vary gives 0.
        """
        if self.classes:
            return Strength("cramers_v", cramers_v(self.counts))
        if self.moments.rows:
            spread = float(np.sqrt(np.diag(self.moments.scatter)).prod())
            return Strength("pearson", float(self.moments.scatter[0, 1]) / spread if spread > 0 else 0.0)
        rows = self.counts[:, 0]
        between = float((rows * np.square(self.means - (rows * self.means).sum() / max(rows.sum(), 1))).sum())
        total = between + float(self.squares.sum())
        return Strength("correlation_ratio", sqrt(between / total) if total > 0 else 0.0)

    def coarsened(self, precision: int | None) -> Self:
        """Return the profile with a numeric feature's cells pooled to fewer leading bits; nothing else is lost.

        Parameters:
            precision: the bits to keep, at most the profile's own; ignored for categories.
        """
        if precision is None or self.precision is None or precision == self.precision:
            return self
        names, cell = np.unique(self.cells >> (self.precision - precision), return_inverse=True)
        counts, means, squares = pooled_moments(self.counts, self.means, self.squares, cell, len(names))
        return replace(self, precision=precision, cells=names, counts=counts, means=means, squares=squares)

    def finest(self, most: int) -> int | None:
        """Return the finest precision at which a numeric feature has at most so many cells; None for categories.

        Parameters:
            most: cells, at least 2.
        """
        if self.precision is None or len(self.cells) <= most:
            return self.precision
        steps = self.cells[1:] ^ self.cells[:-1]
        return next(p for p in range(self.precision, 0, -1) if 1 + np.count_nonzero(steps >> (self.precision - p)) <= most)

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it; arrays are packed, texts are not."""
        return {
            "missing": self.missing,
            "precision": self.precision,
            "cells": self.cells.tolist() if self.precision is None else to_text(self.cells),
            "classes": list(self.classes),
            "counts": to_text(self.counts),
            "means": to_text(self.means),
            "squares": to_text(self.squares),
            "moments": [self.moments.rows, *(to_text(array) for array in self.moments[1:])],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote.

        Raises:
            ValueError: if its parts do not fit together.
        """
        precision, classes = document["precision"], tuple(document["classes"])
        cells = np.array(document["cells"], dtype=object) if precision is None else from_text(document["cells"])
        counts, means, squares = (from_text(document[name]) for name in ("counts", "means", "squares"))
        rows, *moments = document["moments"]
        if counts.shape != (len(cells), max(len(classes), 1)) or {means.shape, squares.shape} != {cells.shape}:
            message = f"{len(cells)} cells, {len(classes)} classes and counts of shape {counts.shape}"
            raise ValueError(message)
        return cls(whole(document, "missing"), precision, cells, classes, counts, means, squares, CoMoments(rows, *map(from_text, moments)))


def _limited(profile: _Relation) -> _Relation:
    """Return a profile with no more cells and classes than are kept."""
    if profile.precision is None:
        names, cell = np.unique(with_rare_pooled(profile.cells, profile.counts.sum(axis=1), MOST_CATEGORIES), return_inverse=True)
        counts, means, squares = pooled_moments(profile.counts, profile.means, profile.squares, cell, len(names))
        profile = replace(profile, cells=names, counts=counts, means=means, squares=squares)
    profile = profile.coarsened(profile.finest(MOST_CELLS))
    if len(profile.classes) <= MOST_CLASSES:
        return profile
    renamed = with_rare_pooled(np.array(profile.classes, dtype=object), profile.counts.sum(axis=0), MOST_CLASSES)
    classes = tuple(sorted(set(renamed)))
    return replace(profile, classes=classes, counts=in_classes(profile.counts, tuple(renamed), classes))


def _plain(values: pl.Series) -> pl.Series:
    """Return numbers as floats, categories as texts, null where missing, infinite or beyond 1e140."""
    if isinstance(values.dtype, _CATEGORICAL):
        return values.cast(pl.String)
    if isinstance(values.dtype, (pl.Date, pl.Datetime)):
        values = values.alias("").cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    if values.dtype.is_numeric() or values.dtype == pl.Null():
        numbers = values.cast(pl.Float64)
        return numbers.to_frame("n").select(pl.when(pl.col("n").abs() <= LIMIT).then("n")).to_series()
    message = (
        f"The column {values.name!r} is a {values.dtype}, whose relation to others cannot be profiled; allowed: numbers, times, texts and booleans. "
        "Derive one of these from it, or leave it out."
    )
    raise DataError(message)
