"""What was sold of each series in a week and in the weeks up to it."""

import polars as pl

from assets.avocado_sales.source import sales_table
from mlworks_orchestration.spec import TimeWindow


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the weeks that begin in the window, each with nothing that was sold after it.

    Parameters:
        window: half-open span of the weeks' beginnings.
    """
    sales = sales_table().filter(pl.col("week") < window.end).sort("series", "week")
    recent = pl.col("units").rolling_mean_by("week", window_size="4w")
    history = sales.select(
        "series",
        "week",
        pl.col("units").alias("last_units"),
        recent.over("series").alias("recent_units"),
        pl.col("price").alias("last_price"),
        (pl.col("price") / pl.col("price").rolling_mean_by("week", window_size="4w")).over("series").alias("price_ratio"),
    )
    return history.filter(pl.col("week") >= window.start)
