"""The figures of a candidate: the numbers behind them against scikit-learn, and the pictures, by task."""

import json
import struct
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import auc, confusion_matrix

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.figures import figures_of
from mlworks_orchestration.training.figures.charts import png
from tests.training.trips import Deployment, day, declare

RNG = np.random.default_rng(1)
ROWS = 3000


def rows(label: np.ndarray) -> pl.DataFrame:
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour // 30) for hour in range(len(label))]
    return pl.DataFrame({"starts_at": moments, "label": label, "distance": label + 1.0})


@pytest.fixture
def binary() -> MLModel:
    return declare(task="binary", metrics={"primary": "roc_auc", "threshold": 0.3})[1]


@pytest.fixture
def forecast() -> MLModel:
    return declare(task="forecast", metrics={"primary": "mase"}, forecast={"naive": "distance"})[1]


def test_those_of_a_classification_are_its_curves_its_confusion_and_its_reliability(binary: MLModel) -> None:
    probability = np.round(RNG.random(ROWS), 3)
    label = (RNG.random(ROWS) < probability).astype(float)
    found = figures_of(binary, rows(label), probability)
    assert list(found) == ["roc", "precision_recall", "confusion_matrix", "reliability"]
    assert auc(found["roc"]["false_positive_rate"], found["roc"]["true_positive_rate"]) == pytest.approx(5 / 6, abs=0.02)
    assert found["confusion_matrix"]["rows"] == confusion_matrix(label, probability >= 0.3).ravel().tolist()
    assert found["reliability"]["share_positive"] == pytest.approx(found["reliability"]["mean_probability"], abs=0.08)
    assert sum(found["reliability"]["rows"]) == ROWS
    assert max(len(one) for one in found["precision_recall"].values() if isinstance(one, list)) <= 1000


def test_a_curve_that_needs_both_classes_is_left_out_where_there_is_one(binary: MLModel) -> None:
    assert list(figures_of(binary, rows(np.zeros(30)), np.full(30, 0.2))) == ["confusion_matrix", "reliability"]


def test_those_of_a_number_are_its_residuals_and_the_quantiles_of_its_errors() -> None:
    label = RNG.normal(size=ROWS)
    found = figures_of(declare()[1], rows(label), label - 1.0)
    assert list(found) == ["residuals", "error_quantiles"]
    assert found["residuals"]["residual"] == pytest.approx([1.0] * 1000)
    assert set(np.round(found["error_quantiles"]["absolute_error"], 9)) == {1.0}


def test_those_of_a_forecast_have_it_beside_what_came_and_the_naive_one_over_time(forecast: MLModel) -> None:
    label = np.arange(ROWS, dtype=float)
    found = figures_of(forecast, rows(label), label + 2.0)
    assert list(found) == ["residuals", "error_quantiles", "forecast"]
    over_time = {name: np.array(values) for name, values in found["forecast"].items() if name != "moment"}
    assert over_time["forecast"] == pytest.approx(over_time["actual"] + 2.0)
    assert over_time["naive"] == pytest.approx(over_time["actual"] + 1.0)
    assert found["forecast"]["moment"][:2] == ["2024-01-01T00:00:00Z", "2024-01-01T02:00:00Z"]
    assert len(found["forecast"]["moment"]) <= 60


def test_each_is_logged_with_the_candidate_as_a_picture_and_as_its_numbers(fresh: Deployment) -> None:
    fitted = fresh.fit(day(24))
    logged = {path.name: path for path in (fresh.home / "artifacts").rglob("figures/*")}
    assert sorted(logged) == ["error_quantiles.json", "error_quantiles.png", "residuals.json", "residuals.png"]
    numbers = json.loads(logged["error_quantiles.json"].read_text())
    assert numbers["rows"] == fitted.snapshot.holdout_rows
    assert numbers["absolute_error"] == sorted(numbers["absolute_error"])


def test_a_picture_has_the_size_that_it_is_drawn_in(forecast: MLModel) -> None:
    label = RNG.normal(size=100)
    for name, numbers in figures_of(forecast, rows(label), label + 1).items():
        picture = png(name, numbers)
        assert picture.startswith(b"\x89PNG")
        width, height = struct.unpack(">II", picture[16:24])
        assert width > (600 if name == "forecast" else 300)
        assert 300 < height < 500
