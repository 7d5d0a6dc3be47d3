"""A yes or no, texts and a forecast, each through its whole life: from data to a retraining, the report, the page and the history."""

import fcntl
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from sklearn.metrics import f1_score, roc_auc_score

from mlworks_orchestration.cli.history import show_history
from mlworks_orchestration.cli.main import cli
from mlworks_orchestration.cli.replaying import replay_models
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.monitoring.causes.importance import build_importance
from mlworks_orchestration.monitoring.page import refresh_page
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import reproduce
from mlworks_orchestration.views import model_history
from mlworks_orchestration.views.history import first_champion
from tests.graph.fixtures import TASKS
from tests.graph.world import World


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

    @property
    def labelled(self) -> list[str]:
        return self.world.lake.partitions(f"{self.model.name}/performance")

    @property
    def served(self) -> list[str]:
        """The partitions with labels that began when there was a champion; what was scored in arrears does not count in the history."""
        _, since = first_champion(self.world.lake, self.model)
        return [key for key in self.labelled if self.model.partitions.window(key).start >= since]

    def rows(self, partition: str) -> pl.DataFrame:
        keys = ["order_id", "ordered_at", PARTITION]
        labels = self.table("labels").select(*keys, "label")
        found = self.table("scores").join(labels, on=keys).join(self.world.lake.read("features/orders"), on=keys)
        return found.filter(pl.col(PARTITION) == partition)


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


def test_scores_of_texts_are_probabilities_too(angry: Lived) -> None:
    rows = angry.rows("2013-01-20")
    assert angry.realised("f1", "2013-01-20") == pytest.approx(f1_score(rows["label"], rows["prediction"] >= 0.5)) == 1.0


def test_mase_of_each_day_is_on_the_scale_of_the_rows_that_the_version_was_trained_on(units: Lived) -> None:
    rows, version = units.rows("2013-01-20"), units.world.registry.version("order_units", 1)
    training = units.world.lake.read("features/orders").join(units.table("labels"), on=["order_id", "ordered_at"])
    first = training.filter(pl.col("ordered_at") < pl.col("ordered_at").min() + pl.duration(days=13))
    scale = float((first["label"] - first["units_yesterday"]).abs().mean())
    assert float(version.tags["mase_scale"]) == pytest.approx(scale)
    error = float((rows["label"] - rows["prediction"]).abs().mean())
    assert units.realised("mase", "2013-01-20") == pytest.approx(error / scale)
    run = units.world.registry.client.get_run(version.run_id)
    assert {"aic", "bic", "holdout_mase"} <= run.data.metrics.keys()


def test_words_that_were_never_seen_alarm_as_feature_drift_and_no_estimate_is_trusted_then(angry: Lived) -> None:
    report = angry.table("drift_report")
    of_note = report.filter(pl.col("column") == "note", pl.col("drifted"))
    assert {"out_of_vocabulary", "text_domain_classifier"} <= set(of_note["statistic"])
    assert of_note[PARTITION].min() >= "2013-01-23"
    newest = angry.table("expected_performance").sort(PARTITION).row(-1, named=True)
    assert not newest["trusted"]
    assert "100% of the words of note are outside the vocabulary of the labelled rows" in newest["reason"]


def test_a_yes_or_no_that_comes_about_otherwise_alarms_as_concept_drift_and_is_told_by_its_brier_score(late: Lived) -> None:
    concept = late.table("drift_report").filter(pl.col("kind") == "concept", pl.col("column") == "", pl.col("drifted"))
    assert concept[PARTITION].min() >= "2013-01-23"
    assert "brier" in concept["reason"][-1]
    expected = late.table("expected_performance").row(0, named=True)
    assert expected["metric"] == "roc_auc"
    assert expected["low"] > late.realised("roc_auc", "2013-01-26"), "no estimate without labels sees it"
    assert sorted(late.table("verdicts")["challenger"]) == [1, 2, 3], "retrained as long as it lasts"


