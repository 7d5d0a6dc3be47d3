"""What people who read the texts thought of their mood."""

import polars as pl

from assets.reviews.source import within
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return whether the writers of the texts that arrive in the window are happy.

    Parameters:
        window: half-open span of arrivals.
    """
    return within(window).select("text_id", "received_at", "happy")
