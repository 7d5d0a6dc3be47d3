from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import as_of_join, known_rows
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import FeatureTable

START = datetime(2013, 1, 1, tzinfo=UTC)
SPINE: dict[str, Any] = {"flight": pl.Int64, "departure": pl.Datetime("us", "UTC"), "origin": pl.String, "gate": pl.Int64}
ROWS: dict[str, Any] = {"origin": pl.String, "gate": pl.Int64, "at": pl.Datetime("us", "UTC"), "wind": pl.Int64, "sky": pl.String}


def weather(*, entity: tuple[str, ...] = ("origin", "gate"), known_after: timedelta = timedelta(0)) -> FeatureTable:
    return FeatureTable.model_validate(
        {
            "name": "weather",
            "description": "Weather.",
            "owner": "team:data",
            "source": "weather:load",
            "entity": list(entity),
            "event_time": "at",
            "known_after": known_after,
            "partitions": {"every": "day", "start": "2013-01-01"},
            "columns": {"origin": "string", "gate": "integer", "at": "timestamp", "wind": "integer", "sky": "string"},
        }
    )


def minutes(value: int | None) -> datetime | None:
    return None if value is None else START + timedelta(minutes=value)


def in_plain_python(
    spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, columns: list[str], max_age: timedelta | None
) -> list[tuple[object, ...]]:
    found = []
    for asked in spine.to_dicts():
        best: dict[str, Any] | None = None
        for row in rows.to_dicts():
            key, moment = [row[name] for name in table.entity], asked["departure"]
            if None in key or row["at"] is None or moment is None or key != [asked[name] for name in table.entity]:
                continue
            fresh = max_age is None or row["at"] >= moment - max_age
            if row["at"] + table.known_after <= moment and fresh and (best is None or row["at"] >= best["at"]):
                best = row
        found.append(tuple(best[name] if best else None for name in columns))
    return found


times = st.one_of(st.none(), st.integers(0, 12)).map(minutes)
spines = st.lists(st.tuples(st.integers(0, 99), times, st.sampled_from(["JFK", "LGA", None]), st.sampled_from([1, 2, None])), max_size=12).map(
    lambda drawn: pl.DataFrame(drawn, schema=SPINE, orient="row")
)
tables_rows = st.lists(
    st.tuples(
        st.sampled_from(["JFK", "LGA", None]), st.sampled_from([1, 2, None]), times, st.one_of(st.none(), st.integers(0, 99)), st.sampled_from("abc")
    ),
    max_size=14,
).map(lambda drawn: pl.DataFrame(drawn, schema=ROWS, orient="row"))
spans = st.integers(0, 6).map(lambda value: timedelta(minutes=value))
entities = st.sampled_from([("origin", "gate"), ("origin",), ("gate",)])


@settings(max_examples=300, deadline=None)
@given(spine=spines, rows=tables_rows, entity=entities, known_after=spans, max_age=st.none() | spans)
def test_the_join_finds_what_a_plain_search_finds(
    spine: pl.DataFrame, rows: pl.DataFrame, entity: tuple[str, ...], known_after: timedelta, max_age: timedelta | None
) -> None:
    table = weather(entity=entity, known_after=known_after)
    joined = as_of_join(spine, table, rows, ["wind", "sky"], event_time="departure", max_age=max_age)
    assert joined.select(spine.columns).equals(spine)
    assert joined.select("wind", "sky").rows() == in_plain_python(spine, table, rows, ["wind", "sky"], max_age)


VERSIONS: dict[str, Any] = ROWS | {"heard": pl.Datetime("us", "UTC")}
# Few moments and entities, and seldom a missing one, so that versions of a row, late rows and ties are common.
few_times = st.sampled_from([*range(8), *range(8), None]).map(minutes)
few_origins = st.sampled_from(["JFK", "JFK", "JFK", "LGA", None])
versions = st.lists(st.tuples(few_origins, st.just(1), few_times, st.integers(0, 99), st.sampled_from("abc"), few_times), max_size=16).map(
    lambda drawn: pl.DataFrame(drawn, schema=VERSIONS, orient="row")
)
askings = st.lists(st.tuples(st.integers(0, 99), few_times, few_origins, st.just(1)), max_size=12).map(
    lambda drawn: pl.DataFrame(drawn, schema=SPINE, orient="row")
)


