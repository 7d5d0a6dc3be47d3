import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, Lake, as_of_join, feature_frame, feature_kinds
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel, Partitions

CUT: dict[str, Any] = {"every": "day", "start": "2013-01-01", "timezone": "America/New_York"}
DAYS = [f"2013-01-{day:02}" for day in range(1, 7)]
UTC_TIME = pl.Datetime("us", "UTC")


def table(name: str, entity: list[str], event_time: str, columns: dict[str, str], **more: Any) -> FeatureTable:
    declared = {"name": name, "description": name, "owner": "team:data", "source": f"{name}:load", "partitions": CUT}
    return FeatureTable.model_validate(declared | {"entity": entity, "event_time": event_time, "columns": columns} | more)


FLIGHTS = table(
    "flights",
    ["flight_id"],
    "departure",
    {"flight_id": "integer", "departure": "timestamp", "origin": "string", "distance": "float", "tail": "string"},
)
WEATHER_COLUMNS = {"origin": "string", "at": "timestamp", "wind": "float", "calm": "boolean", "unused": "string"}


def catalog(*, max_age: str | None = None, **weather: Any) -> Catalog:
    joined = {"table": "weather", "columns": ["wind", "calm"], "max_age": max_age}
    model = MLModel.model_validate(
        {
            "name": "delay",
            "description": "Delay.",
            "task": "regression",
            "owners": {"data_science": "team:science"},
            "entity": ["flight_id"],
            "event_time": "departure",
            "partitions": CUT,
            "features": [{"table": "flights", "columns": ["distance", "origin"]}, joined],
            "label": {"table": "outcomes", "column": "delay", "delay": "1d"},
            "estimator": "estimator:build",
            "metrics": {"primary": "mae"},
        }
    )
    return Catalog.of([FLIGHTS, table("weather", ["origin"], "at", WEATHER_COLUMNS, **weather)], [model])


def hour(value: int) -> datetime:
    """Return the moment so many hours after the first partition begins."""
    return datetime(2013, 1, 1, 5, tzinfo=UTC) + timedelta(hours=value)


def flights(departures: Sequence[tuple[int, str]]) -> pl.DataFrame:
    drawn = [(i, hour(at), origin, float(at), "N1") for i, (at, origin) in enumerate(departures)]
    return partitioned(pl.DataFrame(drawn, schema=["flight_id", "departure", "origin", "distance", "tail"], orient="row"), "departure")


def weather(observations: Sequence[tuple[int, str]]) -> pl.DataFrame:
    drawn = [(origin, hour(at), float(at), at % 2 == 0, "x") for at, origin in dict.fromkeys(observations)]
    return partitioned(pl.DataFrame(drawn, schema=["origin", "at", "wind", "calm", "unused"], orient="row"), "at")


def partitioned(frame: pl.DataFrame, event_time: str) -> pl.DataFrame:
    cut = Partitions.model_validate(CUT)
    return frame.with_columns(
        pl.col(event_time).cast(UTC_TIME), pl.Series(PARTITION, [cut.key_of(moment) for moment in frame[event_time]], pl.String)
    )


def filled(root: str | Path, given_flights: pl.DataFrame, given_weather: pl.DataFrame) -> Lake:
    lake = Lake(root)
    lake.write("features/flights", given_flights, partitions=DAYS)
    lake.write("features/weather", given_weather, partitions=DAYS)
    return lake


ONE_A_DAY = [(24 * day + 12, "JFK") for day in range(len(DAYS))]


def test_rows_have_entity_time_features_and_partition_in_order_of_time(tmp_path: Path) -> None:
    declared = catalog(known_after="1h")
    lake = filled(tmp_path, flights([(40, "JFK"), (14, "LGA"), (13, "JFK"), (13, "EWR")]), weather([*ONE_A_DAY, (13, "LGA")]))
    frame = feature_frame(lake, declared, declared.models["delay"], DAYS[:2])
    assert frame.columns == ["flight_id", "departure", "distance", "origin", "wind", "calm", PARTITION]
    assert frame.select("flight_id", "distance", "wind", "calm", PARTITION).rows() == [
        (2, 13.0, 12.0, True, "2013-01-01"),
        (3, 13.0, None, None, "2013-01-01"),
        (1, 14.0, 13.0, False, "2013-01-01"),
        (0, 40.0, 36.0, True, "2013-01-02"),
    ]
    assert frame.schema["departure"] == UTC_TIME


