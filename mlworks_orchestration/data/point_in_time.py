"""Point-in-time joins: what was known of an entity at a moment, never what came to be known later."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import FeatureTable

_KNOWN_AT = "_known_at"
_ORDER = "_order"


def as_of_join(  # noqa: PLR0913 - two frames, what joins them and two settings, which go by name
    spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, columns: Sequence[str], *, event_time: str, max_age: timedelta | None
) -> pl.DataFrame:
    """Give each row of `spine` the values that were known of its entity at its event time.

    A row of the table is known from its event time + `table.known_after` on. Of those known, the one with the latest event time is taken,
    among equals the last of `rows`; without any, or where an entity or a time is null, the values are null.

    Parameters:
        spine: the rows to be given values, with the columns `table.entity` and `event_time`.
        table: says by which columns to join, which one is its event time, and how long a row takes to be known.
        rows: of the table, with its entity, its event time and `columns`.
        columns: the names of the values; none of the spine's.
        event_time: the spine's column that says at which moment to look.
        max_age: how long before that moment the taken row's event time may be, itself included; any time if none.

    Returns:
        The spine, in its order, followed by `columns`.

    Raises:
        DataError: naming table and column, if a join key has two types or a value the name of one of the spine's columns.

    Examples:
        >>> from datetime import datetime, UTC
        >>> weather = FeatureTable(name="weather", description="", owner="team:data", source="weather:load", entity=["origin"],
        ...     event_time="at", known_after="1h", partitions={"every": "day", "start": "2013-01-01"},
        ...     columns={"origin": "string", "at": "timestamp", "wind": "float"})
        >>> hours = [datetime(2013, 1, 1, hour, tzinfo=UTC) for hour in (7, 8, 9)]
        >>> rows = pl.DataFrame({"origin": ["JFK"] * 3, "at": hours, "wind": [7.0, 8.0, 9.0]})
        >>> spine = pl.DataFrame({"origin": ["JFK", "LGA"], "departure": [hours[2], hours[2]]})
        >>> as_of_join(spine, weather, rows, ["wind"], event_time="departure", max_age=None)["wind"].to_list()
        [8.0, None]
    """
    _check_columns(spine, table, rows, columns)
    known_at = (pl.col(table.event_time) + table.known_after).alias(_KNOWN_AT)
    known = rows.drop_nulls([*table.entity, table.event_time]).select(known_at, *table.entity, *columns).sort(_KNOWN_AT, maintain_order=True)
    moments = spine.with_row_index(_ORDER).sort(event_time)
    # The order within each group follows from that of the whole, which polars does not look into.
    joined = moments.join_asof(known, left_on=event_time, right_on=_KNOWN_AT, by=table.entity, coalesce=False, check_sortedness=False)
    if max_age is not None:
        recent = pl.col(_KNOWN_AT) - table.known_after >= pl.col(event_time) - max_age
        joined = joined.with_columns(pl.when(recent).then(pl.col(name)).alias(name) for name in columns)
    return joined.sort(_ORDER).select(*spine.columns, *columns)


def _check_columns(spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, columns: Sequence[str]) -> None:
    for name in table.entity:
        if spine.schema[name] != rows.schema[name]:
            message = (
                f"Feature table {table.name} is joined by column {name!r}, which is {rows.schema[name]} there but {spine.schema[name]} in the rows "
                "to be joined; declare it with the same type in both tables."
            )
            raise DataError(message)
    for name in columns:
        if name in spine.columns:
            message = (
                f"Feature table {table.name}: column {name!r} cannot be joined to rows that have a column of that name; "
                "give it a name of its own in the table's transform."
            )
            raise DataError(message)
