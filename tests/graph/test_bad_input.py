"""What a source may give that does not fit: the run fails by name and with a remedy, lake and aliases stay as they were, and the next run heals."""

import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.graph.replay import failure
from tests.graph.world import MODEL, Replayed, World

DAY, NEXT = "2013-01-30", "2013-01-31"
RIDES = ("raw/rides", "features/rides")
SOURCE, RAW = "Feature table rides: source assets.rides.source:load, asked for partition", "Feature table rides: raw/rides, read for partition"
REFUSED = {
    "no rows": (f"{SOURCE} {{day}}, gave no rows for partition {{day}}.", "Check that the data for it have arrived"),
    "no zone": (f"{SOURCE} {{day}}, gave no column 'zone'", "Rename it there, or correct the declaration"),
    "distance renamed": (f"{SOURCE} {{day}}, gave no column 'distance', which rides declares; did you mean 'distence'?", "Rename it there"),
    "zone all null": (f"{RAW} {{day}}, gave nulls in column 'zone'", "in every one of the 40 rows of partition {day}. Drop or repair these rows"),
    "a ride twice": (
        f"{RAW} {{day}}, gave 2 rows that share their ride_id and starts_at",
        "in partition {day}: ride_id {day}-0",
        "Keep one row of each",
    ),
    "rides of another day": (f"{SOURCE} {{day}}, gave 40 rows of other partitions", "Return only rows whose event time lies in the window"),
}
"""What is wrong with the rides, and what the error says of it."""

RETYPED = "Lake table raw/rides: column 'distance' is Float64 in the table but String in the rows to write of partition {day}. Give the rows"
MISTYPED = f"{RAW} {{day}}, gave column 'distance' as String, and its values (for example 'far') cannot all be held as the declared float. Cast it"
NO_LABEL = "Model ride_time: label 'minutes' of feature table outcomes is {shown} in 40 rows"


def said_of(result: dg.ExecuteInProcessResult, day: str, parts: tuple[str, ...]) -> None:
    assert not result.success
    for part in parts:
        assert part.replace("{day}", day) in failure(result)


def kept(world: World) -> tuple[dict[str, int], dict[str, int]]:
    """Return what must not change: the versions of all tables but those that keep what came and what was found of it, and the aliases."""
    tables = [table for table in world.lake.tables() if table.startswith(("features/rides", f"{MODEL}/"))]
    return {table: world.lake.version(table) for table in tables}, world.registry.aliases(MODEL)


@pytest.fixture
def serving(history: Replayed, tmp_path: Path) -> World:
    """A copy of the replayed world, to be spoilt."""
    shutil.copytree(history.world.root, tmp_path / "copy")
    return World(tmp_path / "copy")


@pytest.mark.parametrize("fault", [*REFUSED, "distance in words"])
def test_rides_that_do_not_fit_leave_lake_and_aliases_and_the_next_run_heals(serving: World, blank: dg.DagsterInstance, fault: str) -> None:
    with serving.active():
        before = kept(serving)
        serving.faults(rides=fault)
        said_of(serving.run(blank, "score", [DAY]), DAY, REFUSED.get(fault, (RETYPED,)))
        assert kept(serving) == before
        assert before[1]["champion"] == 3
        serving.faults()
        assert serving.run(blank, "score", [DAY]).success
        assert set(serving.lake.read("features/rides", partitions=[DAY])["ride_id"]) == {f"{DAY}-{number}" for number in range(40)}


@pytest.mark.parametrize("fault", [*REFUSED, "distance in words"])
def test_a_table_that_begins_with_them_heals_too(world: World, blank: dg.DagsterInstance, fault: str) -> None:
    world.faults(rides=fault)
    said_of(world.build(blank, RIDES, [DAY]), DAY, REFUSED.get(fault, (MISTYPED,)))
    assert not world.lake.exists("features/rides")
    world.faults()
    assert world.build(blank, RIDES, [DAY]).success
    assert world.build(blank, RIDES, [NEXT]).success
    assert world.lake.read("features/rides").null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize(("fault", "shown"), [("minutes NaN", "NaN or infinite"), ("minutes infinite", "NaN or infinite")])
def test_labels_that_are_no_numbers_leave_lake_and_aliases_and_the_next_run_heals(
    serving: World, blank: dg.DagsterInstance, fault: str, shown: str
) -> None:
    with serving.active():
        before = kept(serving)
        serving.faults(outcomes=fault)
        said_of(serving.run(blank, "labels", [DAY]), DAY, (NO_LABEL.format(shown=shown), DAY))
        assert kept(serving) == before
        serving.faults()
        assert serving.run(blank, "labels", [DAY]).success
        assert serving.lake.read(f"{MODEL}/labels", partitions=[DAY])["label"].is_finite().all()


def test_a_column_that_a_transform_may_read_cannot_go_missing_unnoticed(world: World, blank: dg.DagsterInstance) -> None:
    world.declare("rides", lambda attributes: attributes.update(transform="assets.rides.source:as_given"))
    assert world.build(blank, RIDES, [DAY]).success
    world.faults(rides="distance renamed")
    parts = (f"{SOURCE} {{day}}, gave no column 'distance', which it gave before", "did you mean 'distence'?", "Rename it in the source")
    said_of(world.build(blank, RIDES, [NEXT]), NEXT, parts)
    assert world.lake.partitions("raw/rides") == [DAY]
    world.faults()
    assert world.build(blank, RIDES, [NEXT]).success


def test_a_category_that_the_champion_has_never_seen_is_scored_and_alarms(serving: World, blank: dg.DagsterInstance) -> None:
    with serving.active():
        serving.faults(rides="a new zone")
        result = serving.run(blank, "score", [DAY])
        assert result.success
        assert serving.lake.read(f"{MODEL}/scores", partitions=[DAY])["prediction"].is_finite().all()
        report = serving.lake.read(f"{MODEL}/drift_report", partitions=[DAY])
        assert report.filter((pl.col("column") == "zone") & pl.col("drifted"))[PARTITION].to_list()
