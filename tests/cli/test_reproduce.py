"""`mlworks reproduce` and `mlworks retain` on a replayed history."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from mlworks_orchestration.errors import DeclarationError, NotReadyError, TrackingError
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


def test_every_version_of_a_replayed_history_comes_out_the_same(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("reproduce", MODEL, "--all", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [(item["version"], item["equal"], item["exact"]) for item in told] == [(number, True, True) for number in (1, 2, 3)]
    assert all(item["metrics"]["holdout_mae"]["logged"] == item["metrics"]["holdout_mae"]["refitted"] for item in told)


def test_the_champion_is_the_one_by_default(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("reproduce", MODEL)
    assert result.exit_code == 0
    assert f"{MODEL} version 3 is equal to the last bit" in result.stdout
    assert "holdout_mae" in result.stdout


def test_a_version_that_differs_is_exit_code_1_with_the_cause(replayed: World, call: Call) -> None:
    run, client = replayed.registry.version(MODEL, 1).run_id, replayed.registry.client
    logged = client.get_run(run).data.metrics["holdout_mae"]
    client.log_metric(run, "holdout_mae", 1.25)
    try:
        result = call("reproduce", MODEL, "--version", "1")
    finally:
        client.log_metric(run, "holdout_mae", logged)
    assert result.exit_code == 1
    assert "is not reproduced: holdout_mae was 1.25 and is" in result.stdout
    assert "Likely cause: " in result.stdout


def test_unknown_models_and_versions_are_told_the_nearest(replayed: World, call: Call) -> None:
    assert replayed.root
    unknown = call("reproduce", "ride_tiem").exception
    assert isinstance(unknown, DeclarationError)
    assert f"did you mean {MODEL!r}" in str(unknown)
    missing = call("reproduce", MODEL, "--version", "9").exception
    assert isinstance(missing, TrackingError)
    assert "there are: 3, 2, 1. The nearest is 3." in str(missing)


@pytest.mark.parametrize(("options", "said"), [((), "no champion yet"), (("--all",), "no registered version yet")])
def test_before_the_first_training_it_says_what_to_do(world: World, call: Call, options: tuple[str, ...], said: str) -> None:
    assert world.root
    error = call("reproduce", MODEL, *options).exception
    assert isinstance(error, NotReadyError)
    assert said in str(error)
    assert f"{MODEL}_train" in str(error)


@pytest.mark.parametrize("options", [("reproduce", MODEL, "--all", "--version", "1"), ("retain", MODEL, "--all")])
def test_two_ways_to_choose_at_once_are_refused(world: World, call: Call, options: tuple[str, ...]) -> None:
    assert world.root
    assert call(*options).exit_code == 2


def test_a_dry_run_of_retain_says_what_is_kept_and_why(replayed: World, call: Call) -> None:
    before = {table: replayed.lake.version(table) for table in replayed.lake.tables()}
    result = call("retain", "--dry-run", "--older-than", "0")
    assert result.exit_code == 0, result.output
    assert f"{MODEL} version 1" in result.stdout
    assert "Would merge" in result.stdout
    told = {item["table"]: item for item in json.loads(call("retain", MODEL, "--dry-run", "--json").stdout)}
    reasons = {why for kept in told["features/rides"]["kept"] for why in kept["needed_by"]}
    assert {f"{MODEL} version {number}" for number in (1, 2, 3)} <= reasons
    assert {table: replayed.lake.version(table) for table in replayed.lake.tables()} == before
