"""The avocado and the grocer's tables, on the committed slices."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from assets.avocado_history.source import load as load_avocado_history
from assets.avocado_sales.source import ARCHIVE as AVOCADOS
from assets.avocado_sales.source import SALES, SUMS, sales_table
from assets.avocado_sales.source import load as load_avocado_sales
from assets.avocado_weeks.source import features as avocado_features
from assets.avocado_weeks.source import load as load_avocado_weeks
from assets.store_history.source import load as load_store_history
from assets.store_sales.source import TIMEZONE, ice_cream, sold, table
from assets.store_sales.source import load as load_store_sales
from assets.store_weeks.source import features as store_features
from assets.store_weeks.source import load as load_store_weeks
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, read_declarations

WEEK = timedelta(weeks=1)
MARCH = TimeWindow(datetime(2016, 3, 7, tzinfo=UTC), datetime(2016, 4, 4, tzinfo=UTC))
GROCER = read_declarations(project_root() / "assets").require_healthy().tables["store_weeks"].partitions
APRIL = GROCER.span(["2017-04-03", "2017-04-10"])


def test_an_avocado_week_ends_on_the_sunday_by_which_the_archive_dates_it_and_is_forecast_on_the_sunday_before() -> None:
    archive = pl.read_parquet(AVOCADOS.table(SALES)).filter((pl.col("region") == "Boise") & (pl.col("type") == "organic"))
    expected = archive.filter(pl.col("date") == date(2016, 3, 20))["total_volume"].item()
    row = load_avocado_sales(MARCH).filter((pl.col("series") == "Boise organic") & (pl.col("week") == datetime(2016, 3, 14, tzinfo=UTC)))
    assert row["units"].item() == expected
    assert row["origin"].item() == datetime(2016, 3, 13, tzinfo=UTC)


def test_no_avocado_is_counted_twice() -> None:
    assert "TotalUS" in pl.read_parquet(AVOCADOS.table(SALES))["region"]
    assert set(sales_table()["market"]).isdisjoint(SUMS)


def test_every_series_is_forecast_every_week_whether_or_not_it_sold() -> None:
    weeks = load_avocado_weeks(MARCH)
    assert weeks.group_by("origin").len()["len"].unique().to_list() == [28]
    assert weeks.height == 4 * 28


def test_the_naive_forecast_is_what_was_sold_52_weeks_before() -> None:
    weeks = load_avocado_weeks(MARCH).filter(pl.col("series") == "Tampa conventional")
    for week, units in weeks.select("week", "last_year_units").iter_rows():
        assert (
            sales_table().filter((pl.col("series") == "Tampa conventional") & (pl.col("week") == week - timedelta(weeks=52)))["units"].item() == units
        )


def test_feasts_fall_into_the_week_that_is_forecast() -> None:
    whole = TimeWindow(datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC))
    feasts = avocado_features(load_avocado_weeks(whole)).filter(pl.col("feast") != "none").select("week", "feast").unique().sort("week").rows()
    assert [(week.date().isoformat(), feast) for week, feast in feasts] == [
        ("2016-02-01", "super bowl"),
        ("2016-05-02", "cinco de mayo"),
        ("2016-07-04", "independence day"),
        ("2016-12-19", "christmas"),
    ]


def test_the_history_of_a_week_is_the_same_whatever_follows() -> None:
    first = TimeWindow(MARCH.start, MARCH.start + WEEK)
    assert load_avocado_history(first).equals(load_avocado_history(MARCH).filter(pl.col("week") < first.end))
    ours = GROCER.window("2017-04-03")
    assert load_store_history(ours).equals(load_store_history(APRIL).filter(pl.col("week") < ours.end))


def test_a_grocers_week_is_forecast_on_the_local_sunday_before_also_when_the_clocks_change() -> None:
    around = GROCER.span(["2017-03-06", "2017-03-13"])
    origins = load_store_sales(around)["origin"].unique().sort().dt.convert_time_zone(TIMEZONE)
    assert [moment.isoformat() for moment in origins] == ["2017-03-12T00:00:00-05:00", "2017-03-19T00:00:00-04:00"]


def test_what_a_store_sold_is_the_sum_of_its_lines() -> None:
    monday = datetime(2017, 4, 10, tzinfo=ZoneInfo(TIMEZONE))
    row = sold().filter((pl.col("week") == monday.astimezone(UTC)) & (pl.col("units") > 0)).row(0, named=True)
    moment = pl.col("transaction_timestamp").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    lines = (
        table("transactions")
        .filter(moment.is_between(monday.astimezone(UTC), (monday + WEEK).astimezone(UTC), closed="left") & (pl.col("store_id") == row["store_id"]))
        .collect()
    )
    frozen = lines.filter(pl.col("product_id").is_in(ice_cream()))
    assert (frozen["quantity"].sum(), pytest.approx(frozen["sales_value"].sum())) == (row["units"], row["revenue"])
    assert lines.filter(pl.col("coupon_disc") > 0).height == row["coupons"]


def test_a_store_that_sold_nothing_sold_zero() -> None:
    assert load_store_sales(APRIL).filter(pl.col("units") == 0).height > 0
    assert load_store_sales(APRIL)["units"].null_count() == 0


def test_the_campaigns_of_a_week_are_those_that_run_on_its_monday() -> None:
    weeks = store_features(load_store_weeks(GROCER.window("2017-05-08")))
    assert weeks.select("week", "campaign", "campaigns").unique().rows() == [(datetime(2017, 5, 15, 4, tzinfo=UTC), "B", 2)]
