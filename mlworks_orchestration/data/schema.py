"""The types of columns: from the words of a declaration to polars, and from any frame to what the lake can hold."""

from typing import Any, Literal, cast

import polars as pl

from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.errors import LakeError
from mlworks_orchestration.spec import ColumnType

SchemaMode = Literal["fixed", "merge"]

_POLARS: dict[ColumnType, pl.DataType] = {
    ColumnType.INTEGER: pl.Int64(),
    ColumnType.FLOAT: pl.Float64(),
    ColumnType.STRING: pl.String(),
    ColumnType.TEXT: pl.String(),
    ColumnType.BOOLEAN: pl.Boolean(),
    ColumnType.TIMESTAMP: pl.Datetime("us", "UTC"),
    ColumnType.DATE: pl.Date(),
}

_SAME: frozenset[pl.DataType] = frozenset(
    {
        *(pl.Int8(), pl.Int16(), pl.Int32(), pl.Int64(), pl.Float32(), pl.Float64()),
        *(pl.String(), pl.Boolean(), pl.Binary(), pl.Date(), pl.Datetime("us"), pl.Datetime("us", "UTC")),
    }
)
# Delta has no unsigned integers; each goes to the signed type that holds all its values, UInt64 to the widest there is.
_WIDER: dict[pl.DataType, pl.DataType] = {pl.UInt8(): pl.Int16(), pl.UInt16(): pl.Int32(), pl.UInt32(): pl.Int64(), pl.UInt64(): pl.Int64()}


def polars_type(column_type: ColumnType) -> pl.DataType:
    """Return the polars type in which values of a declared type are held.

    Parameters:
        column_type: the word of the declaration.

    Examples:
        >>> polars_type(ColumnType.TIMESTAMP)
        Datetime(time_unit='us', time_zone='UTC')
    """
    return _POLARS[column_type]


