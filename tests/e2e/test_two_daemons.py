"""Two of Dagster's daemons on one home, which tick the same sensor every second and whose cursor is lost again and again: one retraining."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._core.scheduler.instigation import InstigatorTick, SensorInstigatorData

from mlworks_orchestration.graph.retraining_sensor import RETRAINING_SENSOR
from mlworks_orchestration.training import moves, verdicts
from tests.e2e.killing import at_once
from tests.e2e.pending import copied
from tests.graph.world import MODEL, World

KEY = f"{MODEL}:1:1"
TICKS = 10
EVERY_SECOND = '''"""The retraining sensor alone, every second."""

from mlworks_orchestration.graph import retraining_sensor
from mlworks_orchestration.project import Project

_project = Project.find()
all_models = retraining_sensor(list(_project.catalog.models.values()), _project.environment)
all_models._min_interval = 1
'''


def until(look: Callable[[], object], what: str, seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.2)


@pytest.fixture
def world(pending: World, tmp_path: Path) -> World:
    world = copied(pending, tmp_path / "world")
    for others in ("approvals", "labels"):
        (world.root / "sensors" / f"{others}.py").unlink()
    (world.root / "sensors" / "retraining.py").write_text(EVERY_SECOND)
    return world


@pytest.fixture
def daemons(world: World, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    program = str(Path(sys.executable).parent / "dagster-daemon")
    path = os.pathsep.join([str(world.root), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **world.environ, "PYTHONPATH": path}
    started = []
    for number in range(2):
        with (tmp_path / f"daemon-{number}.log").open("wb") as log:
            command = [program, "run", "-w", "workspace.yaml"]
            started.append(subprocess.Popen(command, cwd=world.root, env=environment, stdout=log, stderr=subprocess.STDOUT))
    yield started
    for process in started:
        process.send_signal(signal.SIGINT)
    for process in started:
        process.wait(60)


def test_two_daemons_and_ten_double_ticks_retrain_once(world: World, daemons: list[subprocess.Popen[bytes]]) -> None:
    with world.active(), dg.DagsterInstance.get() as instance:
        alive: set[str] = set()

        def both_are_alive() -> bool:
            assert [process.poll() for process in daemons] == [None, None]
            beat = instance.get_daemon_heartbeats().get("SENSOR")
            alive.update({beat.daemon_id} if beat else ())
            return len(alive) == len(daemons)

        until(both_are_alive, "a heartbeat of both daemons")
        assert world.program("dagster", "sensor", "start", RETRAINING_SENSOR, "-w", "workspace.yaml").returncode == 0
        until(lambda: len(ticks(instance)) >= 2 * TICKS and not lose_cursor(instance) and judged(world), "twenty ticks and a verdict")
        assert not [tick.error for tick in ticks(instance) if tick.error]
        assert_retrained_once(world, instance)


def lose_cursor(instance: dg.DagsterInstance) -> None:
    """Let the next tick look at everything afresh, as after a daemon that was killed before it stored its cursor."""
    for state in instance.all_instigator_state():
        data = state.instigator_data
        if isinstance(data, SensorInstigatorData) and data.cursor:
            lost = SensorInstigatorData(data.last_tick_timestamp, data.last_run_key, data.min_interval, None, data.last_tick_start_timestamp)
            instance.update_instigator_state(state.with_data(lost))


def ticks(instance: dg.DagsterInstance) -> list[InstigatorTick]:
    states = instance.all_instigator_state()
    lose_cursor(instance)
    return [tick for state in states for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)]


def judged(world: World) -> bool:
    return len(verdicts(world.lake, MODEL)) > 1


def assert_retrained_once(world: World, instance: dg.DagsterInstance) -> None:
    asked = world.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain")
    assert asked["run_key"].to_list() == [KEY]
    runs = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": KEY}))
    assert [run.status for run in runs].count(dg.DagsterRunStatus.SUCCESS) <= 1
    assert [run.status for run in runs if run.status is not dg.DagsterRunStatus.FAILURE] != []
    assert verdicts(world.lake, MODEL).select("challenger", "champion").rows() == [(1, None), (2, 1)]
    assert {version.version for version in world.registry.versions(MODEL)} == {1, 2}
    served = moves(world.lake, MODEL).filter(pl.col("alias") == "champion")
    assert served["version"].to_list() == [1, 2]


def tick_at_once(root: Path, both: Barrier) -> None:
    """Tick the sensor at the very moment at which another process does, and run what it asks for without asking whether it runs already."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance:
        definitions = world.definitions()
        both.wait()
        with dg.build_sensor_context(instance=instance) as context:
            result = definitions.resolve_sensor_def(RETRAINING_SENSOR)(context)
        assert isinstance(result, dg.SensorResult)
        for request in result.run_requests or []:
            train(world, instance, dict(request.tags), request.run_key or "")


def train_at_once(root: Path, both: Barrier) -> None:
    """Start the run that was asked for at the very moment at which another process does."""
    world = World(root)
    with world.active(), dg.DagsterInstance.get() as instance:
        world.definitions()
        both.wait()
        train(world, instance, {"mlworks/trigger": "drift"}, KEY)


def train(world: World, instance: dg.DagsterInstance, tags: dict[str, str], key: str) -> None:
    world.run(instance, "train", **{**tags, "dagster/run_key": key})


@pytest.mark.parametrize("act", [tick_at_once, train_at_once])
def test_two_processes_that_act_at_the_same_moment_retrain_once(pending: World, tmp_path: Path, act: Callable[..., None]) -> None:
    world = copied(pending, tmp_path / "world")
    at_once(act, world.root)
    with world.active(), dg.DagsterInstance.get() as instance:
        assert verdicts(world.lake, MODEL).select("challenger", "champion").rows() == [(1, None), (2, 1)]
        assert {version.version for version in world.registry.versions(MODEL)} == {1, 2}
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/run_key": KEY}))
        assert [run.status for run in runs].count(dg.DagsterRunStatus.SUCCESS) == 1
        if act is tick_at_once:
            assert_retrained_once(world, instance)
