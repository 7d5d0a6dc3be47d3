"""The flights of 2023, as the benchmark of ten years reads them, on the committed slice."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from assets.flights.source import TIMEZONE

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def ten_years(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Import the benchmark as a script beside it does."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    yield importlib.import_module("ten_years")
    del sys.modules["ten_years"]


@pytest.mark.parametrize("table", ["flights", "weather"])
def test_hours_of_2023_are_local_as_the_timetable_has_them(ten_years: ModuleType, table: str) -> None:
    rows = ten_years.of_2023(table).collect()
    local = rows["time_hour"].dt.convert_time_zone(TIMEZONE)
    assert rows.height > 250
    assert (local.dt.hour() == rows["hour"]).all()
    assert set(local.dt.base_utc_offset().dt.total_hours() + local.dt.dst_offset().dt.total_hours()) == {-5, -4}


def test_a_flight_gets_the_weather_that_was_known_at_its_departure(ten_years: ModuleType) -> None:
    rows = ten_years.labelled(ten_years.of_2023("flights"), ten_years.of_2023("weather"), ten_years.year(2023))
    flight = rows.filter(pl.col("temp").is_not_null()).row(100, named=True)
    weather = ten_years.of_2023("weather").filter(pl.col("origin") == flight["origin"]).collect()
    known = weather.filter(pl.col("time_hour") + pl.duration(hours=1) <= flight["scheduled_departure"]).sort("time_hour")
    assert flight["temp"] == known["temp"][-1]
    assert rows[ten_years.LABEL].null_count() == 0


def test_errors_are_told_by_year_quarter_and_model(ten_years: ModuleType) -> None:
    rows = pl.DataFrame({"scheduled_departure": ["2013-05-01", "2013-08-01", "2013-11-01"], ten_years.LABEL: [1.0, 2.0, 9.0]})
    rows = rows.with_columns(pl.col("scheduled_departure").str.to_datetime(), *(pl.lit(0.0).alias(name) for name in ten_years.MODEL.feature_columns))
    found = ten_years.errors(rows, rows, {"zero": Zero()})
    assert [(row["quarter"], row["zero"], row["median"]) for row in found[:3]] == [
        ("2013 Q2", 1.0, 1.0),
        ("2013 Q3", 2.0, 0.0),
        ("2013 Q4", 9.0, 7.0),
    ]


class Zero:
    def predict(self, matrix: object) -> list[float]:
        return [0.0] * len(matrix)  # type: ignore[arg-type]  # a frame
