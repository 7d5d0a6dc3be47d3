"""The approval sensor: first what it asks for, then a tick in a deployment."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.graph.approval_sensor import approval_answer
from mlworks_orchestration.graph.names import RUN_TRIGGER, RUN_VERSION
from mlworks_orchestration.spec import MLModel, TimeWindow
from mlworks_orchestration.training import Mandate, Verdict, give_word, holder, moves, roll_back
from mlworks_orchestration.training.verdict import store_verdict
from tests.graph.world import MODEL, World
from tests.training.passing import let_pass

NOON = datetime(2013, 2, 1, 12, tzinfo=UTC)
SENSOR = f"{MODEL}_approval_sensor"


def manual(attributes: dict[str, Any]) -> None:
    attributes |= {"gate": {"mode": "manual"}, "model_tests": []}


@pytest.fixture
def model(world: World) -> MLModel:
    return world.model


@pytest.fixture
def waiting(world: World) -> World:
    """Version 1 serves, version 2 was judged better and waits."""
    world.declare(MODEL, manual)
    registry, lake = world.registry, world.lake
    registry.client.create_registered_model(MODEL)
    for _ in range(2):
        registry.client.create_model_version(MODEL, str(world.root))
    registry.promote(MODEL, 1, why="the first")
    numbers = dict.fromkeys(("challenger_value", "champion_value", "gain", "gain_low", "gain_high"), 1.0)
    verdict = Verdict(
        MODEL, 2, 1, promoted=False, metric="mae", **numbers, rows=9, holdout=TimeWindow(NOON, NOON), reason="Favourable.", decided_at=NOON,
        favourable=True, mode="manual",
    )  # fmt: skip
    store_verdict(lake, verdict)
    let_pass(lake, MODEL, 2)
    return world


def tick(world: World, instance: dg.DagsterInstance, cursor: str | None = None) -> dg.SensorResult:
    with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
        result = world.definitions().resolve_sensor_def(SENSOR)(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_an_approved_version_is_asked_for_by_the_hour_until_it_serves(model: MLModel) -> None:
    result = approval_answer(model, (Mandate(2, NOON, "Better.", "anna"), 3), "7", "5", NOON)
    (request,) = result.run_requests or []
    assert request.run_key == f"{MODEL}:approved:2:3@2013-02-01T12"
    assert request.asset_selection == [dg.AssetKey([MODEL, "champion"])]
    assert (request.tags[RUN_VERSION], request.tags[RUN_TRIGGER]) == ("2", "version 2 was approved by anna")
    assert result.cursor == "5", "it looks again until nothing is left to be done"


def test_when_nothing_is_approved_it_skips_and_looks_again_only_when_somebody_speaks(model: MLModel) -> None:
    result = approval_answer(model, None, "7", "5", NOON)
    assert not result.run_requests
    assert "No version of ride_time has the approvals" in str(result.skip_reason)
    assert result.cursor == "7"


def test_a_model_whose_gate_decides_by_itself_has_no_such_sensor(world: World) -> None:
    assert SENSOR not in {sensor.name for sensor in world.definitions().sensors or ()}


def test_an_approved_version_serves_after_the_run_that_the_sensor_asks_for(waiting: World) -> None:
    with dg.DagsterInstance.get() as instance:
        assert not tick(waiting, instance).run_requests
        give_word(waiting.lake, waiting.model, waiting.registry, 2, "approve", by="anna", why="better")
        result = tick(waiting, instance)
        (request,) = result.run_requests or []
        assert tick(waiting, instance, result.cursor).run_requests == [request] or datetime.now(UTC).minute == 0
        job = waiting.definitions().resolve_job_def(f"{MODEL}_train")
        done = job.execute_in_process(instance=instance, tags=request.tags, asset_selection=list(request.asset_selection or []))
        assert done.success
        (champion,) = done.asset_materializations_for_node(f"{MODEL}__champion")
        assert (champion.metadata["promoted"].value, champion.metadata["version"].value, champion.metadata["gate_mode"].value) == (True, 2, "manual")
        assert waiting.registry.aliases(MODEL) == {"champion": 2, "previous": 1}
        after = tick(waiting, instance, result.cursor)
        assert not after.run_requests
        assert "since the last look" in str(tick(waiting, instance, after.cursor).skip_reason)
        roll_back(waiting.lake, waiting.model, waiting.registry, by="ben", why="no good")
        assert not tick(waiting, instance).run_requests


def test_scoring_notices_an_alias_that_was_moved_by_hand(waiting: World) -> None:
    waiting.registry.client.set_registered_model_alias(MODEL, "champion", "2")
    with dg.DagsterInstance.ephemeral() as instance:
        waiting.build(instance, [f"{MODEL}/scores"], ["2013-01-02"])
    assert holder(waiting.lake, MODEL, "champion", datetime.now(UTC)) == 2
    assert moves(waiting.lake, MODEL).filter(pl.col("alias") == "champion")["moved_by"].to_list() == ["gate", "unknown"]
