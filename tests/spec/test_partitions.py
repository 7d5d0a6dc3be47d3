from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import dagster as dg
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.spec import Partitions, TimeWindow

# A city a kind of trouble: none, two changes a year, midnight that does not exist, midnight that comes twice, half hours, south of the equator.
ZONES = ["UTC", "America/New_York", "America/Sao_Paulo", "America/Havana", "Asia/Kolkata", "Australia/Sydney", "Africa/Cairo", "Europe/London"]
SPANS = {"hour": 5, "day": 250, "week": 500, "month": 2000}


def by_dagster(partitions: Partitions) -> dg.TimeWindowPartitionsDefinition:
    time = "-00:00" if partitions.every == "hour" else ""
    start, end = f"{partitions.start}{time}", f"{partitions.end}{time}" if partitions.end else None
    match partitions.every:
        case "hour":
            return dg.HourlyPartitionsDefinition(start_date=start, end_date=end, timezone=partitions.timezone)
        case "day":
            return dg.DailyPartitionsDefinition(start_date=start, end_date=end, timezone=partitions.timezone)
        case "week":
            return dg.WeeklyPartitionsDefinition(start_date=start, end_date=end, timezone=partitions.timezone, day_offset=1)
        case "month":
            return dg.MonthlyPartitionsDefinition(start_date=start, end_date=end, timezone=partitions.timezone)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[Partitions, datetime]:
    """A cut in time, and a moment at which to ask for its keys."""
    every = draw(st.sampled_from(list(SPANS)))
    start = draw(st.dates(date(1985, 1, 1), date(2026, 1, 1)))
    days = st.integers(0, SPANS[every])
    length = draw(st.none() | days)
    moment = datetime(start.year, start.month, start.day, tzinfo=UTC) + timedelta(days=draw(days), minutes=draw(st.integers(0, 1440)))
    end = start + timedelta(days=length) if length else None
    try:
        return Partitions(every=every, start=start, end=end, timezone=draw(st.sampled_from(ZONES))), moment
    except ValueError:
        assume(condition=False)
        raise


def cut(every: Any, start: date, timezone: str, days: int) -> tuple[Partitions, datetime]:
    return Partitions(every=every, start=start, timezone=timezone), datetime(start.year, start.month, start.day, 12, tzinfo=UTC) + timedelta(
        days=days
    )


@settings(max_examples=60, deadline=None)
@given(cuts())
@example(cut("hour", date(2013, 11, 2), "America/New_York", 3))
@example(cut("hour", date(2013, 3, 9), "America/New_York", 3))
@example(cut("hour", date(2013, 10, 26), "Europe/London", 3))
@example(cut("day", date(2013, 10, 30), "America/Havana", 10))
@example(cut("day", date(2018, 11, 1), "America/Sao_Paulo", 10))
@example(cut("week", date(2013, 1, 1), "America/New_York", 400))
@example(cut("month", date(1949, 1, 1), "UTC", 4400))
def test_keys_and_windows_are_those_of_dagster(case: tuple[Partitions, datetime]) -> None:
    partitions, moment = case
    theirs = by_dagster(partitions)
    keys = theirs.get_partition_keys(current_time=moment)
    assert partitions.keys(moment) == keys
    for key in keys:
        window = theirs.time_window_for_partition_key(key)
        assert partitions.window(key) == (window.start.astimezone(UTC), window.end.astimezone(UTC))


@settings(max_examples=60, deadline=None)
@given(cuts())
@example(cut("hour", date(2013, 11, 2), "America/New_York", 3))
def test_partitions_follow_each_other_without_gap_or_overlap_and_keys_sort_by_time(case: tuple[Partitions, datetime]) -> None:
    partitions, moment = case
    keys = partitions.keys(moment)
    assert keys == sorted(keys)
    windows = [partitions.window(key) for key in keys]
    assert all(earlier.end == later.start for earlier, later in pairwise(windows))
    assert all(window.end <= moment for window in windows)


@settings(max_examples=60, deadline=None)
@given(cuts(), st.integers(0, 10**6))
@example(cut("hour", date(2013, 11, 3), "America/New_York", 1), 6 * 3600 + 1)
@example(cut("day", date(2013, 11, 3), "America/Havana", 1), 5 * 3600 + 1)
def test_every_moment_lies_in_the_window_of_its_key(case: tuple[Partitions, datetime], seconds: int) -> None:
    partitions, moment = case
    within = moment + timedelta(seconds=seconds)
    start, end = partitions.window(partitions.key_of(within))
    assert start <= within < end


def test_a_window_is_covered_by_the_keys_within_it() -> None:
    days = Partitions(every="day", start=date(2013, 3, 1), timezone="America/New_York")
    window = TimeWindow(days.window("2013-03-09").start + timedelta(hours=1), days.window("2013-03-11").start)
    assert days.keys_within(window) == ["2013-03-09", "2013-03-10"]
    assert days.keys_within(TimeWindow(window.start, window.end + timedelta(microseconds=1))) == ["2013-03-09", "2013-03-10", "2013-03-11"]
    assert days.keys_within(TimeWindow(window.start, window.start)) == ["2013-03-09"]


