"""The weeks to forecast: for each store, the promotions of ice cream and the coupon campaigns that are planned for the week."""

from functools import cache
from math import pi
from pathlib import Path

import polars as pl

from assets.store_sales.source import ARCHIVE, ice_cream, monday, origin, table
from mlworks_orchestration.spec import TimeWindow

# Codes of the archive: D front page, H front of the wrapper, Z free on one of these.
_FRONT_PAGE = ["D", "H", "Z"]


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the stores that have plans for the weeks whose forecast is made in the window.

    Parameters:
        window: half-open span of forecast origins.
    """
    return _plans(ARCHIVE.folder).filter(pl.col("origin").is_between(window.start, window.end, closed="left"))


@cache
def _plans(_folder: Path) -> pl.DataFrame:
    promoted = (
        table("promotions")
        .filter(pl.col("product_id").is_in(ice_cream()))
        .group_by("store_id", "week")
        .agg(
            (pl.col("display_location") != "0").sum().cast(pl.Int64).alias("on_display"),
            (pl.col("mailer_location") != "0").sum().cast(pl.Int64).alias("in_mailer"),
            pl.col("mailer_location").is_in(_FRONT_PAGE).sum().cast(pl.Int64).alias("on_front_page"),
        )
    )
    weeks = promoted.with_columns(monday()).with_columns(origin()).collect()
    return weeks.join(_campaigns(weeks.select("week").unique()), on="week", how="left").sort("origin", "store_id")


def _campaigns(weeks: pl.DataFrame) -> pl.DataFrame:
    """Return, for each week, the campaigns that run on its Monday: their widest type, their coupons and the households that got them."""
    coupons, ours = table("coupons"), pl.col("product_id").is_in(ice_cream())
    each = (
        table("campaign_descriptions")
        .join(
            coupons.group_by("campaign_id").agg(pl.col("coupon_upc").filter(ours).n_unique().alias("ice_cream_coupons")), on="campaign_id", how="left"
        )
        .join(table("campaigns").group_by("campaign_id").agg(pl.len().alias("households")), on="campaign_id", how="left")
        .with_columns(pl.col("campaign_type").str.strip_prefix("Type "))
        .collect()
    )
    days = weeks.with_columns(pl.col("week").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None).alias("day"))
    running = days.join_where(each, pl.col("start_date") <= pl.col("day"), pl.col("end_date") >= pl.col("day"))
    sums = running.group_by("week").agg(
        pl.col("campaign_type").min().alias("campaign"),
        pl.len().cast(pl.Int64).alias("campaigns"),
        pl.col("ice_cream_coupons").sum().cast(pl.Int64),
        pl.col("households").sum().cast(pl.Int64).alias("households_reached"),
    )
    counts = pl.col("campaigns", "ice_cream_coupons", "households_reached").fill_null(0)
    return weeks.join(sums, on="week", how="left").with_columns(pl.col("campaign").fill_null("none"), counts)


def features(weeks: pl.DataFrame) -> pl.DataFrame:
    """Add the time of the year as an angle.

    Parameters:
        weeks: rows as `load` gives them.
    """
    angle = 2 * pi * pl.col("week").dt.ordinal_day() / 365.25
    return weeks.with_columns(angle.sin().alias("season_sin"), angle.cos().alias("season_cos"))
