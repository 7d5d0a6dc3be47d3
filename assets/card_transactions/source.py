"""Card payments of half a year: what is known when a payment is asked for."""

from datetime import UTC, datetime, timedelta

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

ARCHIVE = Archive("fraud-detection-model", "2.0.0", "db1e47beac013e415936d0c3af2551421a0cc8b5a379bc42457450bdd40269bb")
PAYMENTS = "fraud_detection_model/data/interim/train.csv"
ZERO = datetime(2017, 11, 30, tzinfo=UTC)
"""The moment from which `TransactionDT` counts. It is assigned: the publisher gives seconds alone, and by it they are December 2017 to May 2018."""

COUNTS = ["C1", "C2", "C5", "C6", "C9", "C11", "C13", "C14"]
MASKED = ["card2", "card3", "card5", "addr1"]
_NEEDED = ["TransactionID", "TransactionDT", "isFraud", "TransactionAmt", "ProductCD", "card1", *MASKED, "R_emaildomain", "DeviceInfo", *COUNTS]
_DEVICES = {"windows": "windows", "trident": "windows", "ios": "ios", "macos": "macos", "sm-": "android", "samsung": "android", "build": "android"}


def payments_table() -> pl.LazyFrame:
    """Return all payments as the archive has them, outcomes included, fetching it if need be."""
    return pl.scan_parquet(ARCHIVE.table(PAYMENTS, columns=_NEEDED))


def payments_within(window: TimeWindow) -> pl.LazyFrame:
    """Return payments that were asked for in the window, outcomes included, with `transaction_id`, `at`, `card` and `amount`.

    Parameters:
        window: half-open span of times.
    """
    first, end = ((moment - ZERO) / timedelta(seconds=1) for moment in window)
    return (
        payments_table()
        .filter(pl.col("TransactionDT").is_between(first, end, closed="left"))
        .select(
            pl.col("TransactionID").alias("transaction_id"),
            (pl.lit(ZERO).cast(pl.Datetime("us", "UTC")) + pl.duration(seconds="TransactionDT")).alias("at"),
            pl.col("card1").alias("card"),
            pl.col("TransactionAmt").alias("amount"),
            pl.col("isFraud").alias("is_fraud"),
            pl.col("ProductCD").alias("product"),
            pl.col("R_emaildomain").alias("email_domain"),
            pl.col("DeviceInfo").alias("device_info"),
            *MASKED,
            *COUNTS,
        )
    )


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the payments of the window without what became of them.

    Parameters:
        window: half-open span of times.
    """
    return payments_within(window).drop("is_fraud").collect()


def features(payments: pl.DataFrame) -> pl.DataFrame:
    """Add the hour, the amount's cents, the recipient's e-mail provider and the kind of device.

    Parameters:
        payments: rows as `load` gives them.
    """
    info = pl.col("device_info").str.to_lowercase()
    device = pl.coalesce(pl.when(info.str.contains(mark, literal=True)).then(pl.lit(kind)) for mark, kind in _DEVICES.items())
    return payments.with_columns(
        pl.col("at").dt.hour().cast(pl.Int64).alias("hour"),
        (pl.col("amount") * 100 % 100).round().cast(pl.Int64).alias("cents"),
        pl.col("email_domain").str.split(".").list.first().alias("email_provider"),
        pl.when(info.is_null()).then(pl.lit("unknown")).otherwise(pl.coalesce(device, pl.lit("other"))).alias("device"),
    )
