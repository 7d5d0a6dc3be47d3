"""The feature dictionary: what is declared, who uses it, how fresh and how distributed it is."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import Catalog, Use
from mlworks_orchestration.views.dictionary import Entry, declared, feature_dictionary, search
from mlworks_orchestration.views.dictionary import dictionary as module
from mlworks_orchestration.views.dictionary.statistics import SHARES, statistics_of
from tests.graph.world import MODEL, World

SPAN = ("2013-01-01", "2013-01-02")


def named(entries: list[Entry]) -> dict[str, Entry]:
    return {f"{entry.table}.{entry.name}": entry for entry in entries}


@pytest.fixture
def catalog(world: World) -> Catalog:
    return world.project.catalog


def test_an_entry_says_all_that_is_declared_and_who_uses_it(catalog: Catalog) -> None:
    found = named(declared(catalog))
    distance = found["rides.distance"]
    assert (distance.type, distance.unit, distance.description) == ("float", "miles", "Length of the route")
    assert (distance.owner, distance.source) == ("team:data-engineering", "assets.rides.source:load")
    assert distance.used_by == (Use(MODEL, "feature"),)
    assert found["outcomes.minutes"].used_by == (Use(MODEL, "label"),)
    assert found["rides.ride_id"].used_by == (Use(MODEL, "key"),)
    assert found["rides.zone"].used_by == (Use(MODEL, "feature"),)
    assert found["demand.zone"].used_by == (Use(MODEL, "key"),)
    assert found["demand.demand"].source == "rides by assets.demand.transform:count"


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("DISTANCE", {"rides.distance"}),
        ("length of", {"rides.distance"}),
        ("miles", {"rides.distance"}),
        ("demand zone", {"demand.zone"}),
        ("outcomes minutes", {"outcomes.minutes"}),
    ],
)
def test_a_search_looks_into_names_descriptions_units_and_tables(catalog: Catalog, term: str, expected: set[str]) -> None:
    assert set(named(search(catalog, term))) == expected


def test_a_search_finds_what_a_model_or_an_owner_has(catalog: Catalog) -> None:
    assert set(named(search(catalog, MODEL))) == {name for name, entry in named(declared(catalog)).items() if entry.used_by}
    assert len(search(catalog, "team:data-engineering")) == len(declared(catalog))


def test_a_search_that_finds_nothing_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(DeclarationError, match=r"No feature has 'distanse' .*did you mean 'distance'\?"):
        search(catalog, "distanse")


def test_before_the_first_partition_there_is_neither_freshness_nor_statistics(world: World, catalog: Catalog) -> None:
    assert all(entry.freshness is None and entry.statistics is None for entry in feature_dictionary(world.lake, catalog))


def write(lake: Lake, days: int) -> list[str]:
    keys = [f"2013-01-{day + 1:02}" for day in range(days)]
    at = [datetime(2013, 1, day + 1, 12, tzinfo=UTC) for day in range(days) for _ in range(10)]
    frame = pl.DataFrame({"ride_id": [str(i) for i in range(len(at))], "starts_at": pl.Series(at, dtype=pl.Datetime("us", "UTC"))})
    values = {"zone": pl.lit("A"), "distance": pl.when(pl.int_range(pl.len()) % 10 > 0).then(pl.int_range(pl.len()) // 10 + 0.5)}
    lake.write("features/rides", frame.with_columns(**values, **{PARTITION: pl.col("starts_at").dt.strftime("%Y-%m-%d")}), partitions=keys)
    return keys


def test_freshness_and_statistics_are_of_the_newest_partitions(world: World, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    write(world.lake, 5)
    monkeypatch.setattr(module, "ENOUGH_ROWS", 15)
    entry = named(feature_dictionary(world.lake, catalog))["rides.distance"]
    assert entry.freshness is not None
    assert (entry.freshness.partition, entry.freshness.rows) == ("2013-01-05", 50)
    assert entry.freshness.event_time == datetime(2013, 1, 5, 12, tzinfo=UTC)
    found = entry.statistics
    assert found is not None
    assert found.partitions == ("2013-01-04", "2013-01-05")
    assert (found.rows, found.missing, found.distinct, found.mean) == (20, 2, 2, 4.0)
    assert (found.minimum, found.maximum, found.quantiles["0.5"]) == (3.5, 4.5, 3.5)
    assert found.top == ((3.5, 9), (4.5, 9))


def test_a_column_that_the_lake_does_not_hold_yet_has_no_statistics(world: World, catalog: Catalog) -> None:
    write(world.lake, 1)
    world.declare("rides", lambda attributes: attributes["columns"].update(colour="string"))
    entry = named(feature_dictionary(world.lake, world.project.catalog))["rides.colour"]
    assert entry.statistics is None
    assert entry.freshness is not None
    assert "colour" not in catalog.tables["rides"].columns


values = st.one_of(
    st.lists(st.none() | st.floats(), max_size=30).map(lambda drawn: pl.Series(drawn, dtype=pl.Float64)),
    st.lists(st.none() | st.integers(-5, 5), max_size=30).map(lambda drawn: pl.Series(drawn, dtype=pl.Int64)),
    st.lists(st.none() | st.sampled_from("abc"), max_size=30).map(lambda drawn: pl.Series(drawn, dtype=pl.String)),
    st.lists(st.none() | st.booleans(), max_size=30).map(lambda drawn: pl.Series(drawn, dtype=pl.Boolean)),
    st.lists(st.none() | st.integers(0, 99), max_size=30).map(
        lambda drawn: pl.Series(
            [None if n is None else datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in drawn], dtype=pl.Datetime("us", "UTC")
        )
    ),
)


@settings(max_examples=200, deadline=None)
@given(column=values)
def test_statistics_are_those_of_plain_counting_and_json_can_hold_them(column: pl.Series) -> None:
    found = statistics_of(column, SPAN)
    present = [value for value in column.to_list() if value is not None and value == value]  # noqa: PLR0124 - NaN differs from itself
    assert (found.rows, found.missing, found.distinct) == (len(column), len(column) - len(present), len(set(present)))
    assert sum(rows for _, rows in found.top) <= len(present)
    json.dumps(found.quantiles | {"top": found.top, "least": found.minimum}, allow_nan=False)
    if found.quantiles:
        ordered: list[Any] = sorted(present)
        plain = [ordered[-(-round(share * 100) * len(ordered) // 100) - 1] for share in SHARES]
        shown = [
            value.isoformat() if isinstance(value, datetime) else str(value) if value in {float("inf"), -float("inf")} else value for value in plain
        ]
        assert list(found.quantiles.values()) == shown


def test_features_tells_people_and_programs(replayed: World) -> None:
    assert replayed.root
    listed = CliRunner().invoke(cli, ["features"])
    assert listed.exit_code == 0, listed.output
    assert "ride_time (label)" in listed.output
    full = CliRunner().invoke(cli, ["features", "length", "route"])
    for part in ("rides.distance", "float, in miles", "assets.rides.source:load", MODEL, "partition 2013-02-04", "quantiles", "most often"):
        assert part in full.output
    [told] = json.loads(CliRunner().invoke(cli, ["features", "distance", "--json"]).stdout)
    assert told["used_by"] == [{"model": MODEL, "role": "feature"}]
    assert told["statistics"]["rows"] == 1400
    assert told["freshness"]["partition"] == "2013-02-04"


def test_the_asset_catalogue_has_units_users_and_where_columns_of_the_training_set_come_from(replayed: World, instance: dg.DagsterInstance) -> None:
    specs = {spec.key.to_user_string(): spec for spec in replayed.definitions().resolve_all_asset_specs()}
    schema = specs["features/rides"].metadata["dagster/column_schema"]
    tags = {column.name: column.tags for column in schema.columns}
    assert tags["distance"] == {"unit": "miles", "used_by": MODEL}
    assert tags["ride_id"] == {"used_by": f"{MODEL} (key)"}
    assert specs["features/rides"].metadata["used_by"] == MODEL
    assert [column.name for column in specs[f"{MODEL}/training_set"].metadata["dagster/column_schema"].columns][-1] == "label"
    event = instance.get_latest_materialization_event(dg.AssetKey([MODEL, "training_set"]))
    assert event is not None
    assert event.asset_materialization is not None
    lineage: Any = event.asset_materialization.metadata["dagster/column_lineage"].value
    origin = {name: (dep.asset_key.to_user_string(), dep.column_name) for name, [dep] in lineage.deps_by_column.items()}
    assert origin["demand"] == ("features/demand", "demand")
    assert origin["label"] == ("features/outcomes", "minutes")
    assert origin["ride_id"] == ("features/rides", "ride_id")


def test_the_dictionary_of_one_table_reads_no_other(world: World, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    original: Callable[..., bool] = Lake.exists
    monkeypatch.setattr(Lake, "exists", lambda lake, table: read.append(table) or original(lake, table))
    assert tmp_path
    feature_dictionary(world.lake, catalog, search(catalog, "demand zone"))
    assert read == ["features/demand"]
