"""Expectations that the data at hand suggest, each with room for what has not been seen yet."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from mlworks_orchestration.onboarding.columns import Kept
from mlworks_orchestration.onboarding.reading import extremes
from mlworks_orchestration.spec import ColumnType

_MOST_LISTED = 20
_MOST = 25
_COMPLETE = 0.98


def suggest(columns: Sequence[Kept], key: Sequence[str], rows: int) -> list[dict[str, Any]]:
    """Return expectations as they are declared: what would break the model blocks, what is only unusual warns.

    Parameters:
        columns: that are not key.
        key: columns that identify a row, the event time among them.
        rows: in a partition, at the median.
    """
    found: list[dict[str, Any]] = [{"kind": "unique", "over": list(key), "blocking": True}]
    if rows >= 3:  # noqa: PLR2004 - a third of less is no row
        found.append({"kind": "row_count", "min": rows // 3, "severity": "warn"})
    for column in columns[:_MOST]:
        found += _of_column(column)
    return found


def _of_column(column: Kept) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    present = column.values.drop_nulls()
    share = len(present) / len(column.values)
    if share >= _COMPLETE:
        found.append({"kind": "not_null", "column": column.name, "mostly": 0.95, "severity": "warn"})
    if column.type in {ColumnType.INTEGER, ColumnType.FLOAT}:
        low, high = _bounds(present)
        found.append({"kind": "between", "column": column.name, "min": low, "max": high, "severity": "warn"})
    if column.type is ColumnType.STRING and present.n_unique() <= _MOST_LISTED:
        values = present.unique().sort().to_list()
        found.append({"kind": "in_set", "column": column.name, "values": values, "mostly": 0.95, "severity": "warn"})
    return found


def _bounds(present: pl.Series) -> tuple[float, float]:
    """Return bounds half a range wider than what was seen; what was never negative stays so."""
    low, high = map(float, extremes(present))
    room = (high - low) / 2
    return _rounded(max(0.0, low - room) if low >= 0 else low - room, math.floor), _rounded(high + room, math.ceil)


def _rounded(value: float, towards: Callable[[float], int]) -> float:
    """Round to two digits, outwards; what is whole then is written so.

    Examples:
        >>> _rounded(1234.5, math.ceil), _rounded(-0.0123, math.floor), _rounded(0.0, math.floor)
        (1300, -0.013, 0)
    """
    if value == 0:
        return 0
    places = 1 - math.floor(math.log10(abs(value)))
    rounded = round(towards(round(value * 10**places, 6)) / 10**places, max(places, 0))
    return int(rounded) if rounded == int(rounded) else rounded
