"""What goes wrong outside: MLflow does not answer, a run is killed; nothing is lost, and the next run heals."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import integrate
from mlworks_orchestration.graph.replay import failure
from tests.graph.world import MODEL, ROOT, Replayed, World, new_world


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def cut_off(history: Replayed, tmp_path: Path) -> World:
    """The replayed world's lake, and an MLflow that does not answer."""
    made = new_world(tmp_path / "world")
    shutil.copytree(history.world.home / "lake", made.home / "lake")
    shutil.copy(history.world.home / "mlflow.db", made.home / "mlflow.db")
    made.variables = {
        "MLWORKS_ENV": "production",
        "MLWORKS_LAKE": str(made.home / "lake"),
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{closed_port()}",
        "MLWORKS_ARTIFACTS": str(made.home / "artifacts"),
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    return made


def versions(world: World) -> dict[str, int]:
    tables = ("aliases", "verdicts", "scores", "drift_report", "labels")
    return {table: world.lake.version(f"{MODEL}/{table}") for table in tables}


@pytest.mark.parametrize(("verb", "partitions"), [("train", ()), ("score", ("2013-02-03",))])
def test_an_mlflow_that_does_not_answer_fails_the_run_and_changes_nothing_and_once_it_answers_the_next_run_heals(
    cut_off: World, blank: dg.DagsterInstance, verb: str, partitions: tuple[str, ...]
) -> None:
    with cut_off.active():
        before = versions(cut_off)
        result = cut_off.run(blank, verb, partitions)
        after = versions(cut_off)
    assert not result.success
    said = failure(result)
    assert cut_off.variables["MLFLOW_TRACKING_URI"] in said
    assert "MLflow" in said
    assert any("TrackingError" in str(event.event_specific_data) for event in result.all_events if event.is_failure)
    assert after == before
    cut_off.variables["MLFLOW_TRACKING_URI"] = f"sqlite:///{cut_off.home / 'mlflow.db'}"
    with cut_off.active():
        healed = cut_off.run(blank, verb, partitions)
        assert healed.success, failure(healed)
        table = {"train": "verdicts", "score": "scores"}[verb]
        assert cut_off.lake.version(f"{MODEL}/{table}") == before[table] + 1


def test_links_to_mlflow_are_left_out_where_nobody_opens_it(cut_off: World) -> None:
    with cut_off.active():
        environment = cut_off.project.environment
    assert (environment.mlflow_ui, environment.automation, environment.name) == ("", True, "production")


KILLED = """
import os, signal, sys
import dagster as dg
from deltalake.table import DeltaTable
from pathlib import Path
from tests.graph.world import World
import mlworks_orchestration.data.lake as lake_module

world = World(Path(sys.argv[1]))
write = lake_module.Lake.write

def killed(self, table, frame, **options):
    if table == "features/rides":
        # What a writer leaves that dies before its commit: the data's file, and no word of it in the log.
        folder = Path(world.home) / "lake" / "features" / "rides" / "_partition=2013-01-02"
        folder.mkdir(parents=True, exist_ok=True)
        frame.drop("_partition").write_parquet(folder / "part-00000-lost.parquet")
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, table, frame, **options)

lake_module.Lake.write = killed
with world.active(), dg.DagsterInstance.get() as instance:
    world.build(instance, ["raw/rides", "features/rides"], ["2013-01-02"])
"""


def test_a_run_killed_between_writing_and_committing_leaves_what_was_there_and_the_next_heals(world: World) -> None:
    first, second = "2013-01-01", "2013-01-02"
    with dg.DagsterInstance.get() as instance:
        assert world.build(instance, ["raw/rides", "features/rides"], [first]).success
        before = world.lake.read("features/rides")
        script = world.root / "killed.py"
        script.write_text(KILLED)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        killed = subprocess.run([sys.executable, str(script), str(world.root)], env=environment, capture_output=True, text=True, check=False)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert world.lake.read("features/rides").equals(before)
        assert world.lake.partitions("features/rides") == [first]
        [record, *_] = instance.get_run_records(limit=1)
        assert record.dagster_run.status is dg.DagsterRunStatus.STARTED
        assert world.build(instance, ["raw/rides", "features/rides"], [second]).success
    counts = world.lake.read("features/rides").group_by(PARTITION).len().sort(PARTITION)
    assert counts.rows() == [(first, 40), (second, 40)]


@pytest.fixture
def short(world: World) -> World:
    for table in ("rides", "outcomes", "demand"):
        world.declare(table, lambda attributes: attributes["partitions"].update(end="2013-01-04"))
    world.declare(MODEL, lambda attributes: attributes["partitions"].update(end="2013-01-04"))
    return world


UNTIL = datetime(2013, 1, 5, tzinfo=UTC)


def test_integration_of_tables_alone_builds_just_them_and_finds_the_error(short: World, blank: dg.DagsterInstance) -> None:
    short.faults(far=["2013-01-02"])
    reports = integrate(short.project, short.definitions(), blank, select='key:"features/rides"', until=UNTIL, report=lambda _: None)
    found = {report.check: report for report in reports}
    assert set(found) == {"quality", "blocking_quality"}
    quality = found["quality"]
    assert (quality.evaluations, quality.failed, quality.severity, quality.is_error) == (3, 3, "ERROR", True)
    assert quality.description.startswith("2013-01-02: between(distance")
    blocking = found["blocking_quality"]
    assert (blocking.failed, blocking.severity, blocking.is_error) == (0, "", False)
    assert short.lake.partitions("features/rides") == ["2013-01-01", "2013-01-02", "2013-01-03"]
    assert not short.lake.exists("features/outcomes")


def test_integration_of_a_table_that_blocks_says_why_it_could_not_be_built(short: World, blank: dg.DagsterInstance) -> None:
    short.faults(negative=["2013-01-02"])
    with pytest.raises(MLWorksError, match=r"features/rides could not be built: .*partition 2013-01-02: blocking expectation failed"):
        integrate(short.project, short.definitions(), blank, select='key:"features/*"', until=UNTIL, report=lambda _: None)


def test_integration_reports_a_check_that_nothing_evaluated(short: World, blank: dg.DagsterInstance) -> None:
    reports = integrate(
        short.project, short.definitions(), blank, select='key:"features/rides"', until=datetime(2013, 1, 1, tzinfo=UTC), report=lambda _: None
    )
    assert {(report.evaluations, report.description) for report in reports} == {(0, "never evaluated")}
    assert isinstance(reports, list)
    assert pl.DataFrame(reports).height == 2
