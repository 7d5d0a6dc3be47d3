"""What happened to a model, in the order of time."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.training.aliases import record
from mlworks_orchestration.training.approvals import say
from mlworks_orchestration.views import Event, events
from tests.graph.world import MODEL, Replayed, World

LOOKED_BACK = pl.DataFrame(
    {
        "champion": 3,
        "previous": 1,
        "until": "2013-02-04",
        "metric": "mae",
        "blocks": 14,
        "rows": 1400,
        "look": 1,
        "champion_value": 2.5,
        "previous_value": 3.0,
        "gain": -0.5,
        "gain_low": -0.75,
        "gain_high": -0.25,
        "margin": 0.0,
        "reason": "",
        "compared_at": datetime(2013, 2, 5, tzinfo=UTC),
    }
)


@pytest.fixture
def lake(history: Replayed, tmp_path: Path) -> Lake:
    """A copy of the replayed lake, to be changed."""
    shutil.copytree(history.world.home / "lake", tmp_path / "lake")
    return Lake(tmp_path / "lake")


def told(found: list[Event]) -> list[tuple[str, int | None, str]]:
    return [(event.what, event.version, event.by) for event in found]


def test_retrainings_verdicts_and_what_served_stand_in_the_order_of_time(replayed: World) -> None:
    found = events(replayed.lake, replayed.model)
    assert told(found)[0] == ("serves", 1, "gate")
    assert told(found)[-1] == ("serves", 3, "gate")
    assert ("not promoted", 2, "gate") in told(found)
    assert [event.at for event in found] == sorted(event.at for event in found)
    asked = replayed.lake.read(f"{MODEL}/decisions").filter(pl.col("action") == "retrain").sort("decided_at")
    assert [(event.at, event.why) for event in found if event.what == "retraining asked for"] == asked.select("decided_at", "reason").rows()


def test_a_verdict_that_is_the_reason_of_a_promotion_is_not_told_twice(replayed: World, lake: Lake, tmp_path: Path) -> None:
    assert "judged better" not in {event.what for event in events(replayed.lake, replayed.model)}
    shutil.rmtree(tmp_path / "lake" / MODEL / "aliases")
    assert [event.version for event in events(lake, replayed.model) if event.what == "judged better"] == [1, 3]


def test_a_call_that_is_said_again_is_one_event_until_something_else_is_decided(replayed: World, lake: Lake) -> None:
    last = lake.read(f"{MODEL}/decisions").sort("decided_at").tail(1)
    for day, action in enumerate(("escalate", "escalate", "wait", "escalate"), start=1):
        lake.append(
            f"{MODEL}/decisions", last.with_columns(pl.col("decided_at") + pl.duration(days=day), action=pl.lit(action), reason=pl.lit(f"day {day}"))
        )
    calls = [event for event in events(lake, replayed.model) if event.what == "person called"]
    assert [(event.why, event.times) for event in calls] == [("day 1", 2), ("day 4", 1)]
    assert calls[0].at == last["decided_at"][0] + timedelta(days=1)
    assert [event.last for event in calls] == [last["decided_at"][0] + timedelta(days=2), None]
    assert calls[0].to_dict()["last"] == str(calls[0].last).replace(" ", "T")


def test_people_are_named_with_what_they_said_and_moved(replayed: World, lake: Lake) -> None:
    say(lake, MODEL, 3, "approve", by="anna", why="better at night")
    say(lake, MODEL, 3, "reject", by="ben", why="worse at noon")
    later = datetime(2099, 1, 1, tzinfo=UTC)
    record(lake, MODEL, {"champion": 1}, held_from=later, why="Rolled back from version 3: it doubled", moved_by="carl")
    record(lake, MODEL, {"champion": None}, held_from=later, why="found so in MLflow", moved_by="unknown")
    found = told(events(lake, replayed.model))
    assert ("approved", 3, "anna") in found
    assert ("rejected", 3, "ben") in found
    assert found[-2:] == [("rolled back", 1, "carl"), ("none serves", None, "unknown")]


def test_a_move_to_a_newer_version_is_no_rollback_whatever_an_earlier_release_called_it(replayed: World, lake: Lake) -> None:
    for day, (version, why) in enumerate(
        ((1, "Rolled back from version 3: so"), (3, "Rolled back from version 1: so"), (1, "found so in MLflow")), 1
    ):
        record(lake, MODEL, {"champion": version}, held_from=datetime(2099, 1, day, tzinfo=UTC), why=why, moved_by="carl")
    assert told(events(lake, replayed.model))[-3:] == [("rolled back", 1, "carl"), ("serves", 3, "carl"), ("serves", 1, "carl")]


def test_a_version_that_gave_way_before_its_first_comparison_is_said_to_have(replayed: World, lake: Lake) -> None:
    why = "Rolled back from version 3: it doubled"
    record(lake, MODEL, {"champion": 1}, held_from=datetime(2099, 1, 1, tzinfo=UTC), why=why, moved_by="carl")
    record(lake, MODEL, {"champion": 3}, held_from=datetime(2099, 1, 2, tzinfo=UTC), why="Moved from version 1: it did not", moved_by="carl")
    *_, first, second = events(lake, replayed.model)
    assert first.why == f"{why} Version 3 was replaced before it was compared with its predecessor."
    assert second.why == "Moved from version 1: it did not"
    lake.append(f"{MODEL}/aftermath", LOOKED_BACK)
    assert why in {event.why for event in events(lake, replayed.model)}


def test_a_look_back_says_how_the_champion_does_beside_its_predecessor(replayed: World, lake: Lake) -> None:
    lake.append(f"{MODEL}/aftermath", LOOKED_BACK)
    last = events(lake, replayed.model)[-1]
    assert (last.what, last.version) == ("looked back", 3)
    assert last.why.startswith(
        "Version 3 is better than version 1: on 1,400 rows since its promotion version 3 has mae 2.5, version 1 would have 3; the gain of going back "
        "is between -0.75 and -0.25."
    )


def test_a_model_that_was_never_trained_has_no_events(world: World) -> None:
    assert events(world.lake, world.model) == []
