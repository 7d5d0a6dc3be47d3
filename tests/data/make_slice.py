"""Make the committed slice of the real data that tests and `mlworks ci` read; run it from the project's root, without `MLWORKS_DATA`.

Flights of 2013-01-01 to 2013-03-17, about 60 a day chosen by a hash of day, carrier, flight and origin, and all weather of those days.
"""

import hashlib
from pathlib import Path

import polars as pl

from assets.flights.source import ARCHIVE, flights_table
from assets.weather.source import weather_table

TARGET = Path(__file__).parent / "slice" / ARCHIVE.folder.name
SHARE = 60 / 920


def chosen(key: str) -> bool:
    """Return whether a flight is in the slice; the same on every machine."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4]) < SHARE * 2**32


def main() -> None:
    """Write both files and print their sizes."""
    TARGET.mkdir(parents=True, exist_ok=True)
    early = (pl.col("month") < 3) | ((pl.col("month") == 3) & (pl.col("day") < 18))
    flights = flights_table().filter(early).collect()
    keys = flights.select(pl.format("{}-{}-{}-{}-{}", "month", "day", "carrier", "flight", "origin")).to_series()
    flights = flights.filter(pl.Series([chosen(key) for key in keys]))
    weather = weather_table().filter(early).collect()
    for name, frame in (("flights", flights), ("weather", weather)):
        frame.write_parquet(TARGET / f"{name}.parquet", compression="zstd", compression_level=19)
        print(f"{name}: {frame.height} rows, {(TARGET / f'{name}.parquet').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
