import shutil
from pathlib import Path

import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.training import Registry
from mlworks_orchestration.views.lineage import Stores
from tests.graph.fixtures import history, let_notices_pass, replayed
from tests.graph.world import Replayed, World

__all__ = ["history", "replayed"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    let_notices_pass(items, Path(__file__).parent)


@pytest.fixture
def stores(replayed: World) -> Stores:
    """The replayed history, only read."""
    return Stores(replayed.lake, replayed.project.catalog, replayed.registry)


@pytest.fixture
def copied(replayed: World, history: Replayed, tmp_path: Path) -> Stores:
    """A copy of the replayed lake, to be changed, beside the same MLflow."""
    shutil.copytree(history.world.home / "lake", tmp_path / "lake")
    return Stores(Lake(tmp_path / "lake"), replayed.project.catalog, replayed.registry)


@pytest.fixture
def without_mlflow(copied: Stores, tmp_path: Path) -> Stores:
    """A copy of the replayed lake, beside a file that is no database of MLflow."""
    (tmp_path / "mlflow.db").write_text("no database")
    return copied._replace(registry=Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", copied.lake))


@pytest.fixture
def other_mlflow(stores: Stores, history: Replayed, tmp_path: Path) -> Stores:
    """The replayed lake, beside a copy of MLflow's database, to be changed."""
    shutil.copy(history.world.home / "mlflow.db", tmp_path / "mlflow.db")
    return stores._replace(registry=Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", stores.lake))
