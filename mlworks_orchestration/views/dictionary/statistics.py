"""The statistics of a column in the dictionary, of the newest rows of its table."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import polars as pl

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Of which shares of the values quantiles are given."""

TOP = 5
"""How many of the most frequent values are given."""


@dataclass(frozen=True)
class Statistics:
    """How the values of a column are distributed.

    Parameters:
        partitions: the first and the last of the partitions that were read.
        rows: in them.
        missing: rows without a value; NaN counts as missing.
        distinct: values that differ.
        mean: of the numbers, in their unit; none of other types.
        minimum: the smallest value; none of texts and booleans, as are quantiles.
        maximum: the largest value.
        quantiles: by share, the smallest value that at least such a share of the values does not exceed.
        top: the most frequent values and their rows, the most frequent first.
    """

    partitions: tuple[str, str]
    rows: int
    missing: int
    distinct: int
    mean: float | None
    minimum: Any
    maximum: Any
    quantiles: dict[str, Any]
    top: tuple[tuple[Any, int], ...]


def statistics_of(column: pl.Series, partitions: tuple[str, str]) -> Statistics:
    """Sum up the values of a column.

    Parameters:
        column: of a type that a declaration can name.
        partitions: the first and the last partition of its rows.

    Examples:
        >>> found = statistics_of(pl.Series([1.0, 2.0, 2.0, None]), ("2013-01-01", "2013-01-01"))
        >>> found.missing, found.distinct, found.quantiles["0.5"], found.top[0]
        (1, 2, 2.0, (2.0, 2))
    """
    present = column.drop_nulls()
    present = present.drop_nans() if present.dtype.is_float() else present
    ordered = present.len() > 0 and (present.dtype.is_numeric() or present.dtype.is_temporal())
    counts = present.alias("value").value_counts(name="rows").sort("rows", "value", descending=[True, False])
    mean = present.mean() if ordered and present.dtype.is_numeric() else None
    return Statistics(
        partitions=partitions,
        rows=column.len(),
        missing=column.len() - present.len(),
        distinct=counts.height,
        mean=float(mean) if isinstance(mean, int | float) and isfinite(mean) else None,
        minimum=_plain(present.min()) if ordered else None,
        maximum=_plain(present.max()) if ordered else None,
        quantiles={f"{share:g}": _quantile(present, share) for share in SHARES} if ordered else {},
        top=tuple((_plain(value), rows) for value, rows in counts.head(TOP).iter_rows()),
    )


def _quantile(present: pl.Series, share: float) -> Any:  # noqa: ANN401 - a number, a day or a time, as the column
    physical = present.to_physical() if present.dtype.is_temporal() else present
    found = pl.Series([physical.quantile(share, "equiprobable")])
    return _plain(found.cast(physical.dtype).cast(present.dtype)[0])


def _plain(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a value as JSON can hold it."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return value if value is None or isinstance(value, str | bool | int | float) else value.isoformat()
