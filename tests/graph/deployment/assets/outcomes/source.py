"""How long each ride took."""

import polars as pl

from assets.rides.source import within
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the minutes that the rides took."""
    return within(window).select("ride_id", "starts_at", "minutes")
