"""Feature tables in Dagster: ranges, checks that block or only report, and partitions that are refused."""

import json
from datetime import UTC, datetime

import dagster as dg
import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.data.online import look_up, open_store
from mlworks_orchestration.data.online.plan import part_of
from mlworks_orchestration.graph.replay import failure
from tests.graph.world import MODEL, World

RIDES = ("raw/rides", "features/rides")
FIRST, SECOND, THIRD = "2013-01-01", "2013-01-02", "2013-01-03"
DAYS = (FIRST, SECOND, THIRD)


def checks(result: dg.ExecuteInProcessResult, name: str) -> dict[str | None, dg.AssetCheckEvaluation]:
    rides = dg.AssetCheckKey(dg.AssetKey(["features", "rides"]), name)
    found = [item for item in result.get_asset_check_evaluations() if item.asset_check_key == rides]
    assert len({item.partition for item in found}) == len(found), "one evaluation a partition"
    return {item.partition: item for item in found}


def materialized(result: dg.ExecuteInProcessResult, asset: str) -> dict[str | None, dg.AssetMaterialization]:
    events = [event.materialization for event in result.all_events if event.is_step_materialization]
    return {item.partition: item for item in events if item.asset_key.to_user_string() == asset}


def test_a_range_is_one_run_that_stamps_partitions_on_results_and_checks(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, RIDES, DAYS)
    assert result.success
    assert blank.get_runs_count() == 1
    quality = checks(result, "quality")
    assert set(quality) == set(DAYS)
    found = materialized(result, "features/rides")
    assert set(found) == set(DAYS)
    assert {found[day].metadata["dagster/partition_row_count"].value for day in DAYS} == {40}
    assert world.lake.partitions("features/rides") == list(DAYS)
    assert blank.get_materialized_partitions(dg.AssetKey(["features", "rides"])) == set(DAYS)


def test_one_commit_writes_the_whole_range(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, RIDES, DAYS)
    [commit] = [commit for commit in world.lake.history("features/rides") if "dagster_run" in commit]
    assert commit["dagster_run"] == result.run_id
    assert materialized(result, "features/rides")[FIRST].metadata["delta_version"].value == commit["version"]


def test_a_warning_is_a_failed_check_that_stops_nothing(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, RIDES, [FIRST])
    assert result.success
    check = checks(result, "quality")[FIRST]
    assert not check.passed
    assert check.severity is dg.AssetCheckSeverity.WARN
    assert not check.blocking
    assert "row_count" in (check.description or "")
    blocking = checks(result, "blocking_quality")[FIRST]
    assert blocking.passed
    assert blocking.blocking
    assert blocking.description == "All 1 expectations hold."


def test_an_error_that_does_not_block_is_written_and_reported_with_count_and_samples(world: World, blank: dg.DagsterInstance) -> None:
    world.faults(far=[SECOND])
    result = world.build(blank, RIDES, DAYS)
    assert result.success
    check = checks(result, "quality")[SECOND]
    assert check.severity is dg.AssetCheckSeverity.ERROR
    assert checks(result, "quality")[FIRST].severity is dg.AssetCheckSeverity.WARN
    assert "between(distance" in (check.description or "")
    assert "40 of 40 rows" in (check.description or "")
    samples = check.metadata["samples"].value
    assert isinstance(samples, dict)
    [rows] = [found for expectation, found in samples.items() if expectation.startswith("between")]
    assert rows
    assert SECOND in world.lake.partitions("features/rides")


def test_a_partition_that_fails_a_blocking_expectation_is_refused_and_the_good_ones_are_kept(world: World, blank: dg.DagsterInstance) -> None:
    world.faults(negative=[SECOND])
    result = world.build(blank, [*RIDES, "features/demand"], DAYS)
    assert not result.success
    assert world.lake.partitions("features/rides") == [FIRST, THIRD]
    assert set(materialized(result, "features/rides")) == {FIRST, THIRD}
    check = checks(result, "blocking_quality")[SECOND]
    assert not check.passed
    assert check.blocking
    assert check.metadata["unexpected_count"].value == 40
    said = failure(result)
    for part in ("features/rides", f"partition {SECOND}", "between(distance, min=0)", "40 of 40 rows", "materialise the partition again"):
        assert part in said
    assert FIRST not in said


def test_nothing_downstream_of_a_refused_partition_runs(world: World, blank: dg.DagsterInstance) -> None:
    world.faults(negative=[SECOND])
    result = world.build(blank, [*RIDES, "features/demand"], DAYS)
    assert {event.step_key for event in result.all_events if event.is_step_start} == {"raw__rides", "features__rides"}
    assert not world.lake.exists("features/demand")


def test_the_next_run_heals_a_refused_partition(world: World, blank: dg.DagsterInstance) -> None:
    world.faults(negative=[SECOND])
    world.build(blank, RIDES, DAYS)
    world.faults()
    result = world.build(blank, [*RIDES, "features/demand"], [SECOND])
    assert result.success
    assert world.lake.partitions("features/rides") == list(DAYS)
    assert world.lake.partitions("features/demand") == [SECOND]
    assert checks(result, "blocking_quality")[SECOND].passed


def test_a_refused_partition_keeps_what_the_table_had(world: World, blank: dg.DagsterInstance) -> None:
    world.build(blank, RIDES, [SECOND])
    before = world.lake.read("features/rides")
    version = world.lake.version("features/rides")
    world.faults(negative=[SECOND])
    assert not world.build(blank, RIDES, [SECOND]).success
    assert world.lake.version("features/rides") == version
    assert world.lake.read("features/rides").equals(before)