def test_the_span_of_keys_reaches_from_the_first_to_the_last_in_any_order() -> None:
    days = Partitions(every="day", start=date(2013, 3, 1), timezone="America/New_York")
    assert days.span(["2013-03-11", "2013-03-09"]) == (days.window("2013-03-09").start, days.window("2013-03-11").end)
    assert days.window("2013-03-10").end - days.window("2013-03-10").start == timedelta(hours=23)


def test_hours_that_look_alike_are_told_apart() -> None:
    hours = Partitions(every="hour", start=date(2013, 11, 3), timezone="America/New_York")
    first, second = hours.window("2013-11-03-01:00"), hours.window("2013-11-03-01:00-0500")
    assert first.end == second.start
    assert hours.key_of(second.start) == "2013-11-03-01:00-0500"


@pytest.mark.parametrize(
    ("every", "key"),
    [
        ("day", "2013-1-1"),
        ("day", "2013-02-30"),
        ("day", "2013-01-01-00:00"),
        ("day", ""),
        ("day", "yesterday"),
        ("week", "2013-01-01"),
        ("month", "2013-01-02"),
        ("hour", "2013-01-01"),
        ("hour", "2013-01-01-00:30"),
        ("hour", "2013-03-10-02:00"),
        ("hour", "2013-01-01-00:00-0500"),
    ],
)
def test_a_key_of_another_cut_is_refused_with_one_that_fits(every: Any, key: str) -> None:
    partitions = Partitions(every=every, start=date(2013, 1, 1), timezone="America/New_York")
    with pytest.raises(ValueError, match=f"is no partition by the {every} in America/New_York; one is 2013-01-0"):
        partitions.window(key)


WEEKS = Partitions(every="week", start=date(2017, 9, 4), timezone="America/New_York")


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("2017-10-03", ["2017-10-02"]),
        ("2017-9-25", ["2017-09-18", "2017-10-02"]),
        ("2017-10-03T23:00-12:00", ["2017-10-02"]),
        ("2016-01-01", ["2017-09-18"]),
        ("2030-01-01", ["2017-10-30"]),
        ("2017-10-32", []),
        ("last week", []),
        ("", []),
    ],
)
def test_the_partitions_nearest_to_a_text_are_nearest_in_time_and_none_are_near_to_nonsense(text: str, near: list[str]) -> None:
    assert WEEKS.around(text, ["2017-09-18", "2017-10-02", "2017-10-30"]) == near


def test_a_time_is_held_by_the_hour_that_it_lies_in() -> None:
    hours = Partitions(every="hour", start=date(2013, 1, 1), timezone="America/New_York")
    assert [hours.holding(text) for text in ("2013-01-05", "2013-01-05 14:30", "2013-01-05-14:00", "2013-01-05T14:30Z")] == [
        "2013-01-05-00:00",
        "2013-01-05-14:00",
        "2013-01-05-14:00",
        "2013-01-05-09:00",
    ]


@pytest.mark.parametrize("ask", [lambda days, naive: days.key_of(naive), lambda days, naive: days.keys_within(TimeWindow(naive, naive))])
def test_a_moment_without_a_time_zone_is_refused(ask: Callable[[Partitions, datetime], object]) -> None:
    with pytest.raises(ValueError, match="2013-01-01T00:00:00 has no time zone"):
        ask(Partitions(every="day", start=date(2013, 1, 1)), datetime(2013, 1, 1))  # noqa: DTZ001 - that it is refused is the point


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"every": "minute"}, "every: 'minute' is not allowed; allowed: day, hour, month, week."),
        ({"start": 2013}, "start: 2013 is no day; write it as 2013-01-31."),
        ({"start": True}, "start: True is no day; write it as 2013-01-31."),
        ({"start": "2013-13-01"}, "start: '2013-13-01' is not allowed; input should be a valid date"),
        ({"start": "1899-12-31"}, "start: 1899-12-31 is not between 1900 and 2199."),
        ({"start": "9999-12-31"}, "start: 9999-12-31 is not between 1900 and 2199."),
        ({"end": "2013-01-01"}, "end 2013-01-01 must be after start 2013-01-01."),
        ({"every": "month", "end": "2013-01-31"}, "there is no whole month from start 2013-01-01 to end 2013-01-31."),
        ({"timezone": "America/New York"}, "timezone: 'America/New York' is no IANA time zone; write one like America/New_York."),
        ({"timezone": "../etc/passwd"}, "timezone: '../etc/passwd' is no IANA time zone; write one like UTC or America/New_York."),
        ({"timezone": ""}, "timezone: '' is no IANA time zone"),
        ({"every": "hour", "timezone": "Australia/Lord_Howe"}, "clocks in Australia/Lord_Howe were not always set by whole hours"),
    ],
)
def test_a_wrong_cut_is_explained(complaint: Callable[..., str], fields: dict[str, object], expected: str) -> None:
    assert complaint(Partitions, {"every": "day", "start": "2013-01-01", **fields}).startswith(f"defs.yaml:7: {expected}")
