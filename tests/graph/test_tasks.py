"""A yes or no, texts and a forecast, each through its whole life: from data to a retraining, the report, the page and the history."""

from collections.abc import Iterator
from dataclasses import dataclass

import dagster as dg
import polars as pl
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from mlworks_orchestration import graph
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.spec import MLModel
from tests.graph.world import World, new_world

MODELS = ("late_order", "angry_order", "order_units")


@dataclass(frozen=True)
class Lived:
    """A model whose past was replayed."""

    world: World
    model: MLModel

    def table(self, name: str) -> pl.DataFrame:
        return self.world.lake.read(f"{self.model.name}/{name}")

    def realised(self, metric: str, partition: str) -> float:
        rows = self.table("performance").filter(pl.col("metric") == metric, pl.col("slice_column") == "", pl.col(PARTITION) == partition)
        return float(rows["value"].item())

    def rows(self, partition: str) -> pl.DataFrame:
        keys = ["order_id", "ordered_at", PARTITION]
        labels = self.table("labels").select(*keys, "label")
        found = self.table("scores").join(labels, on=keys).join(self.world.lake.read("features/orders"), on=keys)
        return found.filter(pl.col(PARTITION) == partition)


@pytest.fixture(scope="session")
def replayed_tasks(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which all three were replayed once; tests only read it."""
    made = new_world(tmp_path_factory.mktemp("tasks") / "world", "tasks")
    with made.active(), dg.DagsterInstance.get() as instance:
        for name in MODELS:
            graph.Replay(made.project.catalog.model(name), made.definitions(), instance, made.lake).run(lambda _: None)
    return made


@pytest.fixture
def tasks(replayed_tasks: World) -> Iterator[World]:
    with replayed_tasks.active(COLUMNS="300") as world:
        yield world


@pytest.fixture
def late(tasks: World) -> Lived:
    return Lived(tasks, tasks.project.catalog.model("late_order"))


@pytest.fixture
def angry(tasks: World) -> Lived:
    return Lived(tasks, tasks.project.catalog.model("angry_order"))


@pytest.fixture
def units(tasks: World) -> Lived:
    return Lived(tasks, tasks.project.catalog.model("order_units"))


def test_scores_of_a_yes_or_no_are_probabilities_and_performance_is_scikit_learns(late: Lived) -> None:
    rows = late.rows("2013-01-20")
    assert rows["prediction"].is_between(0, 1).all()
    assert set(rows["label"]) == {0.0, 1.0}
    assert late.realised("roc_auc", "2013-01-20") == pytest.approx(roc_auc_score(rows["label"], rows["prediction"]))
    assert late.realised("f1", "2013-01-20") == pytest.approx(f1_score(rows["label"], rows["prediction"] >= 0.4))
    assert "absolute_error_q50" not in set(late.table("performance")["metric"])
