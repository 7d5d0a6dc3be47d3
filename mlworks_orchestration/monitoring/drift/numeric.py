"""Profiles of numbers and of moments in time: counts by bin, and moments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import COARSEST, EXACT, Bins, Floats, add, centers, keys_of, limited
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
    def of(cls, values: Floats) -> Self:
        """Profile values, in any order.

        Parameters:
            values: NaN where missing, shape (n,).
        """
        present = values[~np.isnan(values)]
        distinct, counts = np.unique(present + 0.0, return_counts=True)
        finite = np.isfinite(distinct)
        return cls(len(values) - len(present), limited(Bins(EXACT, keys_of(distinct), counts)), moments_of(distinct[finite], counts[finite]))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together."""
        return cls(sum(part.missing for part in parts), add([part.bins for part in parts]), add_moments([part.moments for part in parts]))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        keys = self.bins.keys
        return {
            "missing": self.missing,
            "precision": self.bins.precision,
            "first": int(keys[0]) if len(keys) else None,
            "steps": np.diff(keys).tolist(),
            "counts": self.bins.counts.tolist(),
            **self.moments._asdict(),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` gave.

        Raises:
            ValueError: if it does not fit together; likewise KeyError and TypeError.
        """
        first = [] if document["first"] is None else [document["first"]]
        keys = np.cumsum(np.array(first + document["steps"], dtype=np.int64))
        counts = np.array(document["counts"], dtype=np.int64)
        if keys.shape != counts.shape or not COARSEST <= document["precision"] <= EXACT:
            message = f"precision {document['precision']!r}, {len(keys)} bins and {len(counts)} counts"
            raise ValueError(message)
        return cls(int(document["missing"]), Bins(document["precision"], keys, counts), Moments(*(document[name] for name in Moments._fields)))

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


class DatetimeProfile(NumericProfile):
    """A column of dates or times: a numeric profile of the seconds since 1970, in UTC.

    Examples:
        >>> DatetimeProfile.of(np.array([0.0, 86400.0])).moments.mean
        43200.0
    """

    type: ClassVar[str] = "datetime"
