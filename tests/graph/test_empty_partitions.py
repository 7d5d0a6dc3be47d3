"""A day on which nothing happens, where the declaration lets that be: the days around it are scored and watched as ever."""

import shutil
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from tests.graph.world import MODEL, Replayed, World

BEFORE, EMPTY, AFTER = "2013-01-30", "2013-01-31", "2013-02-01"
WATCHED = ("labels", "scores", "inference_log", "profile", "drift_report", "performance")


@pytest.fixture
def quiet_day(history: Replayed, tmp_path: Path, blank: dg.DagsterInstance) -> World:
    """A replayed world whose rides of one day were taken back, scored again."""

    def may_be_empty(attributes: dict[str, Any]) -> None:
        attributes["may_be_empty"] = True

    shutil.copytree(history.world.root, tmp_path / "copy")
    made = World(tmp_path / "copy")
    for table in ("rides", "outcomes", "demand"):
        made.declare(table, may_be_empty)
    made.faults(absent=[EMPTY])
    with made.active():
        for verb in ("score", "labels"):
            run = made.run(blank, verb, [BEFORE, EMPTY, AFTER])
            assert run.success, [event.message for event in run.all_events if event.is_failure]
    return made


def test_its_neighbours_are_scored_and_watched_of_itself_nothing_is_left_and_a_run_of_it_alone_says_so(
    quiet_day: World, blank: dg.DagsterInstance
) -> None:
    with quiet_day.active():
        for table in ("features/rides", *(f"{MODEL}/{name}" for name in WATCHED if name not in {"labels", "inference_log"})):
            held = quiet_day.lake.partitions(table)
            assert {BEFORE, AFTER} <= set(held), table
            assert EMPTY not in held, table
        report = quiet_day.lake.read(f"{MODEL}/drift_report", partitions=[AFTER]).filter(pl.col("column") == "")
        assert report[PARTITION].to_list() == [AFTER] * 4
        run = quiet_day.run(blank, "score", [EMPTY])
        assert run.success
        built = [event for event in run.all_events if event.is_step_materialization and event.asset_key]
        told = {event.asset_key.path[-1]: event.materialization.metadata for event in built if event.asset_key}
        assert (told["scores"]["rows"].value, told["drift_report"]["rows"].value) == (0, 0)
