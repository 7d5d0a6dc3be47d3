"""What importing the package costs and offers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import mlworks_orchestration

HEAVY = ("dagster", "polars", "mlflow", "pandas", "sklearn", "great_expectations", "pydantic", "deltalake")


def imported_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(' '.join(sorted({{name.partition('.')[0] for name in sys.modules}})))"
    return set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())


def test_the_import_of_the_package_costs_next_to_nothing() -> None:
    assert not imported_by("import mlworks_orchestration") & set(HEAVY)


def test_a_name_costs_what_it_needs_and_no_more() -> None:
    found = imported_by("from mlworks_orchestration import Catalog, Project, MLWorksError")
    assert "pydantic" in found
    assert not found & {"dagster", "mlflow", "sklearn", "great_expectations", "polars"}


def test_the_code_location_loads_without_what_only_runs_need() -> None:
    found = imported_by("import mlworks_orchestration.definitions")
    assert "dagster" in found
    assert not found & {"mlflow", "sklearn", "great_expectations", "pyspark", "pandas"}


def test_the_command_line_s_help_costs_neither_dagster_nor_mlflow() -> None:
    assert not imported_by("import mlworks_orchestration.cli") & {"dagster", "mlflow", "sklearn", "polars"}


@pytest.mark.parametrize("name", mlworks_orchestration.__all__)
def test_every_public_name_is_there_when_it_is_asked_for(name: str) -> None:
    assert getattr(mlworks_orchestration, name).__name__ == name
    assert name in dir(mlworks_orchestration)


def test_the_components_are_those_of_the_graph() -> None:
    from mlworks_orchestration import graph  # noqa: PLC0415 - two seconds

    assert mlworks_orchestration.MLModel is graph.MLModel


def test_an_unknown_name_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'mlworks_orchestration' has no attribute 'Modle'"):
        mlworks_orchestration.Modle  # noqa: B018 - that it raises is the point


def test_telemetry_is_off_before_any_library_could_ask() -> None:
    script = "import os, mlworks_orchestration; print(os.environ['DO_NOT_TRACK'], os.environ['MLFLOW_DISABLE_TELEMETRY'])"
    bare = {name: value for name, value in os.environ.items() if name not in {"DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY"}}
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=bare).stdout
    assert told.split() == ["true", "true"]


def test_dagsters_telemetry_is_off_in_the_projects_home_and_in_every_process_of_the_makefile(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_shared.telemetry import get_telemetry_enabled_from_dagster_yaml  # noqa: PLC0415 - this test's alone

    root = Path(__file__).parent.parent
    monkeypatch.setenv("DAGSTER_HOME", str(root))
    assert not get_telemetry_enabled_from_dagster_yaml()
    assert "export DAGSTER_HOME ?= $(CURDIR)" in (root / "Makefile").read_text(encoding="utf-8")
