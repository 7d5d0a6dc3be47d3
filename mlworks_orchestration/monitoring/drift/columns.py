"""Profiles of one column, numeric or categorical: what is kept of its values, small enough to store a partition and exact enough to test."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift.bins import EXACT, Bins, Floats, add, centers, keys_of, limited
from mlworks_orchestration.monitoring.drift.moments import Moments, add_moments, moments_of


@dataclass(frozen=True, eq=False)
class NumericProfile:
    """A numeric column: counts by bin of its values, infinities among them.

    Parameters:
        missing: rows that are null or NaN.
        bins: counts of the others.
        moments: of the finite ones.

    Examples:
        >>> profile = NumericProfile.of(np.array([1.0, 2.0, 2.0, np.nan, np.inf]))
        >>> profile.rows, profile.missing, profile.distinct, profile.moments.maximum
        (5, 1, 3, 2.0)
    """

    type: ClassVar[str] = "numeric"

    missing: int
    bins: Bins
    moments: Moments

    @classmethod
    def of(cls, values: Floats) -> "NumericProfile":
        """Profile values, in any order.

        Parameters:
            values: NaN where missing, shape (n,).
        """
        present = values[~np.isnan(values)]
        distinct, counts = np.unique(present + 0.0, return_counts=True)
        finite = np.isfinite(distinct)
        return cls(len(values) - len(present), limited(Bins(EXACT, keys_of(distinct), counts)), moments_of(distinct[finite], counts[finite]))

    @classmethod
    def merged(cls, parts: "Sequence[NumericProfile]") -> "NumericProfile":
        """Return the profile of all rows together."""
        return cls(sum(part.missing for part in parts), add([part.bins for part in parts]), add_moments([part.moments for part in parts]))

    @cached_property
    def present(self) -> int:
        """Rows that have a value."""
        return self.bins.total

    @property
    def rows(self) -> int:
        """All rows."""
        return self.present + self.missing

    def mean_of(self, function: Callable[[Floats], Floats]) -> float:
        """Return the mean of a function of the values.

        It is exact as long as each bin holds one value; else each value may be off by half its bin's width.

        Parameters:
            function: of values of shape (bins,), to values of the same shape.

        Examples:
            >>> NumericProfile.of(np.array([-3.0, 1.0, 2.0])).mean_of(np.abs)
            2.0
        """
        return float((function(centers(self.bins)) * self.bins.counts).sum()) / self.present

    @property
    def distinct(self) -> int:
        """Bins that have values: the distinct values, as long as no two share a bin."""
        return len(self.bins.keys)


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
    def of(cls, values: pl.Series) -> "CategoricalProfile":
        """Profile values, in any order; a boolean's categories are `true` and `false`."""
        table = values.alias("category").value_counts(name="rows")
        counts = dict(zip(table["category"].to_list(), table["rows"].to_list(), strict=True))
        missing = counts.pop(None, 0)
        return cls(missing, {str(name).lower(): rows for name, rows in counts.items()} if values.dtype == pl.Boolean() else counts)

    @classmethod
    def merged(cls, parts: "Sequence[CategoricalProfile]") -> "CategoricalProfile":
        """Return the profile of all rows together."""
        counts: Counter[str] = Counter()
        for part in parts:
            counts.update(part.counts)
        return cls(sum(part.missing for part in parts), dict(counts))

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


ColumnProfile = NumericProfile | CategoricalProfile
