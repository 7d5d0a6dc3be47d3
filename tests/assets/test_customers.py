"""The tables of a web shop's customers, on the committed slice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.customer_activity.source import ACTIVE, ARCHIVE, QUARTER, lines_table, lines_within, load, snapshots
from assets.customer_churn.source import load as load_churn
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, read_declarations

CATALOG = read_declarations(project_root() / "assets").require_healthy()
MONTHS = CATALOG.tables["customer_activity"].partitions
MARCH = MONTHS.window("2011-03-01")
SNAPSHOT = datetime(2011, 3, 31, 22, 59, 59, tzinfo=UTC)
Plant = Callable[[datetime], None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Return a function that lets the archive hold one purchase more by every customer, at one local time."""
    lines = lines_table().collect()

    def add(local: datetime) -> None:
        more = lines.unique("Customer ID", keep="first").with_columns(
            pl.lit("599999").alias("Invoice"), pl.lit(local).cast(pl.Datetime("us", "UTC")).alias("InvoiceDate"), pl.lit(1e6).alias("Price")
        )
        (tmp_path / ARCHIVE.package).mkdir()
        planted = pl.concat([lines, more.with_columns(pl.lit(1, pl.Int64).alias("Quantity"))])
        planted.write_parquet(tmp_path / ARCHIVE.package / "online_retail.parquet")
        monkeypatch.setenv("MLWORKS_DATA", str(tmp_path))

    return add


def test_there_is_a_snapshot_in_the_last_second_of_each_local_month() -> None:
    year = TimeWindow(MONTHS.window("2010-09-01").start, MONTHS.window("2011-03-01").end)
    assert [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in snapshots(year)] == [
        "2010-09-30 22:59:59",
        "2010-10-31 23:59:59",
        "2010-11-30 23:59:59",
        "2010-12-31 23:59:59",
        "2011-01-31 23:59:59",
        "2011-02-28 23:59:59",
        "2011-03-31 22:59:59",
    ]


def test_the_features_of_a_customer_are_those_of_the_lines_before_the_snapshot() -> None:
    lines = lines_within(SNAPSHOT - ACTIVE, SNAPSHOT).filter("bought")
    found = load(MARCH)
    assert set(found["customer_id"]) == set(lines["customer_id"])
    for row in found.head(5).iter_rows(named=True):
        own = lines.filter(pl.col("customer_id") == row["customer_id"])
        newest = own["at"].max()
        assert isinstance(newest, datetime)
        assert row["recency_days"] == pytest.approx((SNAPSHOT - newest) / timedelta(days=1))
        assert (row["orders"], row["products"]) == (own["invoice"].n_unique(), own["product"].n_unique())
        assert row["revenue"] == pytest.approx(own["amount"].sum())
        assert (row["days_between_orders"] is None) == (row["orders"] == 1)


@pytest.mark.parametrize("local", [datetime(2011, 4, 1, 0, 0), datetime(2011, 4, 2, 12, 0), datetime(2011, 8, 1, 9, 0)])  # noqa: DTZ001 - local times
def test_a_purchase_after_the_snapshot_never_reaches_its_features(plant: Plant, local: datetime) -> None:
    before = load(MARCH)
    plant(local)
    assert load(MARCH).equals(before)


def test_a_purchase_before_the_snapshot_does_reach_them(plant: Plant) -> None:
    plant(datetime(2011, 3, 31, 23, 59))  # noqa: DTZ001 - a local time
    assert (load(MARCH)["revenue_90d"] >= 1e6).all()


def test_who_buys_within_ninety_days_has_not_churned_and_who_buys_later_has(plant: Plant) -> None:
    churned = load_churn(MARCH)
    assert 0.2 < churned["churned"].mean() < 0.8  # type: ignore[operator]
    away = set(churned.filter(pl.col("churned") == 1)["customer_id"])
    assert set(lines_within(SNAPSHOT, SNAPSHOT + QUARTER).filter("bought")["customer_id"]).isdisjoint(away)
    plant(datetime(2011, 6, 30, 9, 0))  # noqa: DTZ001 - ninety days and some hours later
    assert load_churn(MARCH).equals(churned)


def test_a_purchase_in_the_ninety_days_brings_everybody_back(plant: Plant) -> None:
    plant(datetime(2011, 6, 29, 9, 0))  # noqa: DTZ001 - a local time
    assert load_churn(MARCH)["churned"].sum() == 0


def test_the_label_is_known_ninety_days_later_everywhere() -> None:
    assert CATALOG.tables["customer_churn"].known_after == CATALOG.models["churn"].label.delay == QUARTER


def test_a_window_without_the_end_of_a_month_gives_the_columns_and_no_rows() -> None:
    days = TimeWindow(datetime(2011, 3, 2, tzinfo=UTC), datetime(2011, 3, 9, tzinfo=UTC))
    assert load(days).is_empty()
    assert load_churn(days).columns == ["customer_id", "snapshot_at", "churned"]
