"""The sources of the reference deployment, on the committed slice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from assets.flight_outcomes.source import load as load_outcomes
from assets.flights.source import TIMEZONE, features, flights_within
from assets.flights.source import load as load_flights
from assets.weather.source import load as load_weather
from mlworks_orchestration.data import build_features, load_raw, validate
from mlworks_orchestration.graph.integration import table_end
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import FeatureTable, TimeWindow, read_declarations

Load = Callable[[TimeWindow], pl.DataFrame]

CATALOG = read_declarations(project_root() / "assets").require_healthy()
TABLES = CATALOG.tables
DAYS = TABLES["flights"].partitions
WEEK = DAYS.keys_within(TimeWindow(DAYS.window("2013-02-04").start, DAYS.window("2013-02-10").end))
KNOWN_ONLY_AFTERWARDS = {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time"}
SOURCES = [
    pytest.param(load_flights, "scheduled_departure", id="flights"),
    pytest.param(load_outcomes, "scheduled_departure", id="flight_outcomes"),
    pytest.param(load_weather, "observed_at", id="weather"),
]


@pytest.mark.parametrize(("load", "event_time"), SOURCES)
def test_a_source_gives_just_the_rows_of_the_window(load: Load, event_time: str) -> None:
    day, week = DAYS.window("2013-02-07"), DAYS.span(WEEK)
    rows = load(day)
    assert rows.height > 20
    assert rows[event_time].is_between(*day, closed="left").all()
    assert rows.equals(load(week).filter(pl.col(event_time).is_between(*day, closed="left")))


@pytest.mark.parametrize(("load", "event_time"), SOURCES)
def test_the_first_moment_of_a_window_is_in_it_and_the_last_is_not(load: Load, event_time: str) -> None:
    moment: datetime = load(DAYS.window("2013-02-07"))[event_time][5]
    instant = timedelta(microseconds=1)
    assert set(load(TimeWindow(moment, moment + instant))[event_time]) == {moment}
    assert load(TimeWindow(moment - instant, moment)).is_empty()


@pytest.mark.parametrize(("load", "event_time"), SOURCES)
def test_a_window_before_the_data_gives_the_columns_and_no_rows(load: Load, event_time: str) -> None:
    nothing = load(TimeWindow(datetime(2012, 1, 1, tzinfo=UTC), datetime(2012, 2, 1, tzinfo=UTC)))
    assert nothing.is_empty()
    assert nothing.schema[event_time] == pl.Datetime("us", "UTC")


def test_raw_flights_hold_nothing_that_is_known_only_after_departure() -> None:
    window = DAYS.span(WEEK)
    assert set(flights_within(window).collect_schema()) >= KNOWN_ONLY_AFTERWARDS
    assert KNOWN_ONLY_AFTERWARDS.isdisjoint(load_flights(window).columns)
    assert KNOWN_ONLY_AFTERWARDS.isdisjoint(TABLES["flights"].columns)


def test_a_flight_id_stands_for_one_flight_and_joins_schedule_and_outcome() -> None:
    everything = TimeWindow(datetime(2013, 1, 1, tzinfo=UTC), datetime(2014, 1, 2, tzinfo=UTC))
    flights, outcomes = load_flights(everything), load_outcomes(everything)
    assert flights["flight_id"].null_count() == 0
    assert flights["flight_id"].n_unique() == flights.height
    assert flights["flight_id"].to_list() == outcomes["flight_id"].to_list()


def test_the_scheduled_departure_is_the_local_time_of_the_timetable() -> None:
    flights = flights_within(DAYS.span(WEEK)).collect()
    local = flights["scheduled_departure"].dt.convert_time_zone(TIMEZONE)
    assert (local.dt.hour().cast(pl.Int64) * 100 + local.dt.minute() == flights["sched_dep_time"]).all()
    assert (local.dt.day() == flights["day"]).all()


def test_hour_and_weekday_are_local() -> None:
    departures = [datetime(2013, 2, 4, 4, 30, tzinfo=UTC), datetime(2013, 7, 7, 12, 0, tzinfo=UTC)]
    found = features(pl.DataFrame({"scheduled_departure": departures}, schema={"scheduled_departure": pl.Datetime("us", "UTC")}))
    assert found.select("hour", "dow").rows() == [(23, 7), (8, 7)]


def test_cancelled_flights_are_scheduled_and_have_no_arrival_delay() -> None:
    outcomes = load_outcomes(DAYS.window("2013-02-08"))
    cancelled = outcomes.filter(pl.col("dep_time").is_null())
    assert cancelled.height > 0
    assert cancelled["arr_delay"].null_count() == cancelled.height
    assert set(cancelled["flight_id"]) <= set(load_flights(DAYS.window("2013-02-08"))["flight_id"])


def test_each_airport_is_observed_at_most_once_an_hour() -> None:
    weather = load_weather(DAYS.span(WEEK))
    assert set(weather["origin"]) == {"EWR", "JFK", "LGA"}
    assert not weather.select("origin", "observed_at").is_duplicated().any()
    assert (weather["observed_at"].dt.truncate("1h") == weather["observed_at"]).all()


OF_SOURCES = [table for table in CATALOG.tables.values() if table.source]


@pytest.mark.parametrize("table", OF_SOURCES, ids=[table.name for table in OF_SOURCES])
def test_real_rows_fit_the_declaration_and_meet_what_would_block_them(table: FeatureTable) -> None:
    newest = table.partitions.keys(table_end(CATALOG, table))[-7:]
    raw = load_raw(table, table.partitions.span(newest), newest)
    rows = build_features(table, raw)
    assert rows.height == raw.height
    failed = [result for result in validate(table, rows, newest) if not result.passed and result.severity == "error"]
    assert failed == []
