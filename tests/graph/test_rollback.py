"""The job that goes back, as the retraining sensor asks for it, and a training by hand."""

import json
from datetime import UTC, datetime

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.graph.names import RUN_FROM, RUN_MODEL, RUN_NOW, RUN_TRIGGER, RUN_VERSION
from mlworks_orchestration.graph.retraining_sensor import RetrainingSensor
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import moves
from tests.graph.world import MODEL, World

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)


@pytest.fixture
def promoted(world: World) -> World:
    """Version 3 serves, version 2 did before."""
    registry = world.registry
    registry.client.create_registered_model(MODEL)
    for version in (1, 2, 3):
        registry.client.create_model_version(MODEL, str(world.root))
        registry.promote(MODEL, version, why="better", held_from=datetime(2013, 1, version, tzinfo=UTC))
    return world


def go_back(world: World, instance: dg.DagsterInstance, judged: int, to: int) -> dg.ExecuteInProcessResult:
    tags = {RUN_MODEL: MODEL, RUN_FROM: f"{judged}", RUN_VERSION: f"{to}", RUN_TRIGGER: "Version 3 did not help.", RUN_NOW: NOON.isoformat()}
    return world.definitions().resolve_job_def("rollback").execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def test_it_lets_the_version_before_serve_again_and_records_who_why_and_when(promoted: World, blank: dg.DagsterInstance) -> None:
    assert go_back(promoted, blank, 3, 2).success
    assert promoted.registry.aliases(MODEL) == {"champion": 2, "previous": 3}
    last = moves(promoted.lake, MODEL).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["version"], last["moved_by"], last["held_from"]) == (2, "breaker", NOON)
    assert last["why"] == "Rolled back from version 3: Version 3 did not help."


def test_what_happened_meanwhile_stands(promoted: World, blank: dg.DagsterInstance) -> None:
    promoted.registry.promote(MODEL, 1, why="a person was quicker", moved_by="anna")
    assert go_back(promoted, blank, 3, 2).success
    assert promoted.registry.aliases(MODEL)["champion"] == 1
    assert go_back(promoted, blank, 1, 2).success
    again = go_back(promoted, blank, 1, 2)
    assert again.success
    assert moves(promoted.lake, MODEL).filter(pl.col("alias") == "champion")["version"].to_list() == [1, 2, 3, 1, 2]


def test_a_rollback_that_was_killed_before_its_record_is_completed(promoted: World, blank: dg.DagsterInstance) -> None:
    promoted.registry.client.set_registered_model_alias(MODEL, "previous", "3")
    promoted.registry.client.set_registered_model_alias(MODEL, "champion", "2")
    assert go_back(promoted, blank, 3, 2).success
    champions = moves(promoted.lake, MODEL).filter(pl.col("alias") == "champion")
    assert (champions["version"][-1], champions["moved_by"][-1]) == (2, "breaker")


def test_a_version_that_was_deleted_fails_the_run_in_words_and_moves_nothing(promoted: World, blank: dg.DagsterInstance) -> None:
    promoted.registry.client.delete_model_version(MODEL, "2")
    result = go_back(promoted, blank, 3, 2)
    assert not result.success
    assert "version 2 was deleted in MLflow" in str([event.event_specific_data for event in result.all_events if event.is_failure])
    assert promoted.registry.aliases(MODEL)["champion"] == 3


def test_one_model_that_cannot_be_decided_about_keeps_no_other_waiting(world: World, blank: dg.DagsterInstance) -> None:
    sensor = world.definitions().resolve_sensor_def("retraining_sensor")
    assert isinstance(sensor, RetrainingSensor)
    other = MLModel.model_validate({**world.model.model_dump(), "name": "another"})
    for model in (MODEL, "another"):
        broken = {"_partition": ["2013-01-02"], "kind": ["feature"]} if model == MODEL else {"_partition": ["2013-01-02"], **REPORT}
        world.lake.write(f"{model}/drift_report", pl.DataFrame(broken), partitions=["2013-01-02"])
    with dg.build_sensor_context(instance=blank) as context:
        result = sensor.of([world.model, other])(context)
    assert isinstance(result, dg.SensorResult)
    assert result.skip_reason is not None
    assert str(result.skip_reason.skip_message).startswith("another: wait: another has no champion yet")
    assert set(json.loads(result.cursor or "")) == {"another"}
    with dg.build_sensor_context(instance=blank, cursor=result.cursor) as context, pytest.raises(Exception, match=f"{MODEL}: .*no column"):
        sensor.of([world.model, other])(context)


REPORT = {
    "kind": ["feature"],
    "column": [""],
    "drifted": [False],
    "reason": ["calm"],
    "reference_version": [1],
    "scored_versions": [[1]],
}
