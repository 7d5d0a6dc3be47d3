"""Make the committed slices of the texts; run it from the project's root, without `MLWORKS_DATA`.

Every 25th film review and every tenth sentence of each other source, in their order.
"""

from pathlib import Path

import polars as pl

from assets.reviews.source import ARRIVALS, rated

SLICE = Path(__file__).parent / "slice"
EVERY = dict.fromkeys(ARRIVALS, 10) | {"imdb": 25}


def main() -> None:
    """Write all files and print their sizes."""
    for source, every in EVERY.items():
        whole = rated(source)
        target = SLICE / whole.parent.name / whole.name
        target.parent.mkdir(parents=True, exist_ok=True)
        frame = pl.read_parquet(whole).gather_every(every)
        frame.write_parquet(target, compression="zstd", compression_level=19)
        print(f"{source}: {frame.height} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
