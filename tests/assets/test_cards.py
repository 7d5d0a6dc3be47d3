"""The tables of card payments, on the committed slice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.card_activity.source import load as load_activity
from assets.card_chargebacks.source import load as load_chargebacks
from assets.card_transactions.source import ARCHIVE, ZERO, features, load, payments_table, payments_within
from mlworks_orchestration.data import as_of_join
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, read_declarations

DAY = timedelta(days=1)
MIDNIGHT = datetime(2018, 1, 20, tzinfo=UTC)
TODAY = TimeWindow(MIDNIGHT, MIDNIGHT + DAY)
CATALOG = read_declarations(project_root() / "assets").require_healthy()
Plant = Callable[[datetime], None]


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Return a function that lets the archive hold one payment of a million more by every card, at one moment."""
    payments = payments_table().collect()

    def add(moment: datetime) -> None:
        seconds = int((moment - ZERO).total_seconds())
        more = payments.unique("card1", keep="first").with_columns(
            pl.lit(1e6).alias("TransactionAmt"), pl.lit(seconds, pl.Int64).alias("TransactionDT"), pl.col("TransactionID") + 10**9
        )
        (tmp_path / ARCHIVE.package).mkdir()
        pl.concat([payments, more]).write_parquet(tmp_path / ARCHIVE.package / "train.parquet")
        monkeypatch.setenv("MLWORKS_DATA", str(tmp_path))

    return add


def test_the_activity_of_a_card_is_what_it_paid_in_the_seven_days_before() -> None:
    before = payments_within(TimeWindow(MIDNIGHT - 7 * DAY, MIDNIGHT)).collect()
    found = load_activity(TODAY)
    assert set(found["at"]) == {MIDNIGHT}
    assert set(found["card"]) == set(before["card"])
    for row in found.head(5).iter_rows(named=True):
        own = before.filter(pl.col("card") == row["card"])
        assert row["card_payments_7d"] == own.height
        assert row["card_mean_amount_7d"] == pytest.approx(own["amount"].mean())
        assert row["card_payments_1d"] == own.filter(pl.col("at") >= MIDNIGHT - DAY).height
        newest = own["at"].max()
        assert isinstance(newest, datetime)
        assert row["card_days_since_payment"] == (MIDNIGHT - newest.replace(hour=0, minute=0, second=0)).days


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=5), timedelta(days=1)])
def test_a_payment_of_the_day_or_later_never_reaches_the_activity_known_that_day(plant: Plant, later: timedelta) -> None:
    before = load_activity(TODAY)
    plant(MIDNIGHT + later)
    assert load_activity(TODAY).equals(before)


def test_a_payment_of_the_second_before_does_reach_it(plant: Plant) -> None:
    plant(MIDNIGHT - timedelta(seconds=1))
    assert (load_activity(TODAY)["card_mean_amount_7d"] > 1000).all()


def test_a_payment_in_the_first_hour_is_joined_to_the_night_before(plant: Plant) -> None:
    plant(MIDNIGHT - timedelta(seconds=1))
    activity = load_activity(TimeWindow(MIDNIGHT - DAY, MIDNIGHT + DAY))
    payments = load(TODAY).filter(pl.col("amount") < 1e6)
    model = CATALOG.models["card_fraud"].features[1]
    joined = as_of_join(payments, CATALOG.tables["card_activity"], activity, model.columns, event_time="at", max_age=model.max_age)
    early = joined.filter(pl.col("at") < MIDNIGHT + timedelta(hours=1)).drop_nulls("card_mean_amount_7d")
    late = joined.filter(pl.col("at") >= MIDNIGHT + timedelta(hours=1))
    assert (early["card_mean_amount_7d"] < 1e5).all()
    assert (late["card_mean_amount_7d"] > 1000).all()


def test_what_became_of_a_payment_is_not_among_its_features() -> None:
    assert "is_fraud" not in features(load(TODAY)).columns
    assert "is_fraud" not in CATALOG.tables["card_transactions"].columns
    assert CATALOG.tables["card_chargebacks"].known_after == CATALOG.models["card_fraud"].label.delay == timedelta(days=30)


def test_payments_and_what_became_of_them_are_of_the_same_window() -> None:
    payments, outcomes = load(TODAY), load_chargebacks(TODAY)
    assert payments["transaction_id"].to_list() == outcomes["transaction_id"].to_list()
    assert payments["at"].is_between(*TODAY, closed="left").all()
    assert set(outcomes["is_fraud"]) <= {0, 1}


@pytest.mark.parametrize(
    ("info", "device"),
    [
        (None, "unknown"),
        ("Windows", "windows"),
        ("Trident/7.0", "windows"),
        ("iOS Device", "ios"),
        ("SM-J700M Build/MMB29K", "android"),
        ("rv:57.0", "other"),
    ],
)
def test_devices_are_told_by_what_they_call_themselves(info: str | None, device: str) -> None:
    payment = load(TODAY).head(1).with_columns(pl.lit(info, pl.String).alias("device_info"), pl.lit("yahoo.com.mx").alias("email_domain"))
    found = features(payment.with_columns(pl.lit(59.95).alias("amount"))).row(0, named=True)
    assert (found["device"], found["email_provider"], found["cents"]) == (device, "yahoo", 95)