def test_running_again_changes_no_row(world: World, blank: dg.DagsterInstance) -> None:
    world.build(blank, RIDES, DAYS)
    before = world.lake.read("features/rides").sort("ride_id")
    world.build(blank, RIDES, [SECOND, THIRD])
    assert world.lake.read("features/rides").sort("ride_id").equals(before)


def test_a_derived_table_is_made_of_its_inputs_in_the_lake(world: World, blank: dg.DagsterInstance) -> None:
    assert world.build(blank, [*RIDES, "features/demand"], [FIRST, SECOND]).success
    demand = world.lake.read("features/demand")
    assert demand.group_by(PARTITION).agg(pl.col("demand").sum()).sort(PARTITION)["demand"].to_list() == [40, 40]


def test_a_source_that_is_down_fails_the_run_in_our_words_and_leaves_the_lake(world: World, blank: dg.DagsterInstance) -> None:
    world.build(blank, RIDES, [FIRST])
    version = world.lake.version("raw/rides")
    world.faults(down_from=FIRST)
    result = world.build(blank, RIDES, [SECOND])
    assert not result.success
    said = failure(result)
    for part in ("raw__rides", "Feature table rides", "assets.rides.source:load", SECOND, "the rides' server is down"):
        assert part in said
    assert said.count("server is down") == 1
    assert world.lake.version("raw/rides") == version


def test_features_asked_for_before_their_raw_rows_say_so(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, ["features/rides"], [FIRST])
    assert not result.success
    assert "raw/rides" in failure(result)


def test_a_range_whose_raw_rows_are_there_in_part_is_refused_as_a_whole(world: World, blank: dg.DagsterInstance) -> None:
    world.build(blank, ["raw/rides"], [FIRST])
    result = world.build(blank, ["features/rides"], [FIRST, SECOND])
    assert f"raw/rides has no rows for partition {SECOND}; materialise raw/rides for it first." in failure(result)
    assert not world.lake.exists("features/rides")


def test_labels_asked_for_before_there_are_outcomes_name_table_and_partition(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, ["ride_time/labels"], [FIRST])
    assert "features/outcomes" in failure(result)
    world.build(blank, ["raw/outcomes", "features/outcomes"], [FIRST])
    result = world.build(blank, ["ride_time/labels"], [SECOND])
    assert "features/outcomes" in failure(result)
    assert SECOND in failure(result)
    assert not world.lake.exists("ride_time/labels")


def test_training_before_there_are_labels_says_what_to_materialise(world: World, blank: dg.DagsterInstance) -> None:
    result = world.build(blank, ["ride_time/training_set"], [])
    assert not result.success
    assert "ride_time" in failure(result)
    assert "materialise" in failure(result).lower()


def test_what_was_found_is_in_the_lake_for_refused_partitions_too_and_is_replaced_when_they_heal(world: World, blank: dg.DagsterInstance) -> None:
    world.faults(negative=[SECOND])
    result = world.build(blank, RIDES, DAYS)
    blocking = pl.col("blocking") & ~pl.col("passed")
    assert world.lake.partitions("quality/rides") == list(DAYS)
    failed = world.lake.read("quality/rides").filter(blocking)
    assert failed.select(PARTITION, "expectation", "unexpected_count", "rows").rows() == [(SECOND, "between(distance, min=0)", 40, 40)]
    [commit] = [commit for commit in world.lake.history("quality/rides") if "dagster_run" in commit]
    assert commit["dagster_run"] == result.run_id
    world.faults()
    world.build(blank, RIDES, [SECOND])
    assert world.lake.read("quality/rides").filter(blocking).is_empty()


def publishes(world: World) -> None:
    world.declare("demand", lambda attributes: attributes.update(online=True))


def test_an_online_table_is_published_after_its_features_in_the_same_job(world: World, blank: dg.DagsterInstance) -> None:
    publishes(world)
    result = world.build(blank, [*RIDES, "features/demand", "online/demand"], DAYS)
    assert result.success
    order = [event.step_key for event in result.all_events if event.is_step_success]
    assert order.index("features__demand") < order.index("online__demand")
    found = materialized(result, "online/demand")
    assert set(found) == set(DAYS)
    zones = sorted(world.lake.read("features/demand")["zone"].unique())
    assert found[FIRST].metadata["entities"].value == len(zones)
    store = open_store(world.project.environment.online)
    table = world.project.catalog.tables["demand"]
    looked = look_up(store, part_of(table), pl.DataFrame({"zone": zones}), [datetime(2013, 2, 1, tzinfo=UTC)] * len(zones))
    newest = world.lake.read("features/demand").sort("counted_at").unique("zone", keep="last").sort("zone")
    assert looked.rows["demand"].to_list() == newest["demand"].to_list()
    assert {"online/demand", "features/demand"} <= {
        key.to_user_string() for key in world.definitions().resolve_job_def(f"{MODEL}_score").asset_layer.executable_asset_keys
    }
    again = world.mlworks("publish", "demand", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["entities"] == len(zones)
    assert world.mlworks("publish", "demand").stdout.startswith(f"demand: {len(zones)} entities published to sqlite:///")
    assert "lacks `online: true`" in world.mlworks("publish", "rides").stderr


def test_a_store_that_cannot_be_reached_fails_the_step_and_no_other(world: World, blank: dg.DagsterInstance) -> None:
    publishes(world)
    with world.active(MLWORKS_ONLINE="redis://:s3cret@127.0.0.1:1/0"):
        result = world.build(blank, [*RIDES, "features/demand", "online/demand"], [FIRST])
    assert not result.success
    assert world.lake.partitions("features/demand") == [FIRST]
    said = failure(result)
    assert "The online store redis://:***@127.0.0.1:1/0 could not be used" in said
    assert "s3cret" not in str([event.event_specific_data for event in result.all_events])
