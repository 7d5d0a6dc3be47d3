"""Demand, derived from rides."""

import polars as pl


def count(rides: pl.DataFrame) -> pl.DataFrame:
    """Return how many rides start in a zone in six hours."""
    span = pl.col("starts_at").dt.convert_time_zone("America/New_York").dt.truncate("6h").alias("since")
    counted = rides.group_by("zone", span).agg(pl.len().cast(pl.Int64).alias("demand"), pl.col("starts_at").min().alias("counted_at"))
    return counted.sort("counted_at", "zone")
