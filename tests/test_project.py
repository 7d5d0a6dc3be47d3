"""Finding a deployment and its environment."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Environment, Project, environment_from_variables, load_environment, project_root, required_variables
from tests.graph.world import MODEL, World, new_world

VARIABLES = ("MLWORKS_LAKE", "MLFLOW_TRACKING_URI", "MLWORKS_ARTIFACTS")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A deployment, in the current process, with the variables of servers unset."""
    with new_world(tmp_path / "world").active() as made:
        for name in (*VARIABLES, "MLWORKS_MLFLOW_UI"):
            monkeypatch.delenv(name, raising=False)
        yield made


def test_a_project_is_found_by_its_variable(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Project.find().root == world.root.resolve()


def test_a_project_is_found_from_a_folder_within_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLWORKS_PROJECT")
    monkeypatch.chdir(world.root / "assets" / "rides")
    assert project_root() == world.root


def test_the_variable_comes_before_the_folder(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = new_world(tmp_path / "other")
    monkeypatch.chdir(other.root)
    assert project_root() == world.root


def test_outside_a_project_it_says_what_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLWORKS_PROJECT", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MLWorksError, match=r"No ML Works project at .* or above: a project is a folder with assets/ and resources/"):
        project_root()


def test_a_variable_that_names_no_project_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWORKS_PROJECT", str(tmp_path / "nowhere"))
    with pytest.raises(MLWorksError, match=r"No ML Works project at \$MLWORKS_PROJECT \(.*nowhere\)"):
        Project.find()


def test_a_project_knows_what_it_declares(world: World) -> None:
    project = world.project
    assert list(project.catalog.models) == [MODEL]
    assert set(project.catalog.tables) == {"rides", "outcomes", "demand"}


def test_a_declaration_can_be_checked_against_the_others(world: World) -> None:
    project = world.project
    table = project.catalog.tables["rides"].model_copy(update={"description": "Other."})
    model = project.catalog.models[MODEL].model_copy(update={"description": "Other."})
    assert project.catalog_with(table).tables["rides"].description == "Other."
    assert project.catalog_with(table).models == project.catalog.models
    assert project.catalog_with(model).models[MODEL].description == "Other."
    assert project.catalog.tables["rides"].description != "Other."


def test_the_local_environment_keeps_everything_below_one_folder(world: World) -> None:
    environment = world.project.environment
    assert environment.name == "local"
    for place in (environment.lake, environment.artifacts, environment.tracking_uri.removeprefix("sqlite:///")):
        assert Path(place).is_relative_to(world.home.resolve())
    assert not environment.automation


def test_an_unknown_environment_is_told_the_nearest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWORKS_ENV", "productoin")
    with pytest.raises(MLWorksError, match="MLWORKS_ENV is 'productoin'; did you mean 'production'"):
        assert world.project


@pytest.mark.parametrize("name", ["staging", "production"])
def test_an_environment_of_servers_names_every_variable_that_is_missing(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("MLWORKS_ENV", name)
    monkeypatch.setenv("MLWORKS_ARTIFACTS", "s3://here")
    with pytest.raises(MLWorksError, match=r"not set: MLWORKS_LAKE, MLFLOW_TRACKING_URI\. Set them, or use MLWORKS_ENV=local"):
        assert world.project


def test_an_environment_of_servers_takes_what_the_variables_say(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in zip(VARIABLES, ("s3://lake", "https://mlflow.example", "s3://artifacts"), strict=True):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLWORKS_MLFLOW_UI", "https://ui.example")
    assert load_environment("staging") == Environment(
        "staging", "s3://lake", "https://mlflow.example", "s3://artifacts", mlflow_ui="https://ui.example", automation=True
    )
    assert environment_from_variables("x").name == "x"
    assert world.root


def test_an_empty_variable_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWORKS_LAKE", "")
    with pytest.raises(MLWorksError, match="not set: MLWORKS_LAKE"):
        required_variables("MLWORKS_LAKE")


def test_credentials_are_not_shown() -> None:
    shown = repr(Environment("local", "lake", "uri", "artifacts", storage_options={"AWS_SECRET_ACCESS_KEY": "s3cret"}))
    assert "s3cret" not in shown


def test_an_environment_module_must_return_an_environment(world: World) -> None:
    (world.root / "resources" / "local.py").write_text("def environment():\n    return {}\n")
    with pytest.raises(MLWorksError, match=r"resources/local.py: environment\(\) must return an Environment, not dict"):
        assert world.project


def test_a_project_s_folders_can_be_imported_once_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.path", [entry for entry in sys.path if entry != str(world.root)])
    Project.find(world.root)
    Project.find(world.root)
    assert sys.path.count(str(world.root.resolve())) == 1


def test_a_broken_model_is_said_to_be_broken_rather_than_absent(world: World) -> None:
    path = world.root / "assets" / MODEL / "defs.yaml"
    path.write_text(path.read_text().replace("metrics:", "metrix:"))
    with pytest.raises(MLWorksError, match=rf"Model {MODEL} is not loaded: .*metrix.* Correct it, then run `dg check defs`"):
        Project.find().model(MODEL)


def test_an_unknown_model_is_an_error_with_the_nearest_name(world: World) -> None:
    assert Project.find().model(MODEL).name == MODEL
    with pytest.raises(MLWorksError, match=rf"There is no model '{MODEL}s'; did you mean '{MODEL}'"):
        Project.find().model(f"{MODEL}s")
    assert world.root.is_dir()
