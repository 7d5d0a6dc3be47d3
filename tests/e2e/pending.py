"""A small deployment in which drift lasts and the retraining is due: everything before it was done by a replay, nothing of it yet."""

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from mlworks_orchestration import graph
from tests.graph.world import MODEL, World, new_world

UNTIL = datetime(2013, 1, 25, 5, tzinfo=UTC)
"""When the retraining is due."""

NEXT = UNTIL + timedelta(days=1)


class _DueError(Exception):
    """The next thing would be the retraining."""


def few_days(declaration: dict[str, Any]) -> None:
    """Let the history be as short as it may be: rides take longer from the 19th on, and the first look after that is on the 25th."""
    declaration["partitions"].update(start=date(2013, 1, 10), end=date(2013, 1, 26))


def little(declaration: dict[str, Any]) -> None:
    few_days(declaration)
    declaration["retraining"].update(window="8d", holdout="3d", min_new_rows=40)
    declaration["model_tests"] = []


def pending_world(root: Path) -> World:
    """Replay until the retraining sensor would ask for a retraining for the first time."""
    world = new_world(root)
    for table in ("rides", "outcomes", "demand"):
        world.declare(table, few_days)
    world.declare(MODEL, little)

    def stop(progress: graph.Progress) -> None:
        if progress.doing == "retraining sensor":
            raise _DueError

    with world.active(), dg.DagsterInstance.get() as instance:
        try:
            graph.Replay(world.model, world.definitions(), instance, world.lake, UNTIL).run(stop)
        except _DueError:
            return world
    message = "No retraining was looked for."
    raise AssertionError(message)


def copied(world: World, root: Path) -> World:
    """Return a copy of a world in a folder of its own."""
    shutil.copytree(world.root, root)
    return World(root)
