"""Rows as text: how an entity becomes a key, and values JSON that gives them back unchanged."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from mlworks_orchestration.data.schema import polars_type
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import ColumnType

_TIMES = {ColumnType.TIMESTAMP, ColumnType.DATE}


def keys_of(frame: pl.DataFrame, columns: Sequence[str]) -> list[str | None]:
    """Return the key of each row's entity, None where a part of it is null.

    Parameters:
        frame: with the columns, in their declared types.
        columns: of the entity.

    Examples:
        >>> keys_of(pl.DataFrame({"origin": ["JFK", None], "gate": [1, 2]}), ["origin", "gate"])
        ['["JFK",1]', None]
    """
    rows = frame.select(_plain(pl.col(name), frame.schema[name]) for name in columns).iter_rows()
    return [None if None in row else json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]


def values_of(frame: pl.DataFrame) -> list[str]:
    """Return each row as a JSON object; times and days are whole numbers, NaN and infinities as Python writes them.

    Parameters:
        frame: of declared types.
    """
    names = frame.columns
    rows = frame.select(_plain(pl.col(name), frame.schema[name]) for name in names).iter_rows()
    return [json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":")) for row in rows]


def frame_of(rows: Sequence[Mapping[str, Any] | None], columns: Mapping[str, ColumnType], *, asked_of: str) -> pl.DataFrame:
    """Return rows, read from their JSON, as a frame; null where there is none.

    Parameters:
        rows: what `values_of` wrote, read as JSON.
        columns: those to take, with their types.
        asked_of: whose rows they are, for the error.

    Raises:
        DataError: if a row lacks a column, or if its values are of another type.
    """
    series = []
    for name, kind in columns.items():
        if any(row is not None and name not in row for row in rows):
            message = f"{asked_of} was published without column {name!r}, which is declared now; publish it again, with `mlworks publish`."
            raise DataError(message)
        stored = pl.Int64() if kind in _TIMES else polars_type(kind)
        try:
            column = pl.Series(name, [None if row is None else row[name] for row in rows], dtype=stored, strict=True)
        except TypeError as error:
            message = f"{asked_of} was published with column {name!r} of another type than {kind}; publish it again, with `mlworks publish`."
            raise DataError(message) from error
        series.append(column.cast(pl.Int32()).cast(polars_type(kind)) if kind is ColumnType.DATE else column.cast(polars_type(kind)))
    return pl.DataFrame(series)


def _plain(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return column.to_physical() if dtype.is_temporal() else column
