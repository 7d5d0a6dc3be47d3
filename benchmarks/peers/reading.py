"""Reading alone: what any tool pays that looks at every value. `python -m peers.reading polars|pyarrow|counting FILE…`."""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from peers.clock import BEGUN
from peers.measure import peak_mb

BATCH = 1 << 16
"""Rows that are decoded at a time."""


def with_polars() -> Callable[[str], object]:
    """Return what sums every column of a file lazily: numbers, and the bytes of strings."""
    import polars as pl  # noqa: PLC0415 - each way's import is timed
    from polars import selectors  # noqa: PLC0415

    return lambda path: pl.scan_parquet(path).select(selectors.numeric().sum(), selectors.string().str.len_bytes().sum()).collect()


def with_pyarrow() -> Callable[[str], object]:
    """Return what decodes every row group of a file, one after another, and keeps nothing."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - each way's import is timed

    def read(path: str) -> int:
        file = pq.ParquetFile(path)
        return sum(file.read_row_group(group).num_rows for group in range(file.num_row_groups))

    return read


def counting() -> Callable[[str], object]:
    """Return what decodes a file column by column, in one thread, and does the least that bins, moments and extremes take, without any check."""
    import numpy as np  # noqa: PLC0415 - each way's import is timed
    import pyarrow.parquet as pq  # noqa: PLC0415

    table = np.zeros(1 << 20, dtype=np.int64)

    def read(path: str) -> None:
        metadata = pq.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        for name in schema.names:
            texts = [name] if str(schema.field(name).type) == "string" else []
            for batch in pq.ParquetFile(path, metadata=metadata, read_dictionary=texts).iter_batches(BATCH, columns=[name], use_threads=False):
                if texts:
                    np.bincount(np.frombuffer(batch.column(0).indices.buffers()[1], dtype=np.int32))
                    continue
                values = np.frombuffer(batch.column(0).buffers()[1])[: batch.num_rows]
                for measured in (np.minimum.reduce, np.maximum.reduce, np.add.reduce):
                    measured(values)
                np.add.reduce(np.square(values))
                np.add.at(table, (values.view(np.uint64) >> np.uint64(44)).view(np.int64), 1)

    return read


def main() -> None:
    """Read the files, one after another, and print JSON."""
    package, *paths = sys.argv[1:]
    read = {"polars": with_polars, "pyarrow": with_pyarrow, "counting": counting}[package]()
    started, worked = time.perf_counter(), time.process_time()
    for path in paths:
        read(path)
    seconds = {"seconds_compute": time.perf_counter() - started, "seconds_cpu": time.process_time() - worked}
    print(
        json.dumps(
            {
                "version": version("pyarrow" if package == "counting" else package),
                "seconds_import": started - BEGUN,
                "seconds_read": 0.0,
                **seconds,
                "peak_mb": peak_mb(),
                "columns_drifted": None,
            }
        )
    )


if __name__ == "__main__":
    main()
