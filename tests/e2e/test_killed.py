"""A training is killed by SIGKILL at each step between the fit and the new champion; after that what would come in production comes.

At every moment the old or the new champion serves, what is recorded of it agrees with MLflow once anybody has looked, and the retraining that
was decided gives one new champion: by the very run key, or not again.
"""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration import clock, graph
from mlworks_orchestration.graph.names import RUN_KEY, RUN_NOW
from mlworks_orchestration.graph.retraining_sensor import RETRAINING_SENSOR
from mlworks_orchestration.retraining import read_history
from mlworks_orchestration.training import moves, served_at, verdicts
from tests.e2e.killing import Point, lives
from tests.e2e.pending import NEXT, UNTIL, copied
from tests.graph.world import MODEL, World

KEY = f"{MODEL}:1:1"
ALIAS = "MlflowClient.set_registered_model_alias"
TRAINING = [Point("Registry.register", "call"), Point("Registry.register", "return"), Point("store_verdict", "call")]
PROMOTION = [
    Point("store_verdict", "return"),
    Point(ALIAS, "return", {"alias": "previous"}),
    Point(ALIAS, "return", {"alias": "champion"}),
    Point("MlflowClient.delete_registered_model_alias", "return"),
    Point("record", "return", {"moved_by": "gate"}),
]
"""Each leaves another state; before a write it is as after the one before it."""


def go_on(root: Path) -> None:
    """Replay from where it was left."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance:
        graph.Replay(world.model, world.definitions(), instance, world.lake, UNTIL).run(lambda _: None)


def retrain(root: Path) -> None:
    """Let the sensor decide, and run what it asks for as Dagster does."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance, clock.replaying(UNTIL):
        [request] = tick(world, instance)
        world.run(instance, "train", **{**request.tags, RUN_KEY: f"{request.run_key}", RUN_NOW: UNTIL.isoformat()})


def judge_newest(root: Path) -> None:
    """Materialise `champion`, as a person does after a run that was killed."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance:
        assert world.build(instance, [f"{MODEL}/champion"], [], {RUN_NOW: UNTIL.isoformat()}).success


def score_next(root: Path) -> None:
    """Score the next day, as the schedule does whatever has become of a training."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance:
        assert world.run(instance, "score", [f"{UNTIL:%Y-%m-%d}"], **{RUN_NOW: NEXT.isoformat()}).success


def tick(world: World, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """Let the retraining sensor look, as if its cursor had been lost; return the runs that it asks for."""
    with dg.build_sensor_context(instance=instance) as context:
        result = world.definitions().resolve_sensor_def(RETRAINING_SENSOR)(context)
    assert isinstance(result, dg.SensorResult)
    return list(result.run_requests or [])


@pytest.fixture(scope="module")
def trained(pending: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The challenger is fitted, registered and tested; the process was killed before it stored a verdict."""
    world = copied(pending, tmp_path_factory.mktemp("trained") / "world")
    assert not lives(retrain, world.root, killed=TRAINING[-1])
    return world


def assert_old_or_new_serves(world: World) -> None:
    """Whatever was killed: one version serves, and it can be loaded."""
    champion = world.registry.champion(MODEL)
    assert champion
    assert champion.version in {1, 2}
    world.registry.load(MODEL, champion.version)


def assert_one_retraining(world: World, promoted: int) -> None:
    """One decision, one verdict for it, one promotion, and what is recorded agrees with MLflow."""
    asked = world.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain")
    assert asked["run_key"].to_list() == [KEY]
    judged = verdicts(world.lake, MODEL).filter(pl.col("champion") == 1)
    assert judged.select("challenger", "promoted").rows() == [(promoted, True)]
    champion = world.registry.champion(MODEL)
    assert champion
    assert champion.version == promoted
    assert world.registry.aliases(MODEL) == {"champion": promoted, "previous": 1}
    assert served_at(world.lake, MODEL, NEXT).version == promoted
    served = moves(world.lake, MODEL).filter(pl.col("alias") == "champion")
    assert served.select("version", "moved_by").rows() == [(1, "gate"), (promoted, "gate")]


@pytest.mark.parametrize(("point", "promoted"), [(TRAINING[0], 2), (TRAINING[1], 3), (TRAINING[2], 3)], ids=str)
def test_a_training_that_is_killed_is_begun_again_by_the_replay_with_the_same_run_key(
    pending: World, tmp_path: Path, point: Point, promoted: int
) -> None:
    world = copied(pending, tmp_path / "world")
    assert not lives(go_on, world.root, killed=point)
    with world.active():
        assert_old_or_new_serves(world)
        assert served_at(world.lake, MODEL, NEXT).version == 1
    assert lives(go_on, world.root)
    with world.active(), dg.DagsterInstance.get() as instance:
        assert_one_retraining(world, promoted)
        runs = instance.get_runs(dg.RunsFilter(tags={RUN_KEY: KEY}))
    assert [run.status for run in runs] == [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


@pytest.mark.parametrize("point", PROMOTION, ids=str)
def test_a_promotion_that_is_killed_is_completed_by_the_next_scoring_run_and_nothing_is_trained_again(
    trained: World, tmp_path: Path, point: Point
) -> None:
    world = copied(trained, tmp_path / "world")
    assert not lives(judge_newest, world.root, killed=point)
    with world.active():
        assert_old_or_new_serves(world)
    assert lives(score_next, world.root)
    with world.active():
        assert_one_retraining(world, promoted=2)
        assert world.lake.read(f"{MODEL}/scores", partitions=[f"{UNTIL:%Y-%m-%d}"])["model_version"].unique().to_list() == [2]
    with world.active(), dg.DagsterInstance.get() as instance, clock.replaying(NEXT):
        assert tick(world, instance) == []
        assert_one_retraining(world, promoted=2)
        assert {version.version for version in world.registry.versions(MODEL)} == {1, 2}


def test_a_training_killed_in_production_is_begun_again_by_the_next_look_and_the_ledger_says_why(trained: World, tmp_path: Path) -> None:
    world = copied(trained, tmp_path / "world")
    with world.active(), dg.DagsterInstance.get() as instance, clock.replaying(NEXT):
        [request] = tick(world, instance)
        assert request.run_key == f"{KEY}:retry-1"
        assert [again.run_key for again in tick(world, instance)] == [request.run_key], "asked for by the same key until it is launched"
        assert_old_or_new_serves(world)
        tags = {**request.tags, RUN_KEY: f"{request.run_key}", RUN_NOW: NEXT.isoformat()}
        assert world.run(instance, "train", **tags).success
        assert tick(world, instance) == []
        asked = world.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain").sort("decided_at")
        assert asked["run_key"].to_list() == [KEY, request.run_key]
        assert "no version of it was judged, for its run failed or was killed. It is tried again" in asked["reason"][1]
        assert asked["episode"].n_unique() == 1
        assert [attempt.run_key for attempt in read_history(world.lake, MODEL).attempts if attempt.run_key] == [KEY], "one retraining"
        assert world.registry.aliases(MODEL) == {"champion": 3, "previous": 1}


def test_a_person_can_have_the_version_of_a_killed_training_judged_before_it_is_tried_again(trained: World, tmp_path: Path) -> None:
    world = copied(trained, tmp_path / "world")
    assert lives(judge_newest, world.root)
    with world.active():
        assert_one_retraining(world, promoted=2)
