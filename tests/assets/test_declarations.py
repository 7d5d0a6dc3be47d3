"""Every declaration of the reference deployment, however many there will be."""

import re
from collections import Counter
from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import FeatureTable, MLModel, load_object, read_declarations

ASSETS = project_root() / "assets"
FOUND = read_declarations(ASSETS)
TABLES, MODELS = FOUND.catalog.tables, FOUND.catalog.models
FOLDERS = sorted(path.name for path in ASSETS.iterdir() if path.is_dir() and path.name != "__pycache__")


def test_every_declaration_is_healthy() -> None:
    assert [broken.error for broken in FOUND.broken] == []


def test_the_folders_are_the_declarations_no_more_and_no_fewer() -> None:
    assert sorted([*TABLES, *MODELS]) == FOLDERS
    assert all(path.parent.name == name for name, path in FOUND.paths.items())


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_a_package_that_says_what_it_is(name: str) -> None:
    assert import_module(f"assets.{name}").__doc__


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_the_functions_of_a_table_lie_in_its_folder_and_can_be_called(table: FeatureTable) -> None:
    for field in ("source", "transform"):
        path = getattr(table, field)
        if path is not None:
            assert path.startswith(f"assets.{table.name}.")
            assert len(signature(load_object(path, field=field)).parameters) == max(1, len(table.inputs))


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_the_estimator_of_a_model_lies_in_its_folder_and_takes_what_is_declared(model: MLModel) -> None:
    assert model.estimator.startswith(f"assets.{model.name}.")
    estimator = load_object(model.estimator, field="estimator")(model.seed, **model.hyperparameters)
    assert {"fit", "predict", "get_params"} <= set(dir(estimator))


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_model_has_a_readme_under_its_own_name(model: MLModel) -> None:
    readme: Path = ASSETS / model.name / "README.md"
    assert readme.read_text(encoding="utf-8").startswith(f"# {model.name}\n")


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_model_is_forty_lines_of_yaml_a_short_file_and_a_readme_of_ten_lines(model: MLModel) -> None:
    lines = {
        path.name: len([line for line in path.read_text(encoding="utf-8").splitlines() if line])
        for path in (ASSETS / model.name).iterdir()
        if path.is_file()
    }
    assert lines["defs.yaml"] <= 40
    assert lines["estimator.py"] <= 40
    assert lines["README.md"] <= 1 + 10
    assert {name for name in lines if name.endswith(".py")} == {"__init__.py", "estimator.py"}


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_a_model_has_slices_tests_of_its_versions_a_worth_and_somebody_who_answers_for_it(model: MLModel) -> None:
    assert model.slices
    assert any(test.severity == "error" for test in model.model_tests)
    assert model.business is not None
    assert model.owners


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_the_readme_tells_the_licence_of_the_data_and_who_owns_the_model(model: MLModel) -> None:
    readme = (ASSETS / model.name / "README.md").read_text(encoding="utf-8")
    assert re.search(r"\b(CC0|CC BY|MIT|BSD)\b", readme)
    assert "- Owner: team:" in readme
    assert f"assets/{model.label.table}" in readme
    assert "known" in readme


def test_two_tables_at_least_serve_more_than_one_model() -> None:
    read = Counter(table for model in MODELS.values() for table in {selection.table for selection in model.features} | {model.label.table})
    assert len([table for table, models in read.items() if models > 1]) >= 2


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_of_a_table_is_described(table: FeatureTable) -> None:
    assert [name for name, column in table.columns.items() if not column.description] == []
