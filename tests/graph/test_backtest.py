"""A backtest of the declared policy beside what `mlworks replay` left: the same trainings, verdicts, alarms and errors."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.retraining import read_history
from mlworks_orchestration.retraining.backtest import Story, backtest, policies
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import verdicts
from mlworks_orchestration.views import model_history
from tests.graph.fixtures import TASKS
from tests.graph.world import MODEL, Replayed, World


class Told:
    """A model that was replayed, and the backtest of its declared policy."""

    def __init__(self, world: World, name: str, folder: Path) -> None:
        self.world, self.model = world, world.project.catalog.model(name)
        self.story = declared(world, self.model, folder)


def declared(world: World, model: MLModel, folder: Path, until: datetime | None = None) -> Story:
    chosen = [policy for policy in policies(model) if policy.name == "declared"]
    [told] = backtest(world.lake, world.project.catalog, model, chosen, folder=folder, until=until, report=lambda *_: None)
    return told


@pytest.fixture(params=(MODEL, *TASKS))
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    world: World
    if request.param == MODEL:
        history: Replayed = request.getfixturevalue("history")
        world = history.world
    else:
        world = request.getfixturevalue("replayed_tasks")
    with world.active():
        yield Told(world, request.param, tmp_path_factory.mktemp("fits"))


def test_the_declared_policy_comes_out_as_in_the_replay(told: Told) -> None:
    lake, model = told.world.lake, told.model
    asked = [attempt for attempt in read_history(lake, model.name).attempts if attempt.champion is not None]
    assert [(each.at, each.trigger, each.version, each.outcome) for each in told.story.trainings] == [
        (attempt.at, attempt.trigger, attempt.version, attempt.outcome) for attempt in asked
    ]
    reasons = dict(verdicts(lake, model.name).select("challenger", "reason").iter_rows())
    assert [each.reason for each in told.story.trainings] == [reasons[attempt.version] for attempt in asked]
    history = model_history(lake, told.world.project.catalog, model, told.world.registry)
    champion = dict(history.compared.select("metric", "champion").iter_rows())
    assert told.story.rows == history.compared["rows"][0]
    assert {name: champion[name] for name in model.metrics.names} == pytest.approx(told.story.metrics)
    if model.business:
        assert told.story.business == pytest.approx(champion[model.business.name])
    alarms = {kind.value: history.months[f"{kind}_alarms"].sum() for kind in DriftKind}
    assert told.story.alarms == alarms
    assert lake.read(f"{model.name}/drift_report").filter(pl.col("column") == "")[PARTITION].n_unique() > 0
