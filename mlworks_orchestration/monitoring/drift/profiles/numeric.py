"""Profiles of numbers and of moments in time: counts by bin, and moments."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.adding import add_many
from mlworks_orchestration.monitoring.drift.profiles.bins import Bins, Floats, Integers, bounds, centers, exactly, finite_in, keys_of
from mlworks_orchestration.monitoring.drift.profiles.budget import limited
from mlworks_orchestration.monitoring.drift.profiles.moments import Moments, add_moments, moments_of
from mlworks_orchestration.monitoring.drift.profiles.packing import PackedBins, pack, packed
from mlworks_orchestration.monitoring.drift.profiles.places import unpack
from mlworks_orchestration.monitoring.drift.profiles.stored import whole

_FIELDS = attrgetter("missing", "counted", "moments")


class Bounded(NamedTuple):
    """A number and how wrong it can be.

    Parameters:
        value: as computed from bins.
        bound: the exact number is no further away than this; 0 where the value is exact.
    """

    value: float
    bound: float


@dataclass(frozen=True, eq=False)
class NumericProfile:
    """A numeric column: counts by bin of its values, infinities among them.

    Parameters:
        missing: rows that are null or NaN.
        counted: counts of the others by bin; of a stored profile, unpacked when they are first asked for.
        moments: of the finite ones.

    Examples:
        >>> profile = NumericProfile.of(np.array([1.0, 2.0, 2.0, np.nan, np.inf]))
        >>> profile.rows, profile.missing, profile.distinct, profile.moments.maximum
        (5, 1, 3, 2.0)
    """

    type: ClassVar[str] = "numeric"

    missing: int
    counted: Bins | PackedBins
    moments: Moments

    @classmethod
    def of(cls, values: Floats) -> Self:
        """Profile values, in any order.

        Parameters:
            values: NaN where missing, shape (n,).
        """
        present = values[~np.isnan(values)]
        distinct, counts = np.unique(present + 0.0, return_counts=True)
        return cls.of_counts(distinct, counts, len(values) - len(present))

    @classmethod
    def of_counts(cls, distinct: Floats, counts: Integers, missing: int = 0) -> Self:
        """Profile values that occur so many times each.

        Parameters:
            distinct: ascending, shape (n,).
            counts: how often each occurs, shape (n,).
            missing: rows without a value.
        """
        finite = np.isfinite(distinct)
        return cls(missing, limited(exactly(keys_of(distinct), counts)), moments_of(distinct[finite], counts[finite]))

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together."""
        missing, counts, moments = zip(*map(_FIELDS, parts), strict=True)
        return cls(sum(missing), add_many(counts), add_moments(moments))

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it."""
        size, text = pack(self.bins)
        return {"missing": self.missing, **self.moments._asdict(), "size": size, "bins": text}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` gave.

        Raises:
            ValueError: if it does not fit together; likewise KeyError and TypeError.
        """
        return cls(whole(document, "missing"), packed(whole(document, "size"), document["bins"]), Moments.from_document(document))

    @cached_property
    def bins(self) -> Bins:
        """Counts by bin of the rows that have a value.

        Raises:
            DataError: if what was stored of them does not fit together.
        """
        if not isinstance(self.counted, PackedBins):
            return self.counted
        bins = unpack([self.counted])
        if finite_in(bins) != self.moments.n:
            message = f"A stored profile is damaged: {self.moments.n} finite values do not fit its bins. Materialise its partition again."
            raise DataError(message)
        return bins

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

    def mean_within(self, function: Callable[[Floats], Floats]) -> Bounded:
        """Return the mean of a function of the values, and how wrong it can be.

        Parameters:
            function: as `mean_of` takes; it must not turn within a bin.

        Examples:
            >>> NumericProfile.of(np.array([-3.0, 1.0, 2.0])).mean_within(np.abs)
            Bounded(value=2.0, bound=0.0)
        """
        low, high = bounds(self.bins)
        middle = function(centers(self.bins))
        with np.errstate(invalid="ignore"):  # an infinity is as far from itself as nothing
            off = np.nan_to_num(np.maximum(np.abs(function(low) - middle), np.abs(function(high) - middle)), nan=0.0, posinf=np.inf)
        return Bounded(self.mean_of(function), float((off * self.bins.counts).sum()) / self.present)

    def quantile(self, share: float) -> Bounded:
        """Return the smallest value that at least such a share of the values does not exceed, and how wrong it can be: half its bin's width.

        Parameters:
            share: 0 to 1; the profile must have values.

        Examples:
            >>> NumericProfile.of(np.arange(101.0)).quantile(0.5)
            Bounded(value=50.0, bound=0.0)
        """
        cumulated = np.cumsum(self.bins.counts)
        at = min(int(np.searchsorted(cumulated, share * cumulated[-1])), len(cumulated) - 1)
        low, high, middle = (float(edge[at]) for edge in (*bounds(self.bins), centers(self.bins)))
        return Bounded(middle, 0.0 if low == high else max(middle - low, high - middle))

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
