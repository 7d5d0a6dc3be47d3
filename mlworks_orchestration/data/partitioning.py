"""How rows are cut by partition: the column that holds the key, the key of a moment, and what a key may look like."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.errors import LakeError
from mlworks_orchestration.spec import Partitions

PARTITION = "_partition"
"""The string column by which every partitioned table of the lake is cut."""

_TRUNCATE = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo"}
_LONGEST_KEY = 100


def partition_of(times: pl.Series, partitions: Partitions) -> pl.Series:
    """Return the key of the partition that holds each moment; `Partitions.key_of` for a whole column.

    Parameters:
        times: aware timestamps.
        partitions: how the table is cut.

    Examples:
        >>> from datetime import datetime, UTC
        >>> days = Partitions(every="day", start="2013-01-01", timezone="America/New_York")
        >>> partition_of(pl.Series([datetime(2013, 1, 2, 3, tzinfo=UTC)]), days).to_list()
        ['2013-01-01']
    """
    aware = times.dt.convert_time_zone(partitions.timezone)
    local = aware.dt.replace_time_zone(None)
    keys = local.dt.truncate(_TRUNCATE[partitions.every]).dt.strftime(partitions.key_format)
    if partitions.every == "hour":
        # Of two local hours that look alike when clocks are set back, the second is told apart by its offset.
        second = local.dt.replace_time_zone(partitions.timezone, ambiguous="earliest") != aware
        keys = (keys + aware.dt.strftime("%z")).zip_with(second, keys)
    return keys.alias(PARTITION)


def predicate(partitions: Sequence[str]) -> str:
    """Return the SQL condition that holds for the rows of these partitions; quotes in a key are escaped.

    Examples:
        >>> predicate(["a", "it's"])
        "_partition IN ('a', 'it''s')"
    """
    keys = ", ".join("'" + key.replace("'", "''") + "'" for key in dict.fromkeys(partitions))
    return f"{PARTITION} IN ({keys})"


def check_partitioned(table: str, frame: pl.DataFrame, partitions: Sequence[str]) -> None:
    """Check that every row says its partition and that it is one of these.

    Parameters:
        table: name of the lake table, for the error.
        frame: rows to write.
        partitions: the keys that they may have.

    Raises:
        LakeError: naming table, partition and remedy.
    """
    if not partitions:
        message = f"Lake table {table}: no partitions were named; name those that the rows replace."
        raise LakeError(message)
    for key in partitions:
        if not 0 < len(key) <= _LONGEST_KEY or not key.isprintable():
            message = f"Lake table {table}: {key!r} is no partition key; give 1 to {_LONGEST_KEY} printable characters, for example 2013-01-31."
            raise LakeError(message)
    given = frame.schema.get(PARTITION)
    if given != pl.String():
        message = f"Lake table {table}: rows need their partition's key in a string column {PARTITION!r}; it is {given or 'absent'}."
        raise LakeError(message)
    outside = frame.filter(~pl.col(PARTITION).is_in(list(partitions)) | pl.col(PARTITION).is_null())
    if outside.height:
        message = (
            f"Lake table {table}: {outside.height} rows, the first of partition {outside[PARTITION][0]!r}, belong to none of the partitions "
            f"to replace ({min(partitions)} … {max(partitions)}). Nothing was written; name their partitions too, or drop the rows."
        )
        raise LakeError(message)
