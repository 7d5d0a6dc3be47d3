"""What a person asks for on a real home: a training, and that a version which waits may serve."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from click.testing import CliRunner

from mlworks_orchestration import clock, graph
from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.graph.names import RUN_KEY, RUN_PROCESS, RUN_TRIGGER
from mlworks_orchestration.graph.processes import this_process
from mlworks_orchestration.training import moves, served_at
from tests.e2e.pending import NEXT, UNTIL, copied
from tests.graph.world import MODEL, World

WHY = "a new zone is served"


def mlworks(*arguments: str) -> str:
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def world(pending: World, tmp_path: Path) -> World:
    return copied(pending, tmp_path / "world")


def test_a_training_that_a_person_asks_for_is_decided_run_judged_and_traced(world: World) -> None:
    with world.active(), clock.replaying(UNTIL):
        told = json.loads(mlworks("retrain", MODEL, "--by", "anna", "--why", WHY, "--json"))
        assert {name: told[name] for name in ("model", "run_key", "version", "champion_before", "promoted")} == {
            "model": MODEL,
            "run_key": f"{MODEL}:1:1",
            "version": 2,
            "champion_before": 1,
            "promoted": True,
        }
        assert told["reason"].startswith(f"anna asks for it: {WHY}.")
        (row,) = world.lake.read(f"{MODEL}/decisions").to_dicts()
        assert (row["action"], row["trigger"], row["run_key"], row["reason"]) == ("retrain", "person", told["run_key"], told["reason"])
        with dg.DagsterInstance.get() as instance:
            (run,) = instance.get_runs(dg.RunsFilter(tags={RUN_KEY: told["run_key"]}))
        assert (run.run_id, run.status, run.tags[RUN_TRIGGER]) == (told["run_id"], dg.DagsterRunStatus.SUCCESS, told["reason"])
        assert world.registry.version(MODEL, 2).tags["trigger"].startswith(f"anna asks for it: {WHY}")
        assert served_at(world.lake, MODEL, NEXT).version == 2


def test_a_training_that_is_under_way_is_waited_for(world: World) -> None:
    with world.active(), clock.replaying(UNTIL), dg.DagsterInstance.get() as instance:
        job = world.definitions().resolve_job_def(f"{MODEL}_train")
        instance.create_run_for_job(job, tags={RUN_PROCESS: this_process()}, status=dg.DagsterRunStatus.STARTED)
        result = CliRunner().invoke(cli, ["retrain", MODEL, "--why", WHY])
        assert result.exit_code != 0
        assert "is queued or under way; its verdict comes first" in f"{result.output}{result.exception}"
        assert not world.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain").height


def test_what_a_person_approves_takes_over_at_the_next_step_of_the_replay(world: World) -> None:
    def manual(declaration: dict[str, Any]) -> None:
        declaration["gate"] = {"mode": "manual"}

    told: list[str] = []
    world.declare(MODEL, manual)
    with world.active(), dg.DagsterInstance.get() as instance:
        graph.Replay(world.model, world.definitions(), instance, world.lake, UNTIL).run(lambda progress: told.append(progress.doing))
        assert served_at(world.lake, MODEL, NEXT).version == 1, "nobody has said anything yet"
        with clock.replaying(UNTIL):
            mlworks("approve", MODEL, "2", "--by", "ben", "--why", "errors are halved")
        assert served_at(world.lake, MODEL, NEXT).version == 1, "the word is acted on by the sensor"
        graph.Replay(world.model, world.definitions(), instance, world.lake, NEXT).run(lambda progress: told.append(progress.doing))
        assert "version 2 was approved by ben" in told
        assert served_at(world.lake, MODEL, NEXT).version == 2
        last = moves(world.lake, MODEL).filter(pl.col("alias") == "champion").row(-1, named=True)
        assert (last["version"], last["moved_by"]) == (2, "ben")
        assert "errors are halved" in last["why"]
        scored = world.lake.read(f"{MODEL}/scores", partitions=[f"{UNTIL:%Y-%m-%d}"])
        assert scored["model_version"].unique().to_list() == [2]