def storable(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Cast columns to the nearest type that Delta has: categories to text, times to microseconds (aware ones to UTC), unsigned to signed.

    Parameters:
        table: name of the lake table, for the error.
        frame: any rows.

    Raises:
        LakeError: naming the column and its type, if Delta has no type for it.

    Examples:
        >>> dict(storable("raw/t", pl.DataFrame({"a": pl.Series(["x"], dtype=pl.Categorical)})).schema)
        {'a': String}
    """
    casts: dict[Any, pl.DataType] = {}
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Categorical | pl.Enum):
            casts[name] = pl.String()
        elif isinstance(dtype, pl.Datetime):
            casts[name] = pl.Datetime("us", "UTC" if dtype.time_zone else None)
        elif dtype in _WIDER:
            casts[name] = _WIDER[dtype]
        elif dtype != pl.Null() and not _delta_has(dtype):
            message = f"Lake table {table}: column {name!r} is a {dtype}, which Delta cannot hold; cast it to a number, a string or a timestamp."
            raise LakeError(message)
    try:
        return frame.cast(casts) if casts else frame
    except pl.exceptions.InvalidOperationError as error:
        said = str(error).partition("\n")[0]
        message = f"Lake table {table}: a value does not fit the type that Delta has for it: {said}. Cast the column to a string."
        raise LakeError(message) from error


def _delta_has(dtype: pl.DataType) -> bool:
    if isinstance(dtype, pl.List):
        return _delta_has(cast("pl.DataType", dtype.inner))
    if isinstance(dtype, pl.Struct):
        return all(_delta_has(cast("pl.DataType", field.dtype)) for field in dtype.fields)
    return dtype in _SAME or isinstance(dtype, pl.Decimal)


def losslessly(column: pl.Series, dtype: pl.DataType) -> pl.Series | None:
    """Return the values in another type of the same kind, or None if any would change.

    A number may become another type of number, a category text, an aware time one in UTC, a naive midnight a date. A column that is null
    throughout and has no type takes any.

    Parameters:
        column: the values.
        dtype: the type asked for.

    Examples:
        >>> losslessly(pl.Series([1.0, None]), pl.Int64()).to_list(), losslessly(pl.Series([1.5]), pl.Int64())
        ([1, None], None)
    """
    given = column.dtype
    if given in {dtype, pl.Null()}:
        return column.cast(dtype)
    if isinstance(given, pl.Categorical | pl.Enum) and dtype == pl.String():
        return column.cast(dtype)
    times = isinstance(given, pl.Datetime) and (
        given.time_zone is None if dtype == pl.Date() else given.time_zone is not None and dtype.is_temporal()
    )
    if not (times or (given.is_numeric() and dtype.is_numeric())):
        return None
    changed = column.cast(dtype, strict=False)
    return changed if changed.cast(given, strict=False).equals(column, null_equal=True) else None


def creatable(table: str, rows: pl.DataFrame, mode: SchemaMode) -> pl.DataFrame:
    """Return no rows, in the columns of a table to be created for `rows`: columns that have no type are left out by `merge`, refused by `fixed`.

    Parameters:
        table: name of the lake table, for the error.
        rows: rows of storable types.
        mode: `fixed` or `merge`.

    Raises:
        LakeError: naming the column that is null throughout and has no type.
    """
    untyped = [name for name, dtype in rows.schema.items() if dtype == pl.Null()]
    if untyped and mode == "fixed":
        message = (
            f"Lake table {table} cannot be created: column {untyped[0]!r} is null throughout and has no type; cast it to the type that is meant."
        )
        raise LakeError(message)
    return rows.clear().drop(untyped)


def fit(table: str, frame: pl.DataFrame, stored: pl.Schema, mode: SchemaMode) -> pl.DataFrame:
    """Give rows the columns, types and order of a table; with `merge`, columns that the table lacks follow behind.

    A column that is null throughout and has no type takes the table's.

    Parameters:
        table: name of the lake table, for the error.
        frame: rows of storable types.
        stored: the table's schema.
        mode: `fixed` asks for the very columns and types; `merge` fills missing columns with null, takes in new ones, leaves out new ones
            that have no type, and casts a number to the table's numeric type where that loses nothing.

    Raises:
        LakeError: naming the first column that does not fit, and both types.
    """
    for name in stored:
        if name not in frame.columns and mode == "fixed":
            _refuse(table, name, stored[name], "absent")
    columns = [_fit_column(table, frame, name, dtype, mode) for name, dtype in stored.items()]
    new = [name for name in frame.columns if name not in stored]
    if new and mode == "fixed":
        _refuse(table, new[0], "absent", frame.schema[new[0]])
    return frame.select(*columns, *(name for name in new if frame.schema[name] != pl.Null()))


def retyped(frame: pl.DataFrame, stored: pl.Schema) -> bool:
    """Return whether a column has values in another kind of type than the table's, so that `merge` would refuse it.

    Parameters:
        frame: rows of storable types.
        stored: the table's schema.

    Examples:
        >>> retyped(pl.DataFrame({"a": ["far"]}), pl.Schema({"a": pl.Float64()})), retyped(pl.DataFrame({"a": [1]}), pl.Schema({"a": pl.Float64()}))
        (True, False)
    """
    shared = [name for name in stored if name in frame.columns]
    return any(_fitted(frame[name], stored[name], "merge") is None for name in shared)


def _fit_column(table: str, frame: pl.DataFrame, name: str, dtype: pl.DataType, mode: SchemaMode) -> pl.Series:
    if name not in frame.columns:
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, frame.height)
    fitted = _fitted(frame[name], dtype, mode)
    where = f" of partition {frame[PARTITION].min()!s}" if PARTITION in frame.columns else ""
    return _refuse(table, name, dtype, frame.schema[name], where) if fitted is None else fitted


def _fitted(column: pl.Series, dtype: pl.DataType, mode: SchemaMode) -> pl.Series | None:
    """Return a column in the table's type, or None where it does not fit."""
    if column.dtype in {dtype, pl.Null()} or (mode == "merge" and column.dtype.is_numeric()):
        return losslessly(column, dtype)
    return None


def _refuse(table: str, name: str, stored: object, given: object, where: str = "") -> pl.Series:
    message = (
        f"Lake table {table}: column {name!r} is {stored} in the table but {given} in the rows to write{where}. "
        "Give the rows the table's type; where the table's is wrong, write all its partitions again in one run. The table is unchanged."
    )
    raise LakeError(message)
