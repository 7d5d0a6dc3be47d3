"""Make the committed slice of the avocados; run it from the project's root, without `MLWORKS_DATA`.

Fourteen markets, and the sum of all, up to February 2017.
"""

from datetime import date
from pathlib import Path

import polars as pl

from assets.avocado_sales.source import ARCHIVE, SALES

MARKETS = [
    "Albany",
    "Atlanta",
    "Boise",
    "Boston",
    "Chicago",
    "Denver",
    "Detroit",
    "Houston",
    "LosAngeles",
    "NewYork",
    "Orlando",
    "Seattle",
    "StLouis",
    "TotalUS",
    "Tampa",
]
LAST_DAY = date(2017, 2, 26)


def main() -> None:
    """Write the file and print its size."""
    avocados = pl.read_parquet(ARCHIVE.table(SALES)).filter(pl.col("region").is_in(MARKETS) & (pl.col("date") <= LAST_DAY))
    target = Path(__file__).parent / "slice" / ARCHIVE.folder.name / "avocados.parquet"
    target.parent.mkdir(parents=True, exist_ok=True)
    avocados.write_parquet(target, compression="zstd", compression_level=19)
    print(f"avocados: {avocados.height} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