def heard(**changes: object) -> FeatureTable:
    """Return weather of which each row says when it became known."""
    declared = weather().model_dump()
    return FeatureTable.model_validate(declared | {"columns": declared["columns"] | {"heard": "timestamp"}, "known_time": "heard"} | changes)


def two_times_in_plain_python(spine: pl.DataFrame, rows: pl.DataFrame, max_age: timedelta | None) -> list[tuple[object, ...]]:
    found = []
    for asked in spine.to_dicts():
        moment, best = asked["departure"], None
        for row in rows.to_dicts():
            if None in (moment, row["at"], row["heard"], row["origin"]) or (row["origin"], row["gate"]) != (asked["origin"], asked["gate"]):
                continue
            if max(row["at"], row["heard"]) <= moment and (best is None or (row["at"], row["heard"]) >= (best["at"], best["heard"])):
                best = row
        fresh = best is not None and (max_age is None or best["at"] >= moment - max_age)
        found.append((best["wind"], best["sky"]) if best is not None and fresh else (None, None))
    return found


@settings(max_examples=300, deadline=None)
@given(spine=askings, rows=versions, max_age=st.none() | spans)
def test_late_and_corrected_rows_are_joined_as_they_were_known(spine: pl.DataFrame, rows: pl.DataFrame, max_age: timedelta | None) -> None:
    joined = as_of_join(spine, heard(), rows, ["wind", "sky"], event_time="departure", max_age=max_age)
    assert joined.select(spine.columns).equals(spine)
    assert joined.select("wind", "sky").rows() == two_times_in_plain_python(spine, rows, max_age)


@settings(max_examples=200, deadline=None)
@given(spine=askings, rows=versions, later=versions, moment=st.integers(0, 12))
def test_what_is_heard_later_never_leaks_however_early_it_happened(spine: pl.DataFrame, rows: pl.DataFrame, later: pl.DataFrame, moment: int) -> None:
    now = START + timedelta(minutes=moment)
    asked = spine.filter(pl.col("departure") <= now)
    planted = later.with_columns(heard=now + timedelta(microseconds=1), sky=pl.lit("future"))
    joined = [as_of_join(asked, heard(), seen, ["wind", "sky"], event_time="departure", max_age=None) for seen in (rows, pl.concat([planted, rows]))]
    assert joined[0].equals(joined[1])


@settings(max_examples=100, deadline=None)
@given(rows=versions, after=spans)
def test_a_row_counts_as_it_was_known_some_time_after_its_event(rows: pl.DataFrame, after: timedelta) -> None:
    best: dict[object, dict[str, Any]] = {}
    for row in rows.to_dicts():
        key = (row["origin"], row["gate"], row["at"])
        if None in (row["at"], row["heard"]) or row["heard"] > row["at"] + after:
            continue
        if key not in best or row["heard"] >= best[key]["heard"]:
            best[key] = row
    found = known_rows(heard(), rows, after)
    assert sorted(map(str, found.to_dicts())) == sorted(map(str, best.values()))


def test_a_correction_counts_from_the_moment_it_is_heard_and_never_before() -> None:
    rows = pl.DataFrame(
        [("JFK", 1, minutes(0), 5, "a", minutes(0)), ("JFK", 1, minutes(0), 7, "b", minutes(4)), ("JFK", 1, minutes(1), 6, "c", minutes(3))],
        schema=VERSIONS,
        orient="row",
    )
    spine = pl.DataFrame([(i, minutes(i), "JFK", 1) for i in range(6)], schema=SPINE, orient="row")
    joined = as_of_join(spine, heard(), rows, ["wind"], event_time="departure", max_age=None)
    assert joined["wind"].to_list() == [5, 5, 5, 6, 6, 6]
    older = as_of_join(spine, heard(), rows.head(2), ["wind"], event_time="departure", max_age=None)
    assert older["wind"].to_list() == [5, 5, 5, 5, 7, 7]


