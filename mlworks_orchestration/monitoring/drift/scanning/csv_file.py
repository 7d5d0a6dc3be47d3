"""A CSV file as a stream of batches."""

from codecs import getincrementaldecoder
from collections.abc import Iterator, Sequence
from pathlib import Path
from re import search
from typing import Any

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.scanning.source import Source, UnsettledError, check_distinct

_NULLS = ["", "null", "NULL", "NaN", "nan"]
_FIRST = 1 << 20
"""Bytes by which pyarrow decides on types, where it takes texts that are not UTF-8 for something else than texts."""


def of_csv(path: Path) -> Source:
    """Open a CSV file; the types of its columns are those of the first rows.

    Parameters:
        path: of the file.

    Raises:
        DataError: if a name is that of two columns, or its first rows are not UTF-8.
    """
    from pyarrow import csv  # noqa: PLC0415 - only who reads pays for it

    _check_utf8(path)
    with csv.open_csv(path, convert_options=csv.ConvertOptions(null_values=_NULLS)) as reader:
        schema = reader.schema
    check_distinct(f"The file {str(path)!r}", schema.names)
    return _typed(path, schema, max(_lines(path) - 1, 0), certain=False)  # the first has the names


def _check_utf8(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(_FIRST)
    try:
        getincrementaldecoder("utf-8")().decode(first)
    except UnicodeDecodeError as error:
        line = first.count(b"\n", 0, error.start) + 1
        message = f"The file {str(path)!r} is not in UTF-8: line {line:,} has the byte {first[error.start]:#04x}; write the file in UTF-8."
        raise DataError(message) from error


def _typed(path: Path, schema: Any, rows: int, *, certain: bool) -> Source:  # noqa: ANN401 - pyarrow has no types
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        return _batches(path, schema, columns)

    def settle() -> Source:
        found, counted = _fitting(path, schema)
        return _typed(path, found, counted, certain=True)

    return Source(str(path), schema, rows, batches, divisible=False, stored=True, settle=None if certain else settle)


def _batches(path: Path, schema: Any, columns: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it
    from pyarrow import csv  # noqa: PLC0415

    options = csv.ConvertOptions(include_columns=list(columns), column_types=schema, null_values=_NULLS, strings_can_be_null=True)
    try:
        with csv.open_csv(path, convert_options=options) as reader:
            yield from reader
    except pa.ArrowInvalid as error:
        column = _misfit(error)
        if column is None:
            raise
        field = schema.field(column)
        message = f"The column {field.name!r} of {str(path)!r} is a {field.type} in the first rows, not in all ({error}); give it one type."
        raise UnsettledError(message) from error


def _fitting(path: Path, schema: Any) -> tuple[Any, int]:  # noqa: ANN401
    """Return a schema that all rows of a file fit, with the narrowest type of each column, and how many rows there are."""
    while True:
        try:
            return schema, sum(batch.num_rows for batch in _batches(path, schema, schema.names))
        except UnsettledError as error:
            index = int(_misfit(error.__cause__) or 0)
            field = schema.field(index)
            wider = _wider(field.type)
            if wider is None:
                message = f"The column {field.name!r} of {str(path)!r} cannot be read ({error.__cause__}); write the file in UTF-8."
                raise DataError(message) from error
            schema = schema.set(index, field.with_type(wider))


def _lines(path: Path) -> int:
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines + (last != b"\n")


def _misfit(error: BaseException | None) -> int | None:
    """Return the number of the column whose values an error says not to be of its type; None where it says something else."""
    found = search(r"CSV column #(\d+):.* conversion error", str(error))
    return int(found.group(1)) if found else None


def _wider(kind: Any) -> Any:  # noqa: ANN401
    """Return the next type to try for a column; None after texts."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    tried = [pa.null(), pa.int64(), pa.float64(), pa.bool_(), pa.date32(), *map(pa.timestamp, ("s", "ns")), pa.timestamp("ns", "UTC"), pa.string()]
    return next(iter(tried[tried.index(kind) + 1 :]), None) if kind in tried else pa.string()
