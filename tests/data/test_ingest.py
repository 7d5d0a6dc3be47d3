"""Raw rows and features: what fits comes through unchanged; each way not to fit is an error that names table, partition, column and remedy."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, Lake, build_features, given_before, load_raw
from mlworks_orchestration.data.partitioning import partition_of
from mlworks_orchestration.data.schema import losslessly
from mlworks_orchestration.errors import DataError, DeclarationError
from mlworks_orchestration.spec import FeatureTable, Partitions

DAYS = Partitions(every="day", start=date(2013, 1, 1), timezone="America/New_York")
KEYS = ["2013-01-07", "2013-01-08"]
WINDOW = DAYS.span(KEYS)

SOURCE = """
def load(window):
    at = [window.start + timedelta(hours=hour) for hour in (0, 12, 24, 47)]
    return pl.DataFrame({"flight": ["a", "b", "c", "d"], "at": at, "distance": [1, 2, 3, None], "spare": [0, 1, 2, 3]}).with_columns(CHANGE)
"""


def table(source: str | None = None, **fields: Any) -> FeatureTable:
    columns = {"flight": "string", "at": "timestamp", "distance": {"type": "float"}}
    declared = {
        "name": "flights",
        "description": "A flight.",
        "owner": "team:data",
        "source": source,
        "entity": ["flight"],
        "event_time": "at",
        "partitions": DAYS,
        "columns": columns,
    }
    return FeatureTable.model_validate(declared | fields)


def raw(**columns: object) -> pl.DataFrame:
    at = [WINDOW.start + timedelta(hours=hour) for hour in (0, 12, 24, 47)]
    frame = pl.DataFrame({"flight": ["a", "b", "c", "d"], "at": at, "distance": [1, 2, 3, None]})
    return frame.with_columns(**columns).with_columns(pl.Series(PARTITION, [KEYS[0], KEYS[0], KEYS[1], KEYS[1]]))  # type: ignore[arg-type]


Module = Callable[[str], str]


def test_a_source_is_called_once_for_the_whole_window_and_its_rows_come_as_they_are(user_module: Module) -> None:
    module = user_module("CALLS = []" + SOURCE.replace("CHANGE", "").replace("def load(window):", "def load(window):\n    CALLS.append(window)"))
    rows = load_raw(table(f"{module}:load"), WINDOW, KEYS)
    assert rows.columns == ["flight", "at", "distance", "spare", PARTITION]
    assert rows[PARTITION].to_list() == [KEYS[0], KEYS[0], KEYS[1], KEYS[1]]
    assert __import__(module).CALLS == [WINDOW]


def test_pandas_rows_in_local_time_get_the_partition_of_their_moment(user_module: Module) -> None:
    source = """
    import pandas as pd
    def load(window) -> pd.DataFrame:
        at = pd.to_datetime(["2013-01-07 00:00", "2013-01-07 23:59"]).tz_localize("America/New_York")
        return pd.DataFrame({"flight": ["a", "b"], "at": at, "distance": [1.0, 2.0]})
    """
    rows = load_raw(table(f"{user_module(source)}:load"), DAYS.window(KEYS[0]), KEYS[:1])
    assert rows[PARTITION].to_list() == [KEYS[0], KEYS[0]]


def test_a_column_without_a_type_gets_the_declared_one(user_module: Module) -> None:
    rows = load_raw(table(f"{user_module(SOURCE.replace('CHANGE', 'distance=None'))}:load"), WINDOW, KEYS)
    assert rows.schema["distance"] == pl.Float64()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            "pl.col('at') + timedelta(days=1)",
            r"gave 2 rows of other partitions: the first has at 2013-01-09 .*partition 2013-01-09. Return only rows",
        ),
        ("pl.col('at').dt.replace_time_zone(None)", r"event time 'at' as a Datetime.*needed, for example .*replace_time_zone\('America/New_York'\)"),
        ("at=pl.lit('2013-01-07')", r"event time 'at' as a String, but a timestamp with a time zone"),
        ("at=None", r"event time 'at' is null, 4 of 4; drop or repair them"),
        ("_partition=pl.lit('x')", r"gave a column '_partition', a name that is ours"),
    ],
)
def test_a_source_with_wrong_event_times_is_refused(user_module: Module, change: str, says: str) -> None:
    module = user_module(SOURCE.replace("CHANGE", change))
    with pytest.raises(DataError, match=says) as caught:
        load_raw(table(f"{module}:load"), WINDOW, KEYS)
    assert str(caught.value).startswith(f"Feature table flights: source {module}:load, asked for partitions 2013-01-07, 2013-01-08, gave")


def test_a_renamed_event_time_is_refused_with_the_nearest_name(user_module: Module) -> None:
    module = user_module(SOURCE.replace('"at"', '"att"').replace("CHANGE", ""))
    with pytest.raises(DataError, match=r"2013-01-08, gave no column 'at', which flights declares; did you mean 'att'\? Allowed: att, dist"):
        load_raw(table(f"{module}:load"), WINDOW, KEYS)


def test_a_declared_column_that_is_missing_is_refused_unless_a_transform_may_make_it(user_module: Module) -> None:
    module = user_module(SOURCE.replace('"distance"', '"distence"').replace("CHANGE", ""))
    with pytest.raises(DataError, match=r"2013-01-08, gave no column 'distance', which flights declares; did you mean 'distence'\?"):
        load_raw(table(f"{module}:load"), WINDOW, KEYS)
    assert "distence" in load_raw(table(f"{module}:load", transform=f"{module}:load"), WINDOW, KEYS).columns


def test_a_column_that_came_before_may_not_go_missing(user_module: Module) -> None:
    module = user_module(SOURCE.replace("CHANGE", ""))
    with pytest.raises(DataError, match=r"gave no column 'gate', which it gave before .*Rename it in the source; .*as nulls"):
        load_raw(table(f"{module}:load", transform=f"{module}:load"), WINDOW, KEYS, before=["spare", "gate"])


def test_what_came_before_is_told_by_the_newest_partition_of_which_features_were_made(tmp_path: Any) -> None:
    lake, transformed = Lake(tmp_path), table("x:load", transform="x:load")
    assert given_before(lake, transformed, KEYS) == []
    rows = raw(gone=pl.Series(["x", "x", None, None]), spare=pl.Series([None, None, 1, 1]))
    lake.write("raw/flights", rows, partitions=KEYS)
    assert given_before(lake, transformed, []) == []
    lake.write("features/flights", raw(), partitions=KEYS)
    assert given_before(lake, transformed, []) == ["flight", "at", "distance", "spare"]
    assert given_before(lake, transformed, KEYS[1:]) == ["flight", "at", "distance", "gone"]
    assert given_before(lake, table("x:load"), []) == []


@pytest.mark.parametrize("kept", [".filter(pl.col('flight') < 'c')", ".clear().select([])"])
def test_a_source_that_returns_no_rows_for_a_partition_is_refused(user_module: Module, kept: str) -> None:
    module = user_module(SOURCE.replace(".with_columns(CHANGE)", kept))
    with pytest.raises(DataError, match=r"gave no rows for partition.*2013-01-08\. Check that the data for it have arrived"):
        load_raw(table(f"{module}:load"), WINDOW, KEYS)


def test_many_empty_partitions_are_counted_and_not_all_listed(user_module: Module) -> None:
    keys = DAYS.keys_within(DAYS.span(["2013-01-07", "2013-01-20"]))
    module = user_module(SOURCE.replace("CHANGE", ""))
    with pytest.raises(DataError, match=r"gave no rows for partitions 2013-01-09, 2013-01-10 … 2013-01-20 \(12 of them\)"):
        load_raw(table(f"{module}:load"), DAYS.span(keys), keys)


def test_a_source_that_raises_or_gives_no_dataframe_is_told_with_its_partitions(user_module: Module) -> None:
    module = user_module("def broken(window):\n    raise OSError('archive truncated')\ndef nothing(window):\n    return None")
    with pytest.raises(DataError, match=r"flights: source .*asked for partition 2013-01-07, raised OSError: archive truncated"):
        load_raw(table(f"{module}:broken"), WINDOW, KEYS[:1])
    with pytest.raises(DataError, match=r"flights: source .*asked for partition 2013-01-07,: a dataframe is needed, but a builtins.NoneType"):
        load_raw(table(f"{module}:nothing"), WINDOW, KEYS[:1])


def test_a_source_that_does_not_exist_is_a_wrong_declaration() -> None:
    with pytest.raises(DeclarationError, match=r"Feature table flights: source: 'nowhere:load' cannot be imported"):
        load_raw(table("nowhere:load"), WINDOW, KEYS)


def test_features_are_the_declared_columns_in_their_order_and_types() -> None:
    frame = build_features(table("x:load"), raw(spare=1).select("spare", "distance", "at", "flight", PARTITION))
    assert frame.columns == ["flight", "at", "distance", PARTITION]
    assert frame.schema == {"flight": pl.String, "at": pl.Datetime("us", "UTC"), "distance": pl.Float64, PARTITION: pl.String}
    assert frame["distance"].to_list() == [1.0, 2.0, 3.0, None]


def test_what_a_transform_gives_is_cut_by_its_own_event_times(user_module: Module) -> None:
    module = user_module("def later(rows):\n    return rows.with_columns(pl.col('at') + timedelta(hours=13))")
    moved = raw().filter(pl.col("flight") != "d")
    frame = build_features(table("x:load", transform=f"{module}:later"), moved)
    assert frame[PARTITION].to_list() == [KEYS[0], KEYS[1], KEYS[1]]


def test_a_derived_table_gets_one_frame_an_input_in_declared_order(user_module: Module) -> None:
    module = user_module(
        "import pandas as pd\nimport pyarrow as pa\n"
        "def both(left: pd.DataFrame, right: pa.Table) -> pd.DataFrame:\n"
        "    assert '_partition' not in left\n"
        "    return left.assign(distance=pl.DataFrame(right)['distance'].to_list())"
    )
    derived = table(None, inputs=["left", "right"], transform=f"{module}:both")
    frame = build_features(derived, {"right": raw(distance=pl.lit(7)), "left": raw()})
    assert frame["distance"].to_list() == [7.0] * 4


def test_a_transform_that_drops_or_moves_a_whole_partition_is_refused(user_module: Module) -> None:
    module = user_module(
        "def drop(rows):\n    return rows.head(2)\ndef move(rows):\n    return rows.with_columns(pl.col('at') + timedelta(days=1))\n"
        "def fail(rows):\n    return rows['nothing']"
    )
    with pytest.raises(DataError, match=r"flights: transform .*:drop, given partitions .* gave no rows for partition 2013-01-08"):
        build_features(table("x:load", transform=f"{module}:drop"), raw())
    with pytest.raises(DataError, match=r"flights: transform .*:move, given partitions .* gave 2 rows of other partitions"):
        build_features(table("x:load", transform=f"{module}:move"), raw())
    with pytest.raises(DataError, match=r"flights: transform .*:fail, given partitions .* raised ColumnNotFoundError"):
        build_features(table("x:load", transform=f"{module}:fail"), raw())


def test_raw_without_rows_makes_no_features() -> None:
    with pytest.raises(DataError, match=r"raw/flights, read for partition \(none\), gave no rows"):
        build_features(table("x:load"), raw().clear())


def test_a_missing_or_renamed_column_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match=r"raw/flights, read for .*gave no column 'distance', which flights declares; did you mean 'distances'"):
        build_features(table("x:load"), raw().rename({"distance": "distances"}))


AWARE = datetime(2013, 1, 7, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("declared", "given_values", "says"),
    [
        ("integer", pl.Series([1.0, 2.5, 3.0, None]), r"'distance' as Float64, and its values \(for example 2.5\) .*declared integer"),
        ("integer", pl.Series([1.0, float("nan"), 3.0, 4.0]), r"for example nan"),
        (
            "integer",
            pl.Series(["1", "2", "3", "4"]),
            r"'distance' as String, and its values \(for example '1'\) .*declared integer. Cast it in the source",
        ),
        ("float", pl.Series([1, 2**53 + 1, 3, 4]), r"'distance' as Int64, and its values \(for example 9007199254740993\) .*declared float"),
        ("string", pl.Series([1, 2, 3, 4]), r"'distance' as Int64, .*declared string"),
        ("boolean", pl.Series([0, 1, 0, 1]), r"'distance' as Int64, .*declared boolean"),
        ("timestamp", pl.Series([AWARE.replace(tzinfo=None)] * 4), r"as Datetime.*declared timestamp with a time zone"),
        ("date", pl.Series([AWARE.replace(tzinfo=None)] * 4), r"as Datetime.*declared date"),
        ("date", pl.Series([AWARE.replace(hour=0)] * 4), r"as Datetime.*UTC.*declared date"),
    ],
)
def test_a_column_that_would_lose_values_in_its_declared_type_is_refused(declared: str, given_values: pl.Series, says: str) -> None:
    wanted = table("x:load", columns={"flight": "string", "at": "timestamp", "distance": declared})
    with pytest.raises(DataError, match=says):
        build_features(wanted, raw(distance=given_values))


@pytest.mark.parametrize(
    ("declared", "given_values", "expected"),
    [
        ("integer", pl.Series([1.0, 2.0, None, 4.0]), [1, 2, None, 4]),
        ("float", pl.Series([1, 2, None, 4], dtype=pl.UInt8), [1.0, 2.0, None, 4.0]),
        ("string", pl.Series(["a", "b", None, "a"], dtype=pl.Categorical), ["a", "b", None, "a"]),
        ("timestamp", pl.Series([AWARE] * 4).dt.convert_time_zone("Asia/Tokyo").dt.cast_time_unit("ns"), [AWARE] * 4),
        ("date", pl.Series([datetime(2013, 1, 7)] * 4), [date(2013, 1, 7)] * 4),  # noqa: DTZ001 - as pandas gives days
        ("float", pl.Series([None] * 4), [None] * 4),
    ],
)
def test_a_column_that_loses_nothing_in_its_declared_type_is_cast(declared: str, given_values: pl.Series, expected: list[object]) -> None:
    wanted = table("x:load", columns={"flight": "string", "at": "timestamp", "distance": declared})
    assert build_features(wanted, raw(distance=given_values))["distance"].to_list() == expected


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1.0, 2.0, 3.0, None], r"nulls in column 'distance', which is declared nullable: false: in 1 of 2 rows of partition 2013-01-08.*or declare"),
        ([None] * 4, r"nulls in column 'distance', .*: in every one of the 2 rows of partition 2013-01-07"),
        ([1.0, 2.0, 3.0, float("nan")], r"nulls in column 'distance', .*: in 1 of 2 rows of partition 2013-01-08"),
    ],
)
def test_nulls_where_none_may_be_are_refused(values: list[float | None], says: str) -> None:
    wanted = table("x:load", columns={"flight": "string", "at": "timestamp", "distance": {"type": "float", "nullable": False}})
    with pytest.raises(DataError, match=says):
        build_features(wanted, raw(distance=pl.Series(values)))


def test_a_nullable_column_may_be_null_throughout_but_the_entity_may_never_be() -> None:
    assert build_features(table("x:load"), raw(distance=pl.lit(None)))["distance"].null_count() == 4
    with pytest.raises(DataError, match=r"column 'flight', which is part of the key of flights: in every one of the 2 rows .* these rows\.$"):
        build_features(table("x:load"), raw(flight=pl.lit(None)))


def test_an_entity_that_comes_twice_at_one_event_time_is_refused() -> None:
    twice = pl.concat([raw(), raw().tail(1)])
    with pytest.raises(DataError, match=r"gave 2 rows that share their flight and at .* in partition 2013-01-08: flight d, at 2013-01-09 .*Keep one"):
        build_features(table("x:load"), twice)
    assert build_features(table("x:load"), raw(flight=pl.lit("a"))).height == 4


def test_versions_of_a_row_differ_in_their_known_time_which_each_must_have() -> None:
    columns = {"flight": "string", "at": "timestamp", "distance": "float", "heard": "timestamp"}
    versions = table("x:load", columns=columns, known_time="heard")
    given_once = raw().with_columns(heard=pl.col("at"))
    corrected = pl.concat([given_once, given_once.tail(1).with_columns(heard=pl.col("at") + timedelta(hours=1))])
    assert build_features(versions, corrected).height == 5
    with pytest.raises(DataError, match=r"gave 2 rows that share their flight and at and heard with another"):
        build_features(versions, pl.concat([corrected, corrected.tail(1)]))
    with pytest.raises(DataError, match=r"nulls in column 'heard', which is part of the key of flights"):
        build_features(versions, given_once.with_columns(heard=pl.lit(None, pl.Datetime("us", "UTC"))))


def test_raw_rows_and_features_pass_through_the_lake_unchanged(user_module: Module, tmp_path: Any) -> None:
    declared, lake = table(f"{user_module(SOURCE.replace('CHANGE', ''))}:load"), Lake(tmp_path)
    lake.write("raw/flights", load_raw(declared, WINDOW, KEYS), partitions=KEYS, schema="merge")
    features = build_features(declared, lake.read("raw/flights", partitions=KEYS))
    lake.write("features/flights", features, partitions=KEYS)
    assert lake.read("features/flights").equals(features)


@settings(max_examples=200, deadline=None)
@example(moment=datetime(2013, 11, 3, 6, 30), every="hour", timezone="America/New_York")  # noqa: DTZ001 - as hypothesis gives them
@given(
    moment=st.datetimes(datetime(2012, 1, 1), datetime(2030, 1, 1)) | st.datetimes(datetime(2013, 11, 3, 4), datetime(2013, 11, 3, 8)),  # noqa: DTZ001 - hypothesis wants naive bounds
    every=st.sampled_from(["hour", "day", "week", "month"]),
    timezone=st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Australia/Sydney"]),
)
def test_a_columns_partitions_are_those_of_each_moment(moment: datetime, every: Literal["hour", "day", "week", "month"], timezone: str) -> None:
    partitions = Partitions(every=every, start=date(2013, 1, 1), timezone=timezone)
    aware = moment.replace(tzinfo=UTC)
    assert partition_of(pl.Series([aware]), partitions).to_list() == [partitions.key_of(aware)]


@given(values=st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.just(2**53 + 1)))
def test_integers_become_floats_just_when_each_comes_back(values: list[int | None]) -> None:
    column = pl.Series(values, dtype=pl.Int64)
    exact = all(value is None or int(float(value)) == value for value in values)
    assert (losslessly(column, pl.Float64()) is not None) == exact


@given(values=st.lists(st.none() | st.floats()))
def test_floats_become_integers_just_when_they_are_whole(values: list[float | None]) -> None:
    column = pl.Series(values, dtype=pl.Float64)
    exact = all(value is None or (value.is_integer() and -(2**63) <= value < 2**63) for value in values)
    assert (losslessly(column, pl.Int64()) is not None) == exact
