"""Rides of a day, made by formula; `faults.json` in the deployment's folder says what goes wrong."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from mlworks_orchestration.spec import TimeWindow

ZONE = ZoneInfo("America/New_York")
RIDES_A_DAY = 40
CHANGE = date(2013, 1, 19)
SPOILT: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "no rows": lambda rows: rows.clear(),
    "no zone": lambda rows: rows.drop("zone"),
    "distance renamed": lambda rows: rows.rename({"distance": "distence"}),
    "distance in words": lambda rows: rows.with_columns(distance=pl.lit("far")),
    "zone all null": lambda rows: rows.with_columns(zone=pl.lit(None)),
    "a ride twice": lambda rows: pl.concat([rows, rows.head(1)]),
    "rides of another day": lambda rows: rows.with_columns(pl.col("starts_at") + timedelta(days=3)),
    "a new zone": lambda rows: rows.with_columns(zone=pl.lit("moon")),
    "minutes NaN": lambda rows: rows.with_columns(minutes=pl.lit(float("nan"))),
    "minutes infinite": lambda rows: rows.with_columns(minutes=pl.lit(float("inf"))),
}
FAULTS = Path(__file__).parents[2] / "faults.json"


def faults() -> dict[str, Any]:
    """Return what is to go wrong now."""
    found: dict[str, Any] = json.loads(FAULTS.read_text()) if FAULTS.exists() else {}
    return found


def rides_of(day: date) -> pl.DataFrame:
    """Return the rides that start on a local day, with their outcome."""
    random = np.random.default_rng(day.toordinal())
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    distance = random.uniform(1, 20, RIDES_A_DAY)
    zone = random.choice(["north", "south"], RIDES_A_DAY)
    slope = 2.0 if day < CHANGE else 5.0
    return pl.DataFrame(
        {
            "ride_id": [f"{day}-{number}" for number in range(RIDES_A_DAY)],
            "starts_at": [midnight + timedelta(minutes=36 * number) for number in range(RIDES_A_DAY)],
            "zone": zone,
            "distance": distance,
            "minutes": slope * distance + 4.0 * (zone == "north") + random.normal(0, 2, RIDES_A_DAY),
        }
    ).with_columns(pl.col("starts_at").dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC")))


def within(window: TimeWindow) -> pl.DataFrame:
    """Return the rides of all days in a window."""
    first, last = window.start.astimezone(ZONE).date(), (window.end - timedelta(seconds=1)).astimezone(ZONE).date()
    return pl.concat([rides_of(first + timedelta(days=number)) for number in range((last - first).days + 1)])


def spoilt(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows as the fault of a table makes them, if it has one now."""
    fault = faults().get(table)
    return SPOILT[fault](rows) if fault else rows


def load(window: TimeWindow) -> pl.DataFrame:
    """Return the rides, as far as nothing is to go wrong."""
    wrong = faults()
    if "down_from" in wrong and window.end.astimezone(ZONE).date().isoformat() > wrong["down_from"]:
        message = "the rides' server is down"
        raise ConnectionError(message)
    local = pl.col("starts_at").dt.convert_time_zone(str(ZONE)).dt.strftime("%Y-%m-%d")
    distance = pl.col("distance")
    for change, factor in (("negative", -1.0), ("far", 100.0)):
        distance = pl.when(local.is_in(wrong.get(change, []))).then(factor * pl.col("distance")).otherwise(distance)
    absent = local.is_in(wrong.get("absent", []))
    return spoilt("rides", within(window).with_columns(distance.alias("distance")).filter(~absent).drop("minutes"))


def as_given(rides: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as they are: a transform, which may read any raw column."""
    return rides
