"""`mlworks calibrate`."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from mlworks_orchestration.errors import DeclarationError, NotReadyError
from tests.graph.world import MODEL, Replayed, World

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def copied(history: Replayed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A copy of the replayed world, in place, to which error rates may be written."""
    root = tmp_path_factory.mktemp("copied") / "world"
    shutil.copytree(history.world.root, root)
    with World(root).active(COLUMNS="160") as world:
        yield world


def test_it_is_measured_once_shown_and_kept(copied: World, call: Call) -> None:
    result = call("calibrate", MODEL)
    assert result.exit_code == 0, result.exception
    assert f"{MODEL} version " in result.stdout
    assert "False alarms a year" in result.stdout
    assert "Mean moved" in result.stdout
    assert "Feature: 0.5 false alarms a year declared" in result.stdout
    commit = copied.lake.version(f"{MODEL}/error_rates")
    again = call("calibrate", MODEL)
    assert again.stdout == result.stdout
    assert copied.lake.version(f"{MODEL}/error_rates") == commit


def test_again_it_is_measured_anew(copied: World, call: Call) -> None:
    first = json.loads(call("calibrate", MODEL, "--json").stdout)
    commit = copied.lake.version(f"{MODEL}/error_rates")
    second = json.loads(call("calibrate", MODEL, "--json", "--again").stdout)
    assert copied.lake.version(f"{MODEL}/error_rates") == commit + 1
    assert first["shifts"] == second["shifts"]
    assert first["measured_at"] < second["measured_at"]
    assert {one["kind"] for one in first["false_alarms"]} == {"feature", "label", "prediction", "concept"}


def test_the_page_is_written(copied: World, call: Call, tmp_path: Path) -> None:
    assert copied.root
    page = tmp_path / "deep" / "rates.html"
    result = call("calibrate", MODEL, "--html", str(page))
    assert "The page is " in result.stdout
    assert f"How often {MODEL}" in page.read_text()
    assert "<script" not in page.read_text()


def test_progress_is_no_part_of_the_output(copied: World) -> None:
    run = copied.mlworks("calibrate", MODEL, "--json")
    assert json.loads(run.stdout)["model"] == MODEL


def test_a_model_without_a_champion_has_no_error_rates(world: World, call: Call) -> None:
    assert world.root
    result = call("calibrate", MODEL)
    assert isinstance(result.exception, NotReadyError)
    assert f"mlworks replay {MODEL}" in str(result.exception)


def test_an_unknown_model_is_told_the_nearest(world: World, call: Call) -> None:
    assert world.root
    result = call("calibrate", "ride_tiem")
    assert isinstance(result.exception, DeclarationError)
    assert "ride_time" in str(result.exception)
