"""Where rows come from: Parquet and CSV files, Delta tables and frames, as a stream of Arrow batches in the order of the rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import getpid
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.errors import DataError

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

BATCH_ROWS = 1 << 18
"""Rows that are decoded at a time: with fewer, asking for them is a tenth of the work."""

_BUFFER = 1 << 16
"""Bytes of a column that are read at a time; a file mapped into memory would count as memory used."""

_NULLS = ["", "null", "NULL", "NaN", "nan"]


@dataclass(frozen=True)
class Source:
    """Rows that can be streamed.

    Parameters:
        name: for errors.
        schema: a pyarrow.Schema.
        rows: how many there are; of a CSV file, how many lines, which can be more: blank ones, and those within quotes.
        batches: give the batches of some columns, each a pyarrow.RecordBatch.
        divisible: whether reading half of the columns costs half as much, so that who reads can share them.
        stored: whether they are in files, which each process that reads opens anew.
    """

    name: str
    schema: Any
    rows: int
    batches: Callable[[Sequence[str]], Iterator[Any]]
    divisible: bool
    stored: bool


def open_source(source: "str | Path | pl.DataFrame | pa.Table") -> Source:
    """Open rows for reading.

    Parameters:
        source: a Parquet or CSV file, a folder of Parquet files, a Delta table, or a frame.

    Raises:
        DataError: if there is nothing of the kind, or it cannot be read.
    """
    import polars as pl  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    if isinstance(source, pl.DataFrame):
        return _of_table(source.to_arrow(compat_level=pl.CompatLevel.oldest()))
    if isinstance(source, pa.Table):
        return _of_table(source)
    path = Path(source)
    try:
        if path.suffix.lower() in {".csv", ".txt"}:
            return _of_csv(path)
        return _of_parquet(str(path), _files(path))
    except (OSError, pa.ArrowException) as error:
        message = f"{str(path)!r} cannot be read ({error}); allowed are a Parquet or CSV file, a folder of Parquet files and a Delta table."
        raise DataError(message) from error


def _files(path: Path) -> list[str]:
    if (path / "_delta_log").is_dir():
        from mlworks_orchestration.data import LocatedTable  # noqa: PLC0415 - heavy

        return sorted(LocatedTable(str(path)).file_uris())
    files = sorted(str(file) for file in path.rglob("*.parquet")) if path.is_dir() else [str(path)]
    if not files:
        message = f"The folder {str(path)!r} has neither Parquet files nor a Delta table in it."
        raise DataError(message)
    return files


def _of_parquet(name: str, files: list[str]) -> Source:
    import pyarrow.parquet as pq  # noqa: PLC0415

    metadata = [pq.read_metadata(file) for file in files]
    schema = metadata[0].schema.to_arrow_schema()
    texts = [field.name for field in schema if _is_text(field.type)]
    opened = local()

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        for file, known in zip(files, metadata, strict=True):
            if getattr(opened, "file", None) != (file, getpid()):  # of one file a thread reads column after column
                opened.file = file, getpid()
                opened.reader = pq.ParquetFile(file, metadata=known, read_dictionary=texts, buffer_size=_BUFFER, pre_buffer=False)
            yield from opened.reader.iter_batches(BATCH_ROWS, columns=list(columns), use_threads=False)

    return Source(name, schema, sum(known.num_rows for known in metadata), batches, divisible=True, stored=True)


def _of_csv(path: Path) -> Source:
    from pyarrow import csv  # noqa: PLC0415

    with csv.open_csv(path, convert_options=csv.ConvertOptions(null_values=_NULLS)) as reader:
        schema = reader.schema

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        options = csv.ConvertOptions(include_columns=list(columns), column_types=schema, null_values=_NULLS, strings_can_be_null=True)
        with csv.open_csv(path, convert_options=options) as reader:
            yield from reader

    return Source(str(path), schema, max(_lines(path) - 1, 0), batches, divisible=False, stored=True)  # the first has the names


def _lines(path: Path) -> int:
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return lines + (last != b"\n")


def _of_table(table: Any) -> Source:  # noqa: ANN401 - pyarrow has no types
    def batches(columns: Sequence[str]) -> Iterator[Any]:
        yield from table.select(list(columns)).to_batches(max_chunksize=BATCH_ROWS)

    return Source("the frame", table.schema, table.num_rows, batches, divisible=True, stored=False)


def _is_text(kind: Any) -> bool:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
