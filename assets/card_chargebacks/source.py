"""Which payments were charged back as fraud: known thirty days later."""

import polars as pl

from assets.card_transactions.source import payments_within
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return what became of the payments of the window.

    Parameters:
        window: half-open span of the times at which they were asked for.
    """
    return payments_within(window).select("transaction_id", "at", "is_fraud").collect()
