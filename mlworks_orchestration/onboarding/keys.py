"""What identifies a row beside its time: columns that do, or a row number."""

import re
from itertools import combinations

import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.onboarding.reading import Table
from mlworks_orchestration.onboarding.request import Request
from mlworks_orchestration.onboarding.words import is_text

ROW_ID = "row_id"
_ID = re.compile(r"(^|_|\b)(id|key|code|number|no|nr)$", re.IGNORECASE)
_MOST_PAIRED = 8


def entity(table: Table, times: pl.Series, request: Request, apart: set[str]) -> tuple[str, ...]:
    """Return the columns that, with the time, identify a row; none if a row number must.

    Parameters:
        table: the data.
        times: event times.
        request: may name the columns.
        apart: columns that cannot be: label and time.

    Raises:
        DataError: if the named columns have nulls, or do not tell rows apart.
    """
    if request.entity:
        _check(table, times, request.entity)
        return request.entity
    keys = [name for name in table.rows.columns if name not in apart and name not in request.drop and _can_be_key(table.rows[name])]
    named = [name for name in keys if _ID.search(name)]
    named += [name for name in keys if name not in named and table.rows[name].dtype == pl.String() and table.rows[name].is_unique().all()]
    singles = named if times.is_duplicated().sum() == 0 else [*named, *(name for name in keys if table.rows[name].dtype == pl.String())]
    texts = [name for name in keys if table.rows[name].dtype == pl.String()][:_MOST_PAIRED] if times.is_duplicated().any() else []
    for choice in [(name,) for name in singles] + list(combinations(texts, 2)):
        if not _same(table, times, choice).any():
            return choice
    return ()


def _can_be_key(column: pl.Series) -> bool:
    """Return whether a column may identify rows; sentences, though each may be there once, do not."""
    if column.null_count():
        return False
    return column.dtype.is_integer() or (column.dtype == pl.String() and not is_text(column))


def _same(table: Table, times: pl.Series, columns: tuple[str, ...]) -> pl.Series:
    return table.rows.select(columns).with_columns(times.alias("_time")).is_duplicated()


def _check(table: Table, times: pl.Series, columns: tuple[str, ...]) -> None:
    for name in columns:
        if table.rows[name].null_count():
            message = f"Column {name!r} of {table.path} has no value in {table.rows[name].null_count()} rows, so it identifies nothing; name others."
            raise DataError(message)
    same = _same(table, times, columns)
    if same.any():
        row = int(same.arg_true()[0])
        values = ", ".join(f"{name} {table.rows[name][row]}" for name in columns)
        message = (
            f"{int(same.sum())} rows of {table.path} share {' and '.join(columns)} and the time with another, the first in {table.where(row)}: "
            f"{values} at {times[row]}. Add the column that tells them apart with --entity, or leave --entity out: then rows are numbered."
        )
        raise DataError(message)
