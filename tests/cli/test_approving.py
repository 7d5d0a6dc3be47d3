"""`mlworks approve`, `reject`, `rollback` and `served-at`."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import Result

from mlworks_orchestration import clock
from mlworks_orchestration.errors import MLWorksError, NotReadyError, TrainingError
from mlworks_orchestration.spec import TimeWindow
from mlworks_orchestration.training import Verdict, find_verdict, moves
from mlworks_orchestration.training.approvals import say
from mlworks_orchestration.training.verdict import store_verdict
from tests.graph.world import MODEL, World
from tests.training.passing import let_pass

Call = Callable[..., Result]
FIRST, SECOND = datetime(2013, 1, 20, 5, tzinfo=UTC), datetime(2013, 2, 1, 5, tzinfo=UTC)


@pytest.fixture
def waiting(world: World) -> World:
    """Version 1 serves, version 2 was judged better and waits for two people."""

    def manual(attributes: dict[str, Any]) -> None:
        attributes |= {"gate": {"mode": "manual", "approvals": 2}, "model_tests": []}

    world.declare(MODEL, manual)
    registry = world.registry
    registry.client.create_registered_model(MODEL)
    for _ in range(2):
        registry.client.create_model_version(MODEL, str(world.root), tags={"snapshot": "abc"})
    with clock.replaying(FIRST):
        registry.promote(MODEL, 1, why="the first")
    numbers = dict.fromkeys(("challenger_value", "champion_value", "gain", "gain_low", "gain_high"), 1.0)
    verdict = Verdict(
        MODEL, 2, 1, promoted=False, metric="mae", **numbers, rows=9, holdout=TimeWindow(FIRST, SECOND), reason="Favourable.", decided_at=SECOND,
        favourable=True, mode="manual",
    )  # fmt: skip
    store_verdict(world.lake, verdict)
    let_pass(world.lake, MODEL, 2)
    return world


@pytest.fixture
def promoted(waiting: World) -> World:
    with clock.replaying(SECOND):
        waiting.registry.promote(MODEL, 2, why="better")
    return waiting


def test_two_people_approve_and_one_holds_back(waiting: World, call: Call) -> None:
    assert waiting.root
    words = ["--why", "looked at it", "--by"]
    assert call("approve", MODEL, "2", *words, "anna").output == "ride_time version 2: 1 of 2 approvals (anna). It waits for 1 more.\n"
    assert call("approve", MODEL, "2", *words, "Anna").output == "ride_time version 2: 1 of 2 approvals (anna). It waits for 1 more.\n"
    held = call("reject", MODEL, "2", *words, "ben").output
    assert held == "ride_time version 2: 1 of 2 approvals (anna). It is held back by ben; it can serve when they approve.\n"
    assert "2 of 2 approvals (anna, ben). ride_time_approval_sensor lets it serve" in call("approve", MODEL, "2", *words, "ben").output
    result = call("approve", MODEL, "1", *words, "anna")
    assert isinstance(result.exception, TrainingError)
    assert "it serves already" in str(result.exception)
    assert call("approve", MODEL, "2", "--by", "anna").exit_code == 2


def test_a_rollback_says_what_serves_now_and_who_did_it(promoted: World, call: Call) -> None:
    result = call("rollback", MODEL, "--why", "errors have doubled", "--by", "anna")
    assert result.output.splitlines() == [
        "ride_time: version 1 serves instead of version 2, from the next scored row on.",
        "To undo it: mlworks rollback ride_time --to 2 --why TEXT",
    ]
    assert promoted.registry.aliases(MODEL) == {"champion": 1, "previous": 2}
    assert moves(promoted.lake, MODEL)["moved_by"][-1] == "anna"
    assert isinstance(call("rollback", MODEL, "--to", "1", "--why", "again").exception, MLWorksError)
    assert call("rollback", MODEL).exit_code == 2


def test_a_rollback_to_a_version_that_never_served_says_so(waiting: World, call: Call) -> None:
    back = ("rollback", MODEL, "--to", "2", "--why", "trying it", "--by", "anna")
    assert "it has 0 of 2 approvals" in str(call(*back).exception)
    for person in ("anna", "ben"):
        say(waiting.lake, MODEL, 2, "approve", by=person, why="looked at it")
    said = call(*back).output
    assert "It never served before, and the gate's comparison was not asked: see `mlworks lineage ride_time --version 2`." in said


def test_a_rollback_to_a_version_that_never_served_and_was_not_better_says_what_the_gate_said(waiting: World, call: Call) -> None:
    waiting.registry.client.create_model_version(MODEL, str(waiting.root), tags={"snapshot": "abc"})
    verdict = find_verdict(waiting.lake, MODEL, 2)
    assert verdict
    store_verdict(waiting.lake, replace(verdict, challenger=3, favourable=False, reason="Not promoted: its lower end is not above 0."))
    let_pass(waiting.lake, MODEL, 3)
    back = ("rollback", MODEL, "--to", "v3", "--why", "trying it", "--by", "anna")
    refused = str(call(*back).exception)
    assert "it has 0 of 2 approvals. The gate judged it. Not promoted: its lower end is not above 0. `mlworks retrain ride_time" in refused
    for person in ("anna", "ben"):
        say(waiting.lake, MODEL, 3, "approve", by=person, why="looked at it")
    assert "It never served before, and the gate judged it. Not promoted: its lower end is not above 0. All of it: see `mlworks" in call(*back).output


def test_what_served_is_told_in_the_partitions_zone_and_as_json(promoted: World, call: Call) -> None:
    assert promoted.root
    text = call("served-at", MODEL, "2013-01-31T23:59").output
    assert text.startswith("ride_time at 2013-01-31 23:59:00-05:00 (times in America/New_York): version 1 ")
    assert "since 2013-01-20 00:00:00-05:00, until 2013-02-01 00:00:00-05:00, when version 2 followed" in text
    assert "snapshot abc" in text
    assert ": version 2 " in call("served-at", MODEL, "2013-02-01").output
    assert ": version 2 " in call("served-at", MODEL).output
    found = json.loads(call("served-at", MODEL, "2013-02-01T05:00Z", "--as-known-at", "2013-01-31", "--json").output)
    assert (found["version"], found["held_until"], found["followed_by"], found["as_known_at"]) == (1, None, None, "2013-01-31T05:00:00+00:00")
    assert found["mlflow"]["tags"] == {"snapshot": "abc"}


def test_what_served_is_wrapped_to_the_terminal(promoted: World, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.replaying(SECOND + timedelta(days=1)):
        promoted.registry.promote(MODEL, 1, why="Rolled back from version 2: " + "it was worse " * 20, moved_by="anna")
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, call("served-at", MODEL).output.splitlines())) <= 80


def test_what_served_is_still_known_when_mlflow_has_forgotten_it(promoted: World, call: Call) -> None:
    promoted.registry.client.delete_registered_model(MODEL)
    found = json.loads(call("served-at", MODEL, "2013-02-03", "--json").output)
    assert (found["version"], found["mlflow"]) == (2, None)
    assert "has no version 2" in found["mlflow_missing"]
    assert "in MLflow    Model ride_time has no version 2" in call("served-at", MODEL, "2013-02-03").output


def test_a_time_that_is_none_or_too_early_is_an_error(promoted: World, call: Call) -> None:
    assert promoted.root
    wrong = call("served-at", MODEL, "yesterday")
    assert wrong.exit_code == 2
    assert "'yesterday' is no time; write it as 2013-06-01" in " ".join(wrong.output.split())
    unknown = str(call("served-at", MODEL, "--as-known-at", "2013-01-02").exception)
    assert "had no champion yet, as known at 2013-01-02 00:00:00-05:00;" in unknown
    early = call("served-at", MODEL, "2013-01-02")
    assert isinstance(early.exception, NotReadyError)
    assert "served at 2013-01-02 00:00:00-05:00: its first champion has served since 2013-01-20 00:00:00-05:00." in str(early.exception)
