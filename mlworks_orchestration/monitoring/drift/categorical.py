"""Profiles of categories: how often each occurs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import polars as pl


@dataclass(frozen=True, eq=False)
class CategoricalProfile:
    """A column of texts or booleans: how often each category occurs.

    Parameters:
        missing: rows that are null.
        counts: rows by category.

    Examples:
        >>> profile = CategoricalProfile.of(pl.Series([True, False, True, None]))
        >>> profile.rows, sorted(profile.counts.items())
        (4, [('false', 1), ('true', 2)])
    """

    type: ClassVar[str] = "categorical"

    missing: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, values: pl.Series) -> Self:
        """Profile values, in any order; a boolean's categories are `true` and `false`."""
        table = values.alias("category").value_counts(name="rows")
        counts = dict(zip(table["category"].to_list(), table["rows"].to_list(), strict=True))
        missing = counts.pop(None, 0)
        return cls(missing, {str(name).lower(): rows for name, rows in counts.items()} if values.dtype == pl.Boolean() else counts)

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together."""
        counts: Counter[str] = Counter()
        for part in parts:
            counts.update(part.counts)
        return cls(sum(part.missing for part in parts), dict(counts))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        return {"missing": self.missing, "counts": dict(sorted(self.counts.items()))}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` gave.

        Raises:
            ValueError: if it does not fit together; likewise KeyError and TypeError.
        """
        return cls(int(document["missing"]), {str(name): int(rows) for name, rows in dict(document["counts"]).items()})

    @cached_property
    def present(self) -> int:
        """Rows that have a value."""
        return sum(self.counts.values())

    @property
    def rows(self) -> int:
        """All rows."""
        return self.present + self.missing

    @property
    def distinct(self) -> int:
        """Categories that occur."""
        return len(self.counts)
