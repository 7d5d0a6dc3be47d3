"""What tests of training share: deployments in three states, each made once and copied."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, build_labels
from mlworks_orchestration.training import run_gate
from tests.training.trips import Deployment, day, deployment, trips


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with features and labels in the lake and an MLflow database, made once: creating its tables takes seconds."""
    made = deployment(tmp_path_factory.mktemp("filled"))
    rows = trips()
    keys = rows[PARTITION].unique().sort().to_list()
    for table, columns in (("trips", ["carrier", "distance", "seats", "rainy"]), ("outcomes", ["delay"])):
        made.lake.write(f"features/{table}", rows.select("trip_id", "starts_at", *columns, PARTITION), partitions=keys)
    labels = build_labels(made.model, made.catalog, made.lake.read("features/outcomes"))
    made.lake.write("trip_delay/labels", labels, partitions=keys)
    assert made.registry.champion("trip_delay") is None
    return made.home


@pytest.fixture(scope="session")
def judged(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it in which version 1 serves and version 2, fitted after the change, is not yet judged."""
    home = tmp_path_factory.mktemp("judged") / "home"
    shutil.copytree(filled, home)
    made = deployment(home)
    made.fit(day(24))
    with clock.replaying(day(24)):
        assert run_gate(made.lake, made.catalog, made.model, made.registry, 1).promoted
    made.fit(day(46))
    return home


@pytest.fixture
def fresh(filled: Path, tmp_path: Path) -> Deployment:
    """A deployment with data, and no model yet."""
    shutil.copytree(filled, tmp_path / "home")
    return deployment(tmp_path / "home")


@pytest.fixture
def challenged(judged: Path, tmp_path: Path) -> Deployment:
    """A deployment whose champion is version 1 and whose challenger, version 2, waits for its verdict."""
    shutil.copytree(judged, tmp_path / "home")
    return deployment(tmp_path / "home")


@pytest.fixture(autouse=True)
def _no_run_is_left_open() -> Iterator[None]:
    yield
    mlflow = sys.modules.get("mlflow")
    left = mlflow.active_run() if mlflow else None
    if left is not None:
        mlflow.end_run()
    assert left is None, "a test left an MLflow run open"
