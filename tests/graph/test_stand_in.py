"""A replay of a model whose gate asks people: it stops where the first version waits, unless a stand-in approves."""

from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import Progress, Replay, integrate, stand_in
from mlworks_orchestration.training import approvals, give_word, moves, served_at
from tests.graph.world import MODEL, World

FIRST = datetime(2013, 1, 15, 5, tzinfo=UTC)
NEXT = datetime(2013, 1, 22, 5, tzinfo=UTC)


def two_people(attributes: dict[str, Any]) -> None:
    attributes["gate"] = {"mode": "manual", "approvals": 2}


def ignore(_: Progress) -> None:
    """Show nothing."""


@pytest.fixture
def asking(world: World) -> World:
    world.declare(MODEL, two_people)
    return world


def replay(world: World, *, approve: bool, until: datetime = NEXT) -> None:
    with dg.DagsterInstance.get() as instance:
        stands_in = stand_in(world.project, world.model) if approve else None
        Replay(world.model, world.definitions(), instance, world.lake, until, stands_in).run(ignore)


def test_the_first_version_stops_the_replay_until_people_have_approved_it(asking: World) -> None:
    with pytest.raises(MLWorksError, match=rf"Version 1 of {MODEL} waits for 2 approvals.*`mlworks approve {MODEL} 1 .*replay again.*--approve"):
        replay(asking, approve=False)
    with clock.replaying(FIRST):
        for person in ("anna", "ben"):
            give_word(asking.lake, asking.model, asking.registry, 1, "approve", by=person, why="better than a constant")
    replay(asking, approve=False)
    assert served_at(asking.lake, MODEL, NEXT).version == 1


def test_a_stand_in_approves_as_often_as_is_asked_and_signs_as_that(asking: World) -> None:
    replay(asking, approve=True)
    assert approvals(asking.lake, MODEL).select("version", "action", "by", "recorded_at").rows() == [
        (1, "approve", f"stand-in {number} of 2", NEXT) for number in (1, 2)
    ]
    champion = moves(asking.lake, MODEL).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (champion["version"], champion["held_from"]) == (1, NEXT)


def test_what_a_person_has_rejected_the_stand_in_leaves(asking: World) -> None:
    with pytest.raises(MLWorksError, match="waits for 2 approvals"):
        replay(asking, approve=False)
    give_word(asking.lake, asking.model, asking.registry, 1, "reject", by="anna", why="it has not seen winter")
    with pytest.raises(MLWorksError, match=rf"Version 1 of {MODEL} is held back by anna.*replay again: it goes on from here\.$"):
        replay(asking, approve=True)
    assert approvals(asking.lake, MODEL)["by"].to_list() == ["anna"]


def test_a_throw_away_place_needs_nobody(asking: World) -> None:
    with dg.DagsterInstance.get() as instance:
        reports = integrate(asking.project, asking.definitions(), instance, select=f"group:{MODEL}", report=ignore)
    assert {report.check for report in reports if report.evaluations} >= {"gate"}
