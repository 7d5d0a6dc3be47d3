"""How data come in: raw rows from a source, and typed features from raw rows; whatever does not fit its declaration stops here."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from mlworks_orchestration.data.frames import call_user
from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION, partition_of
from mlworks_orchestration.data.schema import losslessly, polars_type
from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.spec import ColumnType, FeatureTable, TimeWindow, load_object


def load_raw(table: FeatureTable, window: TimeWindow, keys: Sequence[str], *, before: Collection[str] = ()) -> pl.DataFrame:
    """Ask the table's source, once, for all rows of a window, and add the partition that each event time falls in.

    Parameters:
        table: a feature table with a source.
        window: what the source is called with.
        keys: the partitions that make up the window; each must get rows.
        before: columns that the source must give beside those that are declared, see `given_before`.

    Returns:
        The rows as they came, and `_partition`. A declared column that is null throughout and has no type gets the declared one.

    Raises:
        DeclarationError: if the source cannot be imported or called.
        DataError: if the source raises or gives no dataframe, no event times, no rows for a partition, or rows of others; or, without a transform
            to make it, not every declared column.
    """
    what = f"Feature table {table.name}: source {table.source}, asked for {_listed(keys)},"
    source = load_object(str(table.source), field=f"Feature table {table.name}: source")
    rows = call_user(source, window, asked_of=what)
    untyped = [name for name, dtype in rows.schema.items() if dtype == pl.Null() and name in table.columns]
    typed = rows.cast({name: polars_type(table.columns[name].type) for name in untyped}) if untyped else rows
    cut = _partitioned(table, typed, keys, what)
    if cut.height:
        _check_given(table, cut, before, what)
    return cut


def given_before(lake: Lake, table: FeatureTable, keys: Collection[str]) -> list[str]:
    """Return the raw columns that had values in the newest partition of which features were made by a transform, which may read any of them.

    A table's missing columns read as null, so without this the transform could not tell a column that was renamed at its source from one that
    happens to be null. Without a transform none are returned, for then the declaration says what the source must give.

    Parameters:
        lake: where raw rows and features are.
        table: a feature table with a source.
        keys: partitions that are to be loaded anew, which are not looked at.
    """
    if table.transform is None:
        return []
    raw, features = f"raw/{table.name}", f"features/{table.name}"
    built = set(lake.partitions(features)).intersection(lake.partitions(raw)).difference(keys)
    rows = lake.read(raw, partitions=[max(built)]) if built else pl.DataFrame()
    return [name for name in rows.columns if name != PARTITION and rows[name].null_count() < rows.height]


def build_features(table: FeatureTable, raw: pl.DataFrame | Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Apply the table's transform, if it has one, and hold the rows to the declaration.

    A column that may be null may be null in every row of a partition, unless it is of the entity or the event time: whether that is
    plausible is for the table's expectations to judge. In a float column that may not be null, NaN counts as null.

    Parameters:
        table: the declaration.
        raw: raw rows; for a table that is derived from others, the rows of each input by name. All with `_partition`.

    Returns:
        The declared columns in declared order and types, and `_partition`, computed anew from the event time.

    Raises:
        DeclarationError: if the transform cannot be imported or called.
        DataError: naming table, partition, column and remedy, if the transform raises, a column is missing or would lose values in its
            declared type, nulls stand where none may, an entity comes twice at one event time (and known time), or rows are of a partition that raw
            lacks.
    """
    given = [raw[name] for name in table.inputs] if isinstance(raw, Mapping) else [raw]
    keys = sorted({key for frame in given for key in frame[PARTITION].unique().to_list()})
    what = f"Feature table {table.name}: raw/{table.name}, read for {_listed(keys)},"
    rows = given[0].drop(PARTITION)
    if table.transform is not None:
        what = f"Feature table {table.name}: transform {table.transform}, given {_listed(keys)},"
        transform = load_object(table.transform, field=f"Feature table {table.name}: transform")
        rows = call_user(transform, *(frame.drop(PARTITION) for frame in given), asked_of=what)
    cut = _partitioned(table, rows, keys, what)
    typed = cut.select(*(_typed(table, cut, name, what) for name in table.columns), PARTITION)
    for name, column in table.columns.items():
        key = name in table.identity
        if key or not column.nullable:
            _check_present(table, typed, name, what, key=key)
    _check_unique(table, typed, what)
    return typed


def _partitioned(table: FeatureTable, rows: pl.DataFrame, keys: Collection[str], what: str) -> pl.DataFrame:
    """Return the rows with their partitions, which must be just `keys`."""
    if PARTITION in rows.columns:
        message = f"{what} gave a column {PARTITION!r}, a name that is ours; rename or drop it."
        raise DataError(message)
    key = partition_of(_event_times(table, rows, what), table.partitions) if rows.height else pl.lit("").alias(PARTITION)
    cut = rows.with_columns(key)
    outside = cut.filter(~pl.col(PARTITION).is_in(list(keys)))
    if outside.height:
        first = outside.row(0, named=True)
        message = (
            f"{what} gave {outside.height} rows of other partitions: the first has {table.event_time} {first[table.event_time]}, "
            f"which is in partition {first[PARTITION]}. Return only rows whose event time lies in the window asked for."
        )
        raise DataError(message)
    empty = sorted(set(keys) - set(cut[PARTITION].unique().to_list()))
    if (empty or not keys) and not table.may_be_empty:
        message = (
            f"{what} gave no rows for {_listed(empty)}. Check that the data for it have arrived, then materialise the partition again; "
            "if the table has none before or after a day, set partitions.start or partitions.end; if days without rows are normal, may_be_empty."
        )
        raise DataError(message)
    return cut


