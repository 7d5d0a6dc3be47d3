"""Who did not buy in the ninety days after a month's end: known when they are over."""

import polars as pl

from assets.customer_activity.source import QUARTER, lines_within
from assets.customer_activity.source import load as load_activity
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return whether the customers of each month's end in the window stayed away for ninety days.

    Parameters:
        window: half-open span of time.
    """
    customers = load_activity(window).select("customer_id", "snapshot_at")
    purchases = (
        lines_within(window.start, window.end + QUARTER).filter("bought").select("customer_id", pl.col("at").alias("bought_at")).sort("bought_at")
    )
    following = customers.sort("snapshot_at").join_asof(
        purchases, left_on="snapshot_at", right_on="bought_at", by="customer_id", strategy="forward", tolerance=QUARTER, check_sortedness=False
    )
    return following.select("customer_id", "snapshot_at", pl.col("bought_at").is_null().cast(pl.Int64).alias("churned"))
