"""The weeks to forecast: for each market and kind of avocado, what is known of the week on the Sunday before it."""

from datetime import date, timedelta

import polars as pl

from assets.avocado_sales.source import ORIGIN_BEFORE_WEEK, sales_table
from mlworks_orchestration.spec import TimeWindow

_YEAR = timedelta(weeks=52)
_SUPER_BOWLS = [date(2015, 2, 1), date(2016, 2, 7), date(2017, 2, 5), date(2018, 2, 4)]
_FEASTS = {"super bowl": _SUPER_BOWLS} | {
    name: [date(year, month, day) for year in range(2015, 2019)]
    for name, month, day in (("cinco de mayo", 5, 5), ("independence day", 7, 4), ("christmas", 12, 25))
}


def load(window: TimeWindow) -> pl.DataFrame:
    """Return every series once for each week whose forecast is made in the window, with its sales of 52 weeks before that week.

    Parameters:
        window: half-open span of forecast origins.
    """
    sales = sales_table()
    # Also series that sold nothing in the week: whether they would was not known.
    every = sales.select("series", "market", "kind").unique().join(sales.select("week").unique(), how="cross")
    origin = every.with_columns((pl.col("week") - ORIGIN_BEFORE_WEEK).alias("origin"))
    within = origin.filter(pl.col("origin").is_between(window.start, window.end, closed="left"))
    last_year = sales.select("series", pl.col("week") + _YEAR, pl.col("units").alias("last_year_units"))
    return within.join(last_year, on=["series", "week"], how="left").sort("origin", "series")


def features(weeks: pl.DataFrame) -> pl.DataFrame:
    """Add the time of the year and the feast, if any, on which many avocados are eaten.

    Parameters:
        weeks: rows as `load` gives them.
    """
    monday = pl.col("week").dt.date()
    angle = 2 * 3.141592653589793 * monday.dt.ordinal_day() / 365.25
    feast = pl.lit("none")
    for name, days in _FEASTS.items():
        feast = (
            pl.when(pl.any_horizontal(pl.lit(day).is_between(monday, monday + pl.duration(days=6)) for day in days))
            .then(pl.lit(name))
            .otherwise(feast)
        )
    return weeks.with_columns(angle.sin().alias("season_sin"), angle.cos().alias("season_cos"), feast.alias("feast"))
