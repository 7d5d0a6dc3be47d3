"""A backtest of the declared policy beside what `mlworks replay` left: the same trainings, verdicts, alarms and errors."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.retraining import Outcome, read_history
from mlworks_orchestration.retraining.backtest import EveryStep, Story, backtest, every_step, policies
from mlworks_orchestration.spec import DriftKind, MLModel, moments_of_replay
from mlworks_orchestration.training import verdicts
from mlworks_orchestration.views import model_history
from tests.graph.fixtures import TASKS
from tests.graph.world import MODEL, Replayed, World


class Told:
    """A model that was replayed, and the backtest of its declared policy."""

    def __init__(self, world: World, name: str, folder: Path) -> None:
        self.world, self.model = world, world.project.catalog.model(name)
        self.story = of_policy(world, self.model, folder)


def of_policy(world: World, model: MLModel, folder: Path, policy: str = "declared") -> Story:
    chosen = [each for each in policies(model) if each.name == policy]
    [told] = backtest(world.lake, world.project.catalog, model, chosen, folder=folder, until=None, report=lambda *_: None)
    return told


def at_every_step(told: Told, folder: Path, until: datetime | None = None) -> tuple[EveryStep, list[str]]:
    """Return what retraining at every step would have come to, and what was said meanwhile."""
    said: list[str] = []
    lake, catalog = told.world.lake, told.world.project.catalog
    found = every_step(lake, catalog, told.model, folder=folder, until=until, report=lambda *told: said.append(told[2]))
    return found, said


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
    for each in told.story.trainings:
        # A version that is not better is not tested in a backtest, so what its tests found does not end its reason.
        kept = reasons[each.version or 0]
        assert kept.startswith(each.reason) if each.outcome == Outcome.REJECTED else kept == each.reason
    history = model_history(lake, told.world.project.catalog, model, told.world.registry)
    champion = dict(history.compared.select("metric", "champion").iter_rows())
    assert told.story.rows == history.compared["rows"][0]
    assert {name: champion[name] for name in model.metrics.names} == pytest.approx(told.story.metrics)
    if model.business:
        assert told.story.business == pytest.approx(champion[model.business.name])
        by_month = dict(history.months.select("month", "champion_business").iter_rows())
        assert {month.month: month.business for month in told.story.months} == pytest.approx(by_month)
    alarms = {kind.value: history.months[f"{kind}_alarms"].sum() for kind in DriftKind}
    assert told.story.alarms == alarms
    assert lake.read(f"{model.name}/drift_report").filter(pl.col("column") == "")[PARTITION].n_unique() > 0


def test_a_summary_sets_beside_it_what_the_backtest_says_of_every_step(told: Told, tmp_path: Path) -> None:
    world, model = told.world, told.model
    found, said = at_every_step(told, tmp_path)
    backtested = of_policy(world, model, tmp_path, "every step")
    history = model_history(world.lake, world.project.catalog, model, world.registry, found)
    beside = {row["metric"]: row for row in history.compared.iter_rows(named=True)}
    assert history.compared["rows"][0] == backtested.rows
    assert {name: beside[name]["every_step"] for name in model.metrics.names} == pytest.approx(backtested.metrics)
    if model.business:
        assert beside[model.business.name]["every_step"] == pytest.approx(backtested.business)
    assert history.months["every_step"].drop_nulls().to_list() == pytest.approx([month.value for month in backtested.months])
    sides = {row["side"]: (row["retrainings"], row["promoted"]) for row in history.policies.iter_rows(named=True)}
    served = backtested.outcomes.get("promoted", 0) + backtested.outcomes.get("rolled back", 0)
    assert sides["every_step"] == (backtested.retrainings, served)
    assert backtested.retrainings > 0
    assert sides["champion"][0] == told.story.retrainings
    assert any(doing.startswith("every step: ") for doing in said)


def test_what_was_found_of_every_step_is_kept_until_the_past_is_another(told: Told, tmp_path: Path) -> None:
    found, _ = at_every_step(told, tmp_path)
    again, said = at_every_step(told, tmp_path)
    assert again.predictions.equals(found.predictions)
    assert again[1:] == found[1:]
    assert not any(doing.startswith("every step: ") for doing in said)
    earlier = moments_of_replay(told.model, None)[-2]
    shorter, said = at_every_step(told, tmp_path, until=earlier)
    assert any(doing.startswith("every step: ") for doing in said)
    assert shorter.predictions.height <= found.predictions.height


def test_what_cannot_be_told_of_every_step_is_said_and_leaves_the_other_numbers(history: Replayed, tmp_path: Path) -> None:
    world = history.world
    with world.active():
        model = world.model.model_copy(update={"gate": world.model.gate.model_copy(update={"min_gain": 1e9})})
        found = every_step(world.lake, world.project.catalog, model, folder=tmp_path, until=None, report=lambda *_: None)
        told = model_history(world.lake, world.project.catalog, world.model, world.registry, found)
    assert "may not serve" in found.untold
    assert told.policies["untold"].to_list() == ["", "", found.untold]
    assert told.compared["every_step"].null_count() == told.compared.height
    assert told.compared["gain"].null_count() == 0
