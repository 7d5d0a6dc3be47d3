"""Reading alone: what any tool pays that looks at every value. `python -m peers.reading polars|pyarrow FILE…`."""

import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

from peers.clock import BEGUN
from peers.measure import peak_mb


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


def main() -> None:
    """Read the files, one after another, and print JSON."""
    package, *paths = sys.argv[1:]
    read = {"polars": with_polars, "pyarrow": with_pyarrow}[package]()
    started, worked = time.perf_counter(), time.process_time()
    for path in paths:
        read(path)
    seconds = {"seconds_compute": time.perf_counter() - started, "seconds_cpu": time.process_time() - worked}
    print(
        json.dumps(
            {
                "version": version(package),
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
