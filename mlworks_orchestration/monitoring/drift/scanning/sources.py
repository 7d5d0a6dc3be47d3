"""Where rows come from: Parquet and CSV files, Delta tables and frames, as a stream of Arrow batches in the order of the rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.scanning.csv_file import of_csv
from mlworks_orchestration.monitoring.drift.scanning.located import files_of
from mlworks_orchestration.monitoring.drift.scanning.parquet_files import of_parquet
from mlworks_orchestration.monitoring.drift.scanning.source import BATCH_ROWS, Source, check_distinct

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

_CSV = (".csv", ".txt")


def open_source(source: "str | Path | pl.DataFrame | pa.Table") -> Source:
    """Open rows for reading.

    Parameters:
        source: a Parquet or CSV file, a folder of Parquet files, where folders named `name=value` in it are columns, a Delta table, or a frame.

    Raises:
        DataError: if there is nothing of the kind, it cannot be read, or its files or the names of its columns contradict each other.
    """
    import polars as pl  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    if isinstance(source, pl.DataFrame):
        return _of_table(source.to_arrow(compat_level=pl.CompatLevel.oldest()))
    if isinstance(source, pa.Table):
        return _of_table(source)
    path = Path(source)
    try:
        if path.suffix.lower() in _CSV and not path.is_dir():
            return of_csv(path)
        return of_parquet(str(path), files_of(path))
    except (OSError, pa.ArrowException) as error:
        message = (
            f"{str(path)!r} cannot be read ({error}); allowed are a Parquet or CSV file, a folder of Parquet files and a Delta table. "
            f"A CSV file has commas between its values and a name that ends in {' or '.join(_CSV)}."
        )
        raise DataError(message) from error


def _of_table(table: Any) -> Source:  # noqa: ANN401 - pyarrow has no types
    check_distinct("The frame", table.schema.names)

    def batches(columns: Sequence[str]) -> Iterator[Any]:
        yield from table.select(list(columns)).to_batches(max_chunksize=BATCH_ROWS)

    return Source("the frame", table.schema, table.num_rows, batches, divisible=True, stored=False)
