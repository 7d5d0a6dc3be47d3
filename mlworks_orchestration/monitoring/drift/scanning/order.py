"""Rows in the order of a column."""

from typing import Any

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.scanning.source import Source
from mlworks_orchestration.monitoring.drift.scanning.sources import open_source


def in_order(source: Source, by: str | None) -> Source:
    """Return rows in the order of a column: the same if they are already, else all of them sorted in memory.

    Parameters:
        source: of the rows.
        by: the column; None to leave them as they are.

    Raises:
        DataError: if there is no such column, rows have no value of it, or it is a list or the like.
    """
    if by is None or _ascend(source, by):
        return source
    import polars as pl  # noqa: PLC0415 - a process may be forked as long as polars has not worked in it
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    table = pa.Table.from_batches(source.batches(source.schema.names))
    return open_source(pl.DataFrame(pl.from_arrow(table)).sort(by, maintain_order=True))


def check_has(source: Source, name: str) -> None:
    """Refuse a column that is not there.

    Raises:
        DataError: naming the nearest.
    """
    if name not in source.schema.names:
        message = f"{source.name!r} has no column {name!r}; {nearest(name, source.schema.names)}."
        raise DataError(message)


def _ascend(source: Source, by: str) -> bool:
    """Return whether rows are in the order of a column, of which each has a value."""
    import pyarrow as pa  # noqa: PLC0415 - only who asks for an order pays for it
    from pyarrow import compute  # noqa: PLC0415

    check_has(source, by)
    kind = source.schema.field(by).type
    if pa.types.is_nested(kind):
        message = f"{source.name!r}: rows cannot be ordered by {by!r}, which is a {kind}; order them by a column of times, numbers or texts."
        raise DataError(message)
    ascend, rows, without, last = True, 0, 0, None
    for batch in source.batches([by]):
        values = _plain(batch.column(0))
        rows, without = rows + len(values), without + values.null_count
        if ascend and not without and len(values):
            steps = compute.less_equal(values[:-1], values[1:])
            ascend = compute.all(steps, min_count=0).as_py() and (last is None or compute.less_equal(last, values[0]).as_py())
            last = values[-1]
    if without:
        message = f"{source.name!r}: {without} of {rows} rows have no {by!r}, so they cannot be ordered; leave them out, or order by another column."
        raise DataError(message)
    return ascend


def _plain(values: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    return values.dictionary_decode() if hasattr(values, "dictionary_decode") else values
