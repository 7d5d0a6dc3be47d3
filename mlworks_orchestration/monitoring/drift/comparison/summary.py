"""What a profile says of a column by itself: counts, moments, quantiles and the most frequent values, each with how wrong it can be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import bounds, centers
from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import Bounded, NumericProfile

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Of which shares of the values quantiles are given."""

TOP = 5
"""How many of the most frequent values are given."""


class Frequent(NamedTuple):
    """A value that occurs often.

    Parameters:
        value: a category, or a number.
        within: the number is no further from `value` than this; 0 for a category.
        rows: that have it.
        bound: the exact number of rows differs by at most this.
    """

    value: str | float
    within: float
    rows: int
    bound: int


@dataclass(frozen=True)
class Summary:
    """A column summed up; what its type does not have, or what has no rows, is None or empty.

    Parameters:
        type: of the profile.
        rows: all rows.
        missing: rows without a value.
        distinct: values that differ; at least so many; None of texts and of several columns.
        mean: of the finite values; exact up to rounding, as are the next three.
        std: of the finite values, as a sample's; None with fewer than two.
        minimum: of the finite values.
        maximum: of the finite values.
        quantiles: the smallest value that at least such a share of the values does not exceed, by share; of 0.5 it is the median.
        top: the most frequent values, the first the most frequent.
    """

    type: str
    rows: int
    missing: int
    distinct: Bounded | None
    mean: Bounded | None
    std: Bounded | None
    minimum: Bounded | None
    maximum: Bounded | None
    quantiles: Mapping[float, Bounded]
    top: tuple[Frequent, ...]

    @property
    def median(self) -> Bounded | None:
        """The quantile of one half."""
        return self.quantiles.get(0.5)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it; an infinity is a text.

        Examples:
            >>> told = summary_of(NumericProfile.of(np.array([1.0, 2.0, 2.0, np.inf, np.nan]))).to_dict()
            >>> told["missing"], told["mean"]["value"], told["quantiles"]["0.99"], told["top"][0]
            (1, 1.6666666666666667, {'value': 'inf', 'bound': 0.0}, {'value': 2.0, 'within': 0.0, 'rows': 2, 'bound': 0})
        """
        moments = {name: _plain(getattr(self, name)) for name in ("distinct", "mean", "std", "minimum", "maximum")}
        return {
            "type": self.type,
            "rows": self.rows,
            "missing": self.missing,
            **moments,
            "quantiles": {f"{share:g}": _plain(found) for share, found in self.quantiles.items()},
            "top": [_plain(one) for one in self.top],
        }


def summary_of(profile: ColumnProfile) -> Summary:
    """Sum up a column.

    Parameters:
        profile: of any type; beside counts, moments and quantiles are of numbers, and the most frequent values of numbers and categories.

    Examples:
        >>> found = summary_of(NumericProfile.of(np.array([3.0, 1.0, 1.0, 7.0])))
        >>> found.mean, found.median, found.top[0]
        (Bounded(value=3.0, bound=0.0), Bounded(value=1.0, bound=0.0), Frequent(value=1.0, within=0.0, rows=2, bound=0))
    """
    if isinstance(profile, NumericProfile):
        return _of_numbers(profile)
    blank = Summary(profile.type, profile.rows, profile.missing, None, None, None, None, None, {}, ())
    return _of_categories(profile, blank) if isinstance(profile, CategoricalProfile) else blank


def _of_numbers(profile: NumericProfile) -> Summary:
    moments, (low, high) = profile.moments, bounds(profile.bins)
    unseen = np.where(low < high, profile.bins.counts - 1, 0)
    middles, frequent = centers(profile.bins), np.argsort(-profile.bins.counts, kind="stable")[:TOP]
    return Summary(
        type=profile.type,
        rows=profile.rows,
        missing=profile.missing,
        distinct=Bounded(profile.distinct, float(unseen.sum())),
        mean=_exact(moments.mean),
        std=_exact(moments.std),
        minimum=_exact(moments.minimum),
        maximum=_exact(moments.maximum),
        quantiles={share: profile.quantile(share) for share in SHARES} if profile.present else {},
        top=tuple(
            Frequent(float(middles[at]), _reach(middles[at], low[at], high[at]), int(profile.bins.counts[at]), int(unseen[at])) for at in frequent
        ),
    )


def _of_categories(profile: CategoricalProfile, blank: Summary) -> Summary:
    frequent = sorted(profile.counts.items(), key=lambda one: (-one[1], one[0]))[:TOP]
    top = tuple(Frequent(name, 0.0, rows, profile.bound) for name, rows in frequent)
    return replace(blank, distinct=Bounded(profile.distinct, float(profile.other)), top=top)


def _exact(value: float | None) -> Bounded | None:
    return None if value is None else Bounded(value, 0.0)


def _reach(middle: float, low: float, high: float) -> float:
    return 0.0 if low == high else float(max(middle - low, high - middle))


def _plain(found: Bounded | Frequent | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {name: str(one) if isinstance(one, float) and not isfinite(one) else one for name, one in found._asdict().items()}
