"""What was paid with each card in the seven days before a day began."""

from datetime import timedelta

import polars as pl

from assets.card_transactions.source import payments_within
from mlworks_orchestration.spec import TimeWindow

DAYS = 7


def load(window: TimeWindow) -> pl.DataFrame:
    """Return, for each day that begins in the window, the cards used in the seven days before; nothing of the day itself counts.

    Parameters:
        window: half-open span of times.
    """
    # In thousandths of a dollar, whole numbers, whose sum does not hang on the order of the rows.
    mills = (pl.col("amount") * 1000).round().cast(pl.Int64).alias("mills")
    payments = payments_within(TimeWindow(window.start - timedelta(days=DAYS), window.end)).select("card", mills, pl.col("at").dt.truncate("1d"))
    daily = payments.group_by("card", "at").agg(pl.len().alias("payments"), pl.col("mills").sum())
    earlier = pl.concat(daily.with_columns(pl.col("at").dt.offset_by(f"{age}d"), pl.lit(age).alias("age")) for age in range(1, DAYS + 1))
    known = earlier.filter(pl.col("at").is_between(window.start, window.end, closed="left")).group_by("card", "at")
    return (
        known.agg(
            pl.col("payments").filter(pl.col("age") == 1).sum().cast(pl.Int64).alias("card_payments_1d"),
            pl.col("payments").sum().cast(pl.Int64).alias("card_payments_7d"),
            (pl.col("mills").sum() / 1000 / pl.col("payments").sum()).alias("card_mean_amount_7d"),
            pl.col("age").min().cast(pl.Int64).alias("card_days_since_payment"),
        )
        .sort("at", "card")
        .collect()
    )