moments = st.lists(st.tuples(st.integers(0, 24 * len(DAYS) - 1), st.sampled_from(["JFK", "LGA"])), max_size=20)
spans = st.sampled_from(["1h", "5h", "1d", "30h", "3d"])


@settings(max_examples=40, deadline=None)
@given(
    departures=moments,
    observations=moments,
    max_age=st.none() | spans,
    known_after=spans | st.just("0s"),
    asked=st.sets(st.sampled_from(DAYS), min_size=1),
)
def test_reading_only_some_partitions_finds_what_a_join_of_the_whole_tables_finds(
    departures: list[tuple[int, str]], observations: list[tuple[int, str]], max_age: str | None, known_after: str, asked: set[str]
) -> None:
    declared = catalog(max_age=max_age, known_after=known_after)
    model = declared.models["delay"]
    all_flights, all_weather = flights([*ONE_A_DAY, *departures]), weather([*ONE_A_DAY, *observations])
    with TemporaryDirectory() as root:
        frame = feature_frame(filled(root, all_flights, all_weather), declared, model, sorted(asked))
    spine = all_flights.filter(pl.col(PARTITION).is_in(asked)).sort("departure", "flight_id")
    age = model.features[1].max_age
    whole = as_of_join(spine, declared.tables["weather"], all_weather, ["wind", "calm"], event_time="departure", max_age=age)
    assert frame.equals(whole.select(frame.columns))


def test_partitions_that_cannot_matter_are_not_read(tmp_path: Path) -> None:
    declared = catalog(max_age="1d")
    lake = filled(tmp_path, flights(ONE_A_DAY), weather(ONE_A_DAY))
    for day in [*DAYS[:2], *DAYS[4:]]:
        shutil.rmtree(tmp_path / "features" / "weather" / f"_partition={day}")
    for day in [*DAYS[:3], *DAYS[4:]]:
        shutil.rmtree(tmp_path / "features" / "flights" / f"_partition={day}")
    assert feature_frame(lake, declared, declared.models["delay"], [DAYS[3]])["wind"].to_list() == [84.0]


def test_without_max_age_the_newest_row_may_be_as_old_as_the_table(tmp_path: Path) -> None:
    declared = catalog()
    lake = filled(tmp_path, flights([(24 * 5, "LGA")]), weather([(0, "LGA"), *ONE_A_DAY]))
    assert feature_frame(lake, declared, declared.models["delay"], [DAYS[5]])["wind"].to_list() == [0.0]


def test_versions_pin_what_is_read(tmp_path: Path) -> None:
    declared = catalog()
    lake = filled(tmp_path, flights(ONE_A_DAY), weather(ONE_A_DAY))
    versions = {name: lake.version(name) for name in ("features/flights", "features/weather")}
    pinned = feature_frame(lake, declared, declared.models["delay"], DAYS, versions)
    lake.write("features/weather", weather(ONE_A_DAY).with_columns(wind=pl.lit(-1.0)), partitions=DAYS)
    lake.write("features/flights", flights(ONE_A_DAY[:1]), partitions=DAYS)
    assert feature_frame(lake, declared, declared.models["delay"], DAYS, versions).equals(pinned)
    assert feature_frame(lake, declared, declared.models["delay"], DAYS[:1])["wind"].to_list() == [-1.0]


def test_a_partition_of_the_spine_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    declared = catalog()
    model = declared.models["delay"]
    with pytest.raises(NotReadyError, match=r"delay needs partition 2013-01-01 of feature table flights, .* Materialise features/flights"):
        feature_frame(Lake(tmp_path), declared, model, DAYS)
    lake = filled(tmp_path, flights(ONE_A_DAY[:2]), weather(ONE_A_DAY))
    version = lake.version("features/flights")
    lake.write("features/flights", flights(ONE_A_DAY), partitions=DAYS)
    with pytest.raises(NotReadyError, match=r"partition 2013-01-03 of feature table flights, .* at version \d+ .*4 missing, the last 2013-01-06"):
        feature_frame(lake, declared, model, DAYS, {"features/flights": version})


def test_a_joined_partition_that_covers_the_rows_and_is_not_there_is_an_error(tmp_path: Path) -> None:
    declared = catalog(max_age="3d")
    lake = filled(tmp_path, flights(ONE_A_DAY), weather(ONE_A_DAY[:2]))
    with pytest.raises(NotReadyError, match="needs partition 2013-01-03 of feature table weather"):
        feature_frame(lake, declared, declared.models["delay"], DAYS[1:3])
    assert feature_frame(lake, declared, declared.models["delay"], DAYS[1:2]).height == 1


