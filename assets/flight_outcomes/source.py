"""What became of each flight: known a day later."""

import polars as pl

from assets.flights.source import flights_within
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return actual times and delays of the flights in the window; a cancelled or diverted flight has no arrival delay.

    Parameters:
        window: half-open span of scheduled departures.
    """
    columns = ["flight_id", "scheduled_departure", "dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"]
    return flights_within(window).select(columns).collect()