def test_a_line_too_long_for_64_bits_is_searched_alike() -> None:
    rows = pl.DataFrame(
        [(f"{i}", 1, datetime(1900 + i % 200, 1, 1, tzinfo=UTC), i, "a") for i in range(3000)],
        schema=ROWS,
        orient="row",
    )
    spine = pl.DataFrame([(i, datetime(2199, 1, 1, tzinfo=UTC), f"{i}", 1) for i in range(3000)], schema=SPINE, orient="row")
    joined = as_of_join(spine, weather(), rows, ["wind"], event_time="departure", max_age=None)
    assert joined["wind"].to_list() == list(range(3000))


ages = st.none() | st.integers(0, 6).map(lambda value: timedelta(microseconds=value))


def far_apart(spine: pl.DataFrame, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return both with microseconds for minutes, and with twenty more gates over thousands of years, in which microseconds hardly count."""

    def hurried(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
        return frame.with_columns(((pl.col(name) - START) / 60_000_000 + START).alias(name) for name in names)

    eras = [(gate, datetime(2 + 8000 * (gate % 2), 1, 1, tzinfo=UTC)) for gate in range(10, 30)]
    gates = pl.DataFrame([(gate, era, "JFK", gate) for gate, era in eras], schema=SPINE, orient="row")
    old = pl.DataFrame([("JFK", gate, era, gate, "a", era) for gate, era in eras], schema=VERSIONS, orient="row").select(rows.columns)
    times = [name for name in ("at", "heard") if name in rows.columns]
    return pl.concat([gates, hurried(spine, "departure")]), pl.concat([hurried(rows, *times), old])


@settings(max_examples=150, deadline=None)
@given(spine=spines, rows=tables_rows, max_age=ages)
def test_moments_a_microsecond_apart_are_told_apart_over_thousands_of_years(
    spine: pl.DataFrame, rows: pl.DataFrame, max_age: timedelta | None
) -> None:
    asked, seen = far_apart(spine, rows)
    joined = as_of_join(asked, weather(), seen, ["wind", "sky"], event_time="departure", max_age=max_age)
    assert joined.select(asked.columns).equals(asked)
    assert joined.select("wind", "sky").rows() == in_plain_python(asked, weather(), seen, ["wind", "sky"], max_age)


@settings(max_examples=150, deadline=None)
@given(spine=askings, rows=versions, max_age=ages)
def test_corrections_a_microsecond_later_are_told_apart_over_thousands_of_years(
    spine: pl.DataFrame, rows: pl.DataFrame, max_age: timedelta | None
) -> None:
    asked, seen = far_apart(spine, rows)
    joined = as_of_join(asked, heard(), seen, ["wind", "sky"], event_time="departure", max_age=max_age)
    assert joined.select("wind", "sky").rows() == two_times_in_plain_python(asked, seen, max_age)


@pytest.mark.parametrize("moments", [1, 50, 40_000])
def test_many_rows_in_no_order_are_found_like_sorted_ones(moments: int) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, moments, 40_000)
    rows = pl.DataFrame({"origin": "JFK", "gate": rng.integers(0, 200, 40_000), "at": drawn, "wind": range(40_000), "sky": "a"})
    rows = rows.with_columns(pl.from_epoch("at", "s").cast(ROWS["at"]))
    spine = pl.DataFrame({"flight": 1, "departure": rng.integers(0, moments, 5_000), "origin": "JFK", "gate": rng.integers(0, 250, 5_000)})
    spine = spine.with_columns(pl.from_epoch("departure", "s").cast(SPINE["departure"]))
    joined = as_of_join(spine, weather(), rows, ["wind"], event_time="departure", max_age=None)
    by_time = (
        spine.with_row_index()
        .sort("departure")
        .join_asof(rows.sort("at", maintain_order=True), left_on="departure", right_on="at", by=["origin", "gate"], check_sortedness=False)
    )
    assert joined["wind"].to_list() == by_time.sort("index")["wind"].to_list()


@settings(max_examples=100, deadline=None)
@given(spine=spines, rows=tables_rows, known_after=spans, max_age=st.none() | spans, moment=st.integers(0, 12))
def test_what_becomes_known_later_never_leaks(
    spine: pl.DataFrame, rows: pl.DataFrame, known_after: timedelta, max_age: timedelta | None, moment: int
) -> None:
    table = weather(known_after=known_after)
    now = START + timedelta(minutes=moment)
    asked = spine.filter(pl.col("departure") <= now)
    planted = pl.DataFrame(
        [
            (origin, gate, now - known_after + timedelta(microseconds=early), -1, "future")
            for origin in ("JFK", "LGA")
            for gate in (1, 2)
            for early in (1, 60_000_000)
        ],
        schema=ROWS,
        orient="row",
    )
    joined = [as_of_join(asked, table, seen, ["wind", "sky"], event_time="departure", max_age=max_age) for seen in (rows, pl.concat([planted, rows]))]
    assert joined[0].equals(joined[1])


def test_a_row_is_seen_from_the_very_moment_it_is_known_until_it_is_too_old() -> None:
    table = weather(known_after=timedelta(minutes=2))
    rows = pl.DataFrame([("JFK", 1, minutes(0), 5, "a")], schema=ROWS, orient="row")
    just = timedelta(microseconds=1)
    asked = [START + timedelta(minutes=2) - just, START + timedelta(minutes=2), START + timedelta(minutes=9), START + timedelta(minutes=9) + just]
    spine = pl.DataFrame([(i, at, "JFK", 1) for i, at in enumerate(asked)], schema=SPINE, orient="row")
    joined = as_of_join(spine, table, rows, ["wind"], event_time="departure", max_age=timedelta(minutes=9))
    assert joined["wind"].to_list() == [None, 5, 5, None]


def test_a_later_row_with_a_missing_value_hides_an_earlier_value() -> None:
    rows = pl.DataFrame([("JFK", 1, minutes(0), 5, "a"), ("JFK", 1, minutes(1), None, "b")], schema=ROWS, orient="row")
    spine = pl.DataFrame([(1, minutes(3), "JFK", 1)], schema=SPINE, orient="row")
    assert as_of_join(spine, weather(), rows, ["wind", "sky"], event_time="departure", max_age=None).select("wind", "sky").rows() == [(None, "b")]


def test_of_many_rows_of_one_moment_the_last_is_taken() -> None:
    rows = pl.DataFrame([("JFK", 1, minutes(i % 2), i, "a") for i in range(5000)], schema=ROWS, orient="row")
    spine = pl.DataFrame([(1, minutes(0), "JFK", 1), (2, minutes(1), "JFK", 1)], schema=SPINE, orient="row")
    assert as_of_join(spine, weather(), rows, ["wind"], event_time="departure", max_age=None)["wind"].to_list() == [4998, 4999]


def test_a_table_of_the_spines_own_identity_is_joined_alike() -> None:
    table = FeatureTable.model_validate(weather().model_dump() | {"entity": ["gate"], "event_time": "at"})
    rows = pl.DataFrame([(None, gate, minutes(gate), gate * 10, "a") for gate in (3, 1, 2)], schema=ROWS, orient="row")
    spine = rows.select("gate", "at")
    assert as_of_join(spine, table, rows, ["wind"], event_time="at", max_age=None)["wind"].to_list() == [30, 10, 20]


def test_a_key_of_two_types_is_an_error() -> None:
    spine, rows = pl.DataFrame(schema=SPINE), pl.DataFrame(schema=ROWS | {"gate": pl.String})
    with pytest.raises(DataError, match=r"weather is joined by column 'gate', which is String there but Int64 .*; declare it with the same type"):
        as_of_join(spine, weather(), rows, ["wind"], event_time="departure", max_age=None)


def test_a_value_with_the_name_of_a_spine_column_is_an_error() -> None:
    spine = pl.DataFrame(schema=SPINE | {"wind": pl.Int64})
    with pytest.raises(DataError, match=r"weather: column 'wind' cannot be joined to rows that have a column of that name"):
        as_of_join(spine, weather(), pl.DataFrame(schema=ROWS), ["wind"], event_time="departure", max_age=None)