def test_a_joined_partition_that_is_known_too_late_or_before_the_table_begins_is_not_asked_for(tmp_path: Path) -> None:
    late = catalog(known_after="1d")
    lake = filled(tmp_path, flights(ONE_A_DAY), weather(ONE_A_DAY[2:4]))
    assert feature_frame(lake, late, late.models["delay"], [DAYS[4]])["wind"].to_list() == [84.0]
    bounded = catalog(partitions=CUT | {"start": "2013-01-03", "end": "2013-01-05"})
    frame = feature_frame(lake, bounded, bounded.models["delay"], DAYS)
    assert frame["wind"].to_list() == [None, None, 60.0, 84.0, 84.0, 84.0]


def test_a_feature_may_be_a_key_of_its_join(tmp_path: Path) -> None:
    declared = catalog()
    chosen = [{"table": "flights", "columns": ["distance"]}, {"table": "weather", "columns": ["origin", "wind"]}]
    model = MLModel.model_validate(declared.models["delay"].model_dump() | {"features": chosen})
    lake = filled(tmp_path, flights([(13, "JFK"), (14, "LGA")]), weather(ONE_A_DAY))
    frame = feature_frame(lake, declared, model, DAYS[:1])
    assert frame.select(model.feature_columns).rows() == [(13.0, "JFK", 12.0), (14.0, "LGA", None)]


def test_no_partitions_give_no_rows(tmp_path: Path) -> None:
    declared = catalog(max_age="1d")
    lake = filled(tmp_path, flights(ONE_A_DAY), weather(ONE_A_DAY))
    frame = feature_frame(lake, declared, declared.models["delay"], [])
    assert (frame.height, frame.columns[-1]) == (0, PARTITION)


def test_the_kind_of_a_feature_follows_from_its_declared_type() -> None:
    declared = catalog()
    assert feature_kinds(declared, declared.models["delay"]) == {"distance": "numeric", "origin": "categorical", "wind": "numeric", "calm": "boolean"}


def two_times() -> Catalog:
    """Declare flights and weather whose rows say when they became known."""
    declared = catalog()
    tables = []
    for each in declared.tables.values():
        fields = each.model_dump()
        tables.append(FeatureTable.model_validate(fields | {"columns": fields["columns"] | {"heard": "timestamp"}, "known_time": "heard"}))
    return Catalog.of(tables, declared.models.values())


def heard(frame: pl.DataFrame, event_time: str, later: timedelta = timedelta(0)) -> pl.DataFrame:
    return frame.with_columns(heard=pl.col(event_time) + later)


def test_late_and_corrected_rows_change_nothing_of_what_was_known_then(tmp_path: Path) -> None:
    declared = two_times()
    on_time = (heard(flights(ONE_A_DAY), "departure"), heard(weather(ONE_A_DAY), "at"))
    before = feature_frame(filled(tmp_path / "before", *on_time), declared, declared.models["delay"], DAYS)
    assert before.height == len(DAYS)
    corrected = [
        pl.concat([frame, heard(frame.with_columns(pl.lit(-1.0).alias(value)), time, timedelta(days=9))])
        for frame, time, value in zip(on_time, ("departure", "at"), ("distance", "wind"), strict=True)
    ]
    late = heard(flights([(30, "JFK")]), "departure", timedelta(seconds=1)).with_columns(flight_id=pl.lit(99, pl.Int64))
    lake = filled(tmp_path / "after", pl.concat([corrected[0], late]), corrected[1])
    assert feature_frame(lake, declared, declared.models["delay"], DAYS).equals(before)


def test_a_correction_that_was_known_in_time_is_taken(tmp_path: Path) -> None:
    declared = two_times()
    given_weather = heard(weather(ONE_A_DAY), "at")
    lake = filled(
        tmp_path,
        heard(flights([(24 * 2 + 20, "JFK")]), "departure"),
        pl.concat([given_weather, heard(given_weather.with_columns(wind=pl.col("wind") + 0.5), "at", timedelta(hours=8))]),
    )
    assert feature_frame(lake, declared, declared.models["delay"], DAYS[2:3])["wind"].to_list() == [60.5]