def _event_times(table: FeatureTable, rows: pl.DataFrame, what: str) -> pl.Series:
    column = _column(table, rows, table.event_time, what)
    times = losslessly(column, polars_type(ColumnType.TIMESTAMP))
    if times is None:
        message = (
            f"{what} gave the event time {table.event_time!r} as a {column.dtype}, but a timestamp with a time zone and at most microseconds "
            f"is needed, for example column.dt.replace_time_zone({table.partitions.timezone!r})."
        )
        raise DataError(message)
    if times.null_count():
        message = f"{what} gave rows whose event time {table.event_time!r} is null, {times.null_count()} of {rows.height}; drop or repair them."
        raise DataError(message)
    return times


def _column(table: FeatureTable, rows: pl.DataFrame, name: str, what: str) -> pl.Series:
    if name not in rows.columns:
        given = [column for column in rows.columns if column != PARTITION]
        message = f"{what} gave no column {name!r}, which {table.name} declares; {nearest(name, given)}. Rename it there, or correct the declaration."
        raise DataError(message)
    return rows[name]


def _check_given(table: FeatureTable, rows: pl.DataFrame, before: Collection[str], what: str) -> None:
    for name in table.columns if table.transform is None else ():
        _column(table, rows, name, what)
    for name in before:
        if name not in rows.columns:
            message = (
                f"{what} gave no column {name!r}, which it gave before and the transform may read; {nearest(name, set(rows.columns) - {PARTITION})}. "
                "Rename it in the source; if there are no values any more, let the source give the column as nulls."
            )
            raise DataError(message)


def _typed(table: FeatureTable, rows: pl.DataFrame, name: str, what: str) -> pl.Series:
    column = _column(table, rows, name, what)
    declared = table.columns[name].type
    typed = losslessly(column, polars_type(declared))
    if typed is None:
        wanted = f"{declared} with a time zone" if declared is ColumnType.TIMESTAMP else declared
        message = (
            f"{what} gave column {name!r} as {column.dtype}, and its values (for example {_misfit(column, polars_type(declared))}) cannot all "
            f"be held as the declared {wanted}. Cast it in the source or the transform, or correct its type in the declaration."
        )
        raise DataError(message)
    return typed


def _misfit(column: pl.Series, dtype: pl.DataType) -> str:
    """Return the first value that changes in the other type, or just the first when the types have nothing in common."""
    present = column.drop_nulls()
    if column.dtype.is_numeric() and dtype.is_numeric():
        present = present.filter(present.cast(dtype, strict=False).cast(column.dtype, strict=False).ne_missing(present))
    return repr(present[0]) if len(present) else "null"


def _check_present(table: FeatureTable, rows: pl.DataFrame, name: str, what: str, *, key: bool) -> None:
    missing = rows[name].is_null()
    if rows.schema[name].is_float():
        missing |= rows[name].is_nan().fill_null(value=False)
    if not missing.any():
        return
    partition: str = rows.filter(missing).sort(PARTITION)[PARTITION][0]
    count, total = missing.filter(rows[PARTITION] == partition).sum(), (rows[PARTITION] == partition).sum()
    rule = f"part of the key of {table.name}" if key else "declared nullable: false"
    share = f"every one of the {total}" if count == total else f"{count} of {total}"
    message = (
        f"{what} gave nulls in column {name!r}, which is {rule}: in {share} rows of partition {partition}. "
        f"Drop or repair these rows{'' if key else ', or declare the column nullable: true'}."
    )
    raise DataError(message)


def _check_unique(table: FeatureTable, rows: pl.DataFrame, what: str) -> None:
    key = table.identity
    twice = rows.filter(rows.select(key).is_duplicated())
    if twice.height:
        first = twice.sort(PARTITION, maintain_order=True).row(0, named=True)
        shown = ", ".join(f"{name} {first[name]!s}" for name in key)
        message = (
            f"{what} gave {twice.height} rows that share their {' and '.join(key)} with another, the first in partition {first[PARTITION]}: {shown}. "
            "Keep one row of each, for example with .unique(subset=[…]), or add the column that tells them apart to entity."
        )
        raise DataError(message)


def _listed(keys: Collection[str]) -> str:
    ordered = sorted(keys)
    if len(ordered) > 3:  # noqa: PLR2004 - more make the message hard to read
        return f"partitions {ordered[0]}, {ordered[1]} … {ordered[-1]} ({len(ordered)} of them)"
    return f"partition{'s' * (len(ordered) > 1)} {', '.join(ordered) or '(none)'}"
