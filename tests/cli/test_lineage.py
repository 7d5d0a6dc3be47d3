"""`mlworks lineage`: its tree, its JSON, and what it says of a wrong question."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result

from mlworks_orchestration.errors import DataError, DeclarationError
from tests.graph.world import MODEL, World

Call = Callable[..., Result]


def test_a_metric_s_tree_leads_to_version_code_training_set_and_source(replayed: World, call: Call) -> None:
    assert replayed.root
    result = call("lineage", MODEL, "--metric", "mae", "--partition", "2013-01-30")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].startswith("mae ")
    assert "for 2013-01-30: on 40 rows scored by version 3" in lines[0]
    for said in ("ride_time version 3", "fitted by code: assets.ride_time.estimator:build", "trained on snapshot", "assets.rides.source:load"):
        assert said in result.output
    assert "uses zone, distance of features/rides" in result.output


def test_without_a_question_it_is_the_champion_s(replayed: World, call: Call) -> None:
    assert replayed.root
    found = json.loads(call("lineage", MODEL, "--json").output)
    assert found["root"] == f"model_version:{MODEL}@3"
    assert found == json.loads(call("lineage", MODEL, "--version", "3", "--json").output)


def test_a_score_and_an_alarm_are_asked_for_by_name(replayed: World, call: Call) -> None:
    ride = str(replayed.lake.read(f"{MODEL}/scores", partitions=["2013-01-30"])["ride_id"][0])
    assert json.loads(call("lineage", MODEL, "--score", ride, "--json").output)["root"] == f"score:{MODEL}/{ride}/2013-01-30"
    alarm = call("lineage", MODEL, "--alarm", "concept", "--partition", "2013-01-30", "--json")
    assert json.loads(alarm.output)["root"] == f"alarm:{MODEL}/concept/2013-01-30"


def test_data_on_which_no_version_was_trained_are_told_so(replayed: World, call: Call) -> None:
    told = set()
    for version in range(replayed.lake.version("features/rides") + 1):
        trained = "model_version" in call("lineage", "--data", f"features/rides@{version}", "--json").output
        assert ("No version of a model was trained on it." in call("lineage", "--data", f"features/rides@{version}").output) is not trained
        told.add(trained)
    assert told == {True, False}


def test_data_lists_what_was_built_from_it(replayed: World, call: Call) -> None:
    newest = replayed.lake.version("features/rides")
    shown = call("lineage", "--data", "features/rides").output
    assert shown.startswith(f"features/rides@{newest}: written by Dagster run")
    assert f"{MODEL}/scores of " in shown
    found = json.loads(call("lineage", "--data", f"features/rides@{newest}", "--json").output)
    assert found["root"] == f"table:features/rides@{newest}"
    assert all(edge["source"] != found["root"] for edge in found["edges"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Ask one question"),
        ((MODEL, "--data", "features/rides"), "Ask one question"),
        ((MODEL, "--metric", "mae", "--version", "1"), "Ask one question"),
        ((MODEL, "--version", "1", "--partition", "2013-01-30"), "--partition goes with"),
        (("--data", "features/rides@newest"), "the version after @ is a number"),
    ],
)
def test_a_question_that_is_none_is_refused(replayed: World, call: Call, arguments: tuple[str, ...], says: str) -> None:
    assert replayed.root
    result = call("lineage", *arguments)
    assert result.exit_code == 2
    assert says in result.output


def test_an_unknown_name_is_told_the_nearest(replayed: World, call: Call) -> None:
    assert replayed.root
    model, metric = call("lineage", "ride_tiem").exception, call("lineage", MODEL, "--metric", "mea").exception
    assert isinstance(model, DeclarationError)
    assert "did you mean 'ride_time'" in str(model)
    assert isinstance(metric, DataError)
    assert "did you mean 'mae'" in str(metric)


@pytest.mark.parametrize(
    "asked",
    [
        ("lineage", MODEL, "--version", "x"),
        ("reproduce", MODEL, "--version", "0"),
        ("rollback", MODEL, "--to", "last", "--why", "w"),
        ("approve", MODEL, "best", "--by", "anna", "--why", "w"),
        ("reject", MODEL, "1.5", "--by", "anna", "--why", "w"),
    ],
)
def test_what_is_no_version_is_told_the_versions_that_there_are(replayed: World, call: Call, asked: tuple[str, ...]) -> None:
    assert replayed.root
    result = call(*asked)
    assert result.exit_code == 1
    assert f"is no version of model {MODEL}; there are: 3, 2, 1." in str(result.exception)


def test_a_version_may_be_written_as_status_shows_it(replayed: World, call: Call) -> None:
    assert replayed.root
    assert call("lineage", MODEL, "--version", "v3", "--json").output == call("lineage", MODEL, "--version", "3", "--json").output
