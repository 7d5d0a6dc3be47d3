"""How long each ride took."""

import polars as pl

from assets.rides.source import spoilt, within
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the minutes that the rides took."""
    return spoilt("outcomes", within(window).select("ride_id", "starts_at", "minutes"))
