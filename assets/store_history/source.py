"""What a store sold of ice cream, and which coupons it took, in a week and in the weeks up to it."""

import polars as pl

from assets.store_sales.source import sold
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the weeks that begin in the window, each with nothing that happened after it.

    Parameters:
        window: half-open span of the weeks' beginnings.
    """
    known = sold().filter(pl.col("week") < window.end).sort("store_id", "week")
    revenue, units = (pl.col(name).rolling_sum(8, min_samples=1) for name in ("revenue", "units"))
    history = known.select(
        "store_id",
        "week",
        pl.col("units").alias("last_units"),
        pl.col("units").rolling_mean(4, min_samples=1).over("store_id").alias("recent_units"),
        pl.col("units").rolling_mean(26, min_samples=1).over("store_id").alias("usual_units"),
        pl.col("coupons").alias("last_coupons"),
        pl.col("coupons").rolling_mean(4, min_samples=1).over("store_id").alias("recent_coupons"),
        pl.col("coupons").rolling_mean(26, min_samples=1).over("store_id").alias("usual_coupons"),
        # Without any sale in eight weeks there is no price.
        pl.when(units > 0).then(revenue / units).over("store_id").alias("recent_price"),
    )
    return history.filter(pl.col("week") >= window.start)
