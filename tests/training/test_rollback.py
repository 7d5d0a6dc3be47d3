"""The way back, and what served when."""

import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import NotReadyError, TrackingError, TrainingError
from mlworks_orchestration.training import moves, notice, roll_back, run_gate, served_at
from mlworks_orchestration.training.approvals import say
from tests.training.trips import Deployment, day

NAME = "trip_delay"


@pytest.fixture
def promoted(challenged: Deployment) -> Deployment:
    """Version 2 serves since day 46, version 1 did before."""
    with clock.replaying(day(46)):
        run_gate(challenged.lake, challenged.catalog, challenged.model, challenged.registry, 2)
    return challenged


def back(made: Deployment, to: int | None = None, number: float = 50) -> tuple[int | None, int]:
    with clock.replaying(day(number)):
        return roll_back(made.lake, made.model, made.registry, to, by="anna", why="errors have doubled")


def test_it_goes_back_to_the_previous_version_and_says_so_in_the_lake(promoted: Deployment) -> None:
    assert back(promoted) == (2, 1)
    assert promoted.registry.aliases(NAME) == {"champion": 1, "previous": 2}
    last = moves(promoted.lake, NAME).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["version"], last["why"], last["moved_by"], last["held_from"]) == (
        1,
        "Rolled back from version 2: errors have doubled",
        "anna",
        day(50),
    )
    with clock.replaying(day(51)):
        run_gate(promoted.lake, promoted.catalog, promoted.model, promoted.registry, 2)
    assert promoted.registry.aliases(NAME)["champion"] == 1
    assert back(promoted, number=52) == (1, 2)
    assert moves(promoted.lake, NAME).filter(pl.col("alias") == "champion")["why"][-1] == "Moved from version 1: errors have doubled"


def test_without_a_previous_version_one_must_be_named(challenged: Deployment) -> None:
    with pytest.raises(TrainingError, match="no previous version to go back to; name one that is in MLflow with --to"):
        back(challenged)
    assert back(challenged, 2) == (1, 2)


def test_what_never_served_is_no_way_round_the_people_whom_the_gate_asks(challenged: Deployment) -> None:
    gate = challenged.model.gate.model_copy(update={"mode": "manual", "approvals": 2})
    asking = replace(challenged, model=challenged.model.model_copy(update={"gate": gate}))
    say(challenged.lake, NAME, 2, "approve", by="ben", why="better on every line")
    with pytest.raises(TrainingError, match=r"version 2 never served.*it has 1 of 2 approvals.*mlworks approve .*mlworks retrain"):
        back(asking, 2)
    assert challenged.registry.aliases(NAME)["champion"] == 1
    say(challenged.lake, NAME, 2, "reject", by="anna", why="worse at night")
    with pytest.raises(TrainingError, match="it was rejected"):
        back(asking, 2)
    for person in ("anna", "carl"):
        say(challenged.lake, NAME, 2, "approve", by=person, why="looked at again")
    assert back(asking, 2) == (1, 2)


def test_what_cannot_serve_is_an_error_and_nothing_moves(promoted: Deployment) -> None:
    with pytest.raises(TrainingError, match="version 2 serves already"):
        back(promoted, 2)
    with pytest.raises(TrackingError, match=r"has no version 9 .*there are: 2, 1"):
        back(promoted, 9)
    with pytest.raises(TrainingError, match="--why is empty"):
        roll_back(promoted.lake, promoted.model, promoted.registry, 1, by="anna", why="")
    promoted.registry.client.delete_model_version(NAME, "1")
    for to in (None, 1):
        with pytest.raises(TrackingError, match="version 1 was deleted in MLflow"):
            back(promoted, to)
    assert promoted.registry.aliases(NAME) == {"champion": 2}


@pytest.mark.parametrize("moved", [["previous"], ["previous", "champion"]])
def test_a_rollback_that_was_killed_is_completed_and_not_undone(promoted: Deployment, moved: list[str]) -> None:
    for alias, version in {"previous": "2", "champion": "1"}.items():
        if alias in moved:
            promoted.registry.client.set_registered_model_alias(NAME, alias, version)
    assert back(promoted) == (2, 1)
    assert promoted.registry.aliases(NAME) == {"champion": 1, "previous": 2}
    champions = moves(promoted.lake, NAME).filter(pl.col("alias") == "champion")
    assert champions["version"].to_list() == [1, 2, 1]
    assert champions["moved_by"][-1] == "anna"


def test_a_promotion_whose_record_is_missing_is_recorded_as_the_gate_s(promoted: Deployment) -> None:
    table = f"{NAME}/aliases"
    before = promoted.lake.read(table, version=promoted.lake.version(table) - 1)
    shutil.rmtree(Path(promoted.lake.root) / table)
    promoted.lake.append(table, before)
    with clock.replaying(day(47)):
        notice(promoted.lake, promoted.model, promoted.registry)
    last = moves(promoted.lake, NAME).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["version"], last["moved_by"], last["held_from"]) == (2, "gate", day(46))


def test_an_alias_taken_away_by_hand_is_noticed(challenged: Deployment) -> None:
    challenged.registry.client.delete_registered_model_alias(NAME, "champion")
    with clock.replaying(day(45)):
        notice(challenged.lake, challenged.model, challenged.registry)
    with pytest.raises(NotReadyError, match="the alias champion was taken away at 2024-02-15"):
        served_at(challenged.lake, NAME, day(45.5))


def test_a_champion_whose_version_is_deleted_in_mlflow_is_noticed_and_its_predecessor_can_be_brought_back(promoted: Deployment) -> None:
    promoted.registry.client.delete_model_version(NAME, "2")
    assert promoted.registry.champion(NAME) is None
    with clock.replaying(day(48)):
        notice(promoted.lake, promoted.model, promoted.registry)
    with pytest.raises(NotReadyError, match="the alias champion was taken away at 2024-02-18"):
        served_at(promoted.lake, NAME, day(48.5))
    term = served_at(promoted.lake, NAME, day(47))
    assert (term.version, term.held_until, term.followed_by) == (2, day(48), None)
    assert back(promoted, 1) == (None, 1)
    assert promoted.registry.aliases(NAME)["champion"] == 1


def test_what_served_when_and_what_was_known_of_it_then(promoted: Deployment) -> None:
    back(promoted)
    term = served_at(promoted.lake, NAME, day(48))
    assert (term.version, term.held_from, term.held_until, term.followed_by, term.moved_by) == (2, day(46), day(50), 1, "gate")
    assert (served_at(promoted.lake, NAME, day(45)).version, served_at(promoted.lake, NAME, day(60)).held_until) == (1, None)
    known = served_at(promoted.lake, NAME, day(51), day(49))
    assert (known.version, known.held_until, known.as_known_at) == (2, None, day(49))
    assert term.to_dict()["held_from"] == "2024-02-16T00:00:00+00:00"


def test_it_survives_the_deletion_of_the_model_in_mlflow(promoted: Deployment) -> None:
    promoted.registry.client.delete_registered_model(NAME)
    assert served_at(promoted.lake, NAME, day(48)).version == 2


@pytest.mark.parametrize(
    ("at", "known", "said"),
    [(day(1), None, "its first champion has served since 2024-01-25"), (day(48), day(1), r"had no champion yet, as known at 2024-01-02")],
)
def test_before_the_first_champion_nothing_served(promoted: Deployment, at: datetime, known: datetime | None, said: str) -> None:
    with pytest.raises(NotReadyError, match=said):
        served_at(promoted.lake, NAME, at, known)
