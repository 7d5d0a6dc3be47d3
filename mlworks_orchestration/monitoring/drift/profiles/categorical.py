"""Profiles of categories: how often each occurs, as long as they are not too many to keep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift.profiles.named import Named, add_named, named
from mlworks_orchestration.monitoring.drift.profiles.stored import whole

MOST = 10_000
"""Most categories that a column keeps; of more, the most frequent."""


@dataclass(frozen=True, eq=False)
class CategoricalProfile:
    """A column of texts or booleans: how often each category occurs.

    Up to `MOST` categories all counts are exact, and merging is associative and commutative. Of more, the frequent ones are kept and the rows of the
    others only added up (heavy hitters as in Misra and Gries 1982, but never subtracted from those kept). A kept count is then too low by
    at most `bound`, and a category that is not kept has at most `bound` rows; whatever the order and grouping of merges, both statements hold.

    Parameters:
        missing: rows that are null.
        counted: rows by category; of a stored profile, a dictionary is made of them when they are first asked for.
        other: rows of categories, or parts of them, that are not among those.
        bound: at most so many of the other rows are of any one category.

    Examples:
        >>> profile = CategoricalProfile.of(pl.Series([True, False, True, None]))
        >>> profile.rows, sorted(profile.counts.items())
        (4, [('false', 1), ('true', 2)])
    """

    type: ClassVar[str] = "categorical"

    missing: int
    counted: Mapping[str, int] | Named
    other: int = 0
    bound: int = 0

    @classmethod
    def of(cls, values: pl.Series) -> Self:
        """Profile values, in any order; a boolean's categories are `true` and `false`."""
        table = values.drop_nulls().alias("category").value_counts(name="rows")
        missing, other, bound = values.null_count(), 0, 0
        if table.height > MOST:  # most of a million names need not become Python objects
            bound = int(table["rows"].top_k(MOST + 1)[-1])
            frequent = table.filter(pl.col("rows") > bound)
            other, table = int(table["rows"].sum()) - int(frequent["rows"].sum()), frequent
        counts = dict(zip(table["category"].to_list(), table["rows"].to_list(), strict=True))
        named = {str(name).lower(): rows for name, rows in counts.items()} if values.dtype == pl.Boolean() else counts
        return cls(missing, named, other, bound)

    @classmethod
    def limited(cls, missing: int, counts: Mapping[str, int], other: int = 0, bound: int = 0) -> Self:
        """Return a profile of at most `MOST` categories.

        Categories as frequent as the first that must go, go with it, so that nothing depends on the order of the rows.

        Parameters:
            missing: rows that are null.
            counts: rows by category, of any number.
            other: rows already pooled.
            bound: of any category, at most so many are among those.
        """
        if len(counts) <= MOST:
            return cls(missing, counts, other, bound)
        highest_gone = int(np.partition(np.fromiter(counts.values(), dtype=np.int64, count=len(counts)), -MOST - 1)[-MOST - 1])
        kept = {name: rows for name, rows in counts.items() if rows > highest_gone}
        return cls(missing, kept, other + sum(counts.values()) - sum(kept.values()), bound + highest_gone)

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together."""
        counts = add_named([part.counted if isinstance(part.counted, Named) else named(part.counted) for part in parts])
        return cls.limited(sum(part.missing for part in parts), counts, sum(part.other for part in parts), sum(part.bound for part in parts))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {"missing": self.missing, "counts": dict(sorted(self.counts.items())), "other": self.other, "bound": self.bound}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` gave.

        Raises:
            ValueError: if it does not fit together; likewise KeyError and TypeError.
        """
        counts = dict(document["counts"])
        for name in counts:
            whole(counts, name)
        return cls(whole(document, "missing"), named(counts), whole(document, "other"), whole(document, "bound"))

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """Rows by category."""
        return self.counted.counts if isinstance(self.counted, Named) else self.counted

    @cached_property
    def present(self) -> int:
        """Rows that have a value."""
        return sum(self.counts.values()) + self.other

    @property
    def rows(self) -> int:
        """All rows."""
        return self.present + self.missing

    @property
    def distinct(self) -> int:
        """Categories that are kept: all that occur, unless some are pooled; then at least so many occur."""
        return len(self.counts)