@pytest.mark.parametrize(("name", "column"), [("late_order", "amount"), ("angry_order", "note"), ("order_units", "day")])
def test_what_a_model_needs_most_is_told_by_its_primary_metric(tasks: World, name: str, column: str) -> None:
    model = tasks.project.catalog.model(name)
    found = build_importance(tasks.lake, tasks.project.catalog, model, tasks.registry, 1)
    assert max(found, key=lambda one: one.importance).column == column
    assert {one.metric for one in found} == {model.metrics.primary}


@pytest.mark.parametrize("name", TASKS)
def test_the_page_is_drawn_and_the_fit_is_reproduced(tasks: World, tmp_path: Path, name: str) -> None:
    model = tasks.project.catalog.model(name)
    page = refresh_page(tasks.lake, model, tasks.registry, str(tmp_path)).read_text(encoding="utf-8")
    assert model.label.column in page
    assert all(column in page for column in model.feature_columns)
    assert reproduce(tasks.lake, tasks.project.catalog, model, tasks.registry, 1).equal


@pytest.mark.parametrize("name", TASKS)
def test_the_figures_of_the_task_are_logged_with_the_candidate(tasks: World, name: str) -> None:
    model = tasks.project.catalog.model(name)
    logged = {path.stem for path in (tasks.home / "mlartifacts" / name).rglob("figures/*.json")}
    of_numbers = {"residuals", "error_quantiles"} | ({"forecast"} if model.task == "forecast" else set())
    assert logged == ({"roc", "precision_recall", "confusion_matrix", "reliability"} if model.classifies else of_numbers)


def test_the_history_has_the_business_number_of_what_served_and_of_the_first_model(late: Lived, capsys: pytest.CaptureFixture[str]) -> None:
    history = model_history(late.world.lake, late.world.project.catalog, late.model, late.world.registry)
    [row] = history.months.iter_rows(named=True)
    by_hand = sum(float(np.where(rows["prediction"] >= 0.4, 1.0, rows["label"] * rows["amount"]).sum()) for rows in map(late.rows, late.served))
    assert row["champion_business"] == pytest.approx(by_hand)
    assert row["champion_business"] == pytest.approx(sum(late.realised("business", key) for key in late.served))
    assert row["first_model_business"] == row["champion_business"], "no retraining was promoted"
    assert json.dumps(row["first_model_business"])
    show_history(late.model, history)
    said = capsys.readouterr().out
    assert "refunds" in said
    assert "Refunds: sum in USD of the rows whose label is known; lower is better." in said


def test_the_history_of_a_forecast_is_in_scaled_errors(units: Lived) -> None:
    [row] = model_history(units.world.lake, units.world.project.catalog, units.model, units.world.registry).months.iter_rows(named=True)
    assert row["champion"] == pytest.approx(np.mean([units.realised("mase", key) for key in units.served]))
    assert row["champion_business"] == pytest.approx(sum(units.realised("business", key) for key in units.served))


def test_in_a_demo_a_model_that_cannot_be_replayed_does_not_hold_up_the_others(tasks: World) -> None:
    with (tasks.home / "replay-late_order.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = CliRunner().invoke(cli, ["demo", "--jobs", "2"])
    assert isinstance(result.exception, MLWorksError)
    assert str(result.exception).startswith("late_order: Model late_order is being replayed, or trained by hand, by another process")
    assert "late_order by month" not in result.stdout
    for name in ("angry_order", "order_units"):
        assert f"{name} by month" in result.stdout


def test_a_process_that_is_killed_is_an_error_that_says_how_to_go_on(tasks: World) -> None:
    models = [tasks.project.catalog.model(name) for name in ("late_order", "angry_order")]
    became = replay_models(tasks.project, models, at_a_time=2)
    with ThreadPoolExecutor(1) as killer:
        killed = killer.submit(_kill_a_child)
        found = [outcome for _, outcome in became]
    assert killed.result() > 0
    assert "Run again" in str(next(outcome for outcome in found if isinstance(outcome, MLWorksError)))


def _kill_a_child() -> int:
    """Kill the first process that replays, and return its id."""
    while True:
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGKILL)
            return child.pid or 0
        time.sleep(0.05)
