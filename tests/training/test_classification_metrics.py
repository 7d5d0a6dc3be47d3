"""The metrics of probabilities against scikit-learn: with ties, weights, thresholds, one class, and resampled."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import METRICS
from mlworks_orchestration.training import Measure, evaluate, judge
from tests.training.trips import declare

Vector = np.ndarray
THRESHOLD = 0.4
ORACLES: dict[str, Callable[..., float]] = {
    "roc_auc": lambda y, p, w: oracle.roc_auc_score(y, p, sample_weight=w),
    "pr_auc": lambda y, p, w: oracle.average_precision_score(y, p, sample_weight=w),
    "f1": lambda y, p, w: oracle.f1_score(y, p >= THRESHOLD, sample_weight=w, zero_division=np.nan),
    "precision": lambda y, p, w: oracle.precision_score(y, p >= THRESHOLD, sample_weight=w, zero_division=np.nan),
    "recall": lambda y, p, w: oracle.recall_score(y, p >= THRESHOLD, sample_weight=w, zero_division=np.nan),
    "log_loss": lambda y, p, w: oracle.log_loss(y, p, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, w: oracle.brier_score_loss(y, p, sample_weight=w, labels=[0, 1]),
    "accuracy": lambda y, p, w: oracle.accuracy_score(y, p >= THRESHOLD, sample_weight=w),
}
# Tenths, so that scores tie, some of them at the threshold.
SCORES = st.integers(0, 10).map(lambda tenths: tenths / 10)
ROWS = st.lists(st.tuples(st.integers(0, 1), SCORES, st.integers(1, 4)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_every_declared_metric_agrees_with_scikit_learn_with_ties_and_weights(rows: list[tuple[int, float, int]]) -> None:
    y, p, w = (np.array(values, dtype=float) for values in zip(*rows, strict=True))
    found = evaluate(Measure("binary", THRESHOLD), METRICS["binary"], y, p, w)
    assert found.keys() == ORACLES.keys() == METRICS["text"].keys()
    undefined = {
        "roc_auc": y.min() == y.max(),
        "pr_auc": not y.any(),
        "recall": not y.any(),
        "precision": not (p >= THRESHOLD).any(),
        "f1": not y.any() and not (p >= THRESHOLD).any(),
    }
    for name, value in found.items():
        if undefined.get(name):
            assert math.isnan(value), name
        else:
            assert value == pytest.approx(ORACLES[name](y, p, w), abs=1e-12), name


def test_a_weight_is_as_many_rows() -> None:
    y, p, w = np.array([0, 1, 1, 0]), np.array([0.2, 0.9, 0.4, 0.4]), np.array([3, 1, 2, 1])
    once = evaluate(Measure("binary"), METRICS["binary"], y, p, w)
    often = evaluate(Measure("binary"), METRICS["binary"], np.repeat(y, w), np.repeat(p, w))
    assert once == pytest.approx(often)


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "f1", "log_loss"])
def test_the_interval_is_that_of_resampling_rows_one_sample_at_a_time(metric: str) -> None:
    random = np.random.default_rng(3)
    y = (random.random(80) < 0.3).astype(float)
    ours, theirs = (np.round(np.clip(0.3 * y + noise * random.random(80), 0, 1), 1) for noise in (0.6, 0.9))
    model = declare(task="binary", metrics={"primary": metric, "threshold": THRESHOLD}, gate={"resamples": 200, "confidence": 0.9})[1]
    compared = judge(model, y, ours, theirs, np.random.default_rng(5))
    random, gains = np.random.default_rng(5), []
    for _ in range(200):
        drawn = random.integers(0, 80, 80)
        values = [ORACLES[metric](y[drawn], predicted[drawn], np.ones(80)) for predicted in (ours, theirs)]
        gains.append((values[1] - values[0]) if metric == "log_loss" else (values[0] - values[1]))
    assert (compared.gain_low, compared.gain_high) == pytest.approx(tuple(np.quantile(gains, [0.05, 0.95])))


def test_resamples_of_one_class_are_left_out_and_rows_of_one_class_give_no_interval() -> None:
    model = declare(task="binary", metrics={"primary": "roc_auc"}, gate={"resamples": 200})[1]
    y = np.array([1.0, *[0.0] * 19])
    ours, theirs = np.linspace(1, 0, 20), np.linspace(0, 1, 20)
    compared = judge(model, y, ours, theirs, np.random.default_rng(0))
    assert (compared.gain, compared.gain_low, compared.gain_high) == (1.0, 1.0, 1.0)
    nothing = judge(model, np.zeros(20), ours, theirs, np.random.default_rng(0))
    assert all(math.isnan(value) for value in (nothing.gain, nothing.gain_low, nothing.gain_high))


@pytest.mark.parametrize(
    ("actual", "predicted", "said"),
    [
        ([0.0, 2.0], [0.5, 0.5], "1 of 2 labels are neither 0 nor 1; task binary"),
        ([0.0, 1.0], [0.5, 1.5], "1 of 2 predictions are no probabilities from 0 to 1"),
        ([0.0, 1.0], [-0.1, 1.5], "2 of 2 predictions are no probabilities"),
    ],
)
def test_what_is_no_label_or_no_probability_is_refused(actual: list[float], predicted: list[float], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        evaluate(Measure("binary"), ["brier"], actual, predicted)


def test_mase_is_the_error_over_the_scale_and_smape_that_of_the_m4_competition() -> None:
    y, p = np.array([10.0, 20.0, 0.0]), np.array([12.0, 15.0, 0.0])
    found = evaluate(Measure("forecast", scale=2.0), ["mase", "smape"], y, p)
    assert found == pytest.approx({"mase": np.mean([2, 5, 0]) / 2, "smape": 100 * np.mean([2 * 2 / 22, 2 * 5 / 35, 0])})
    by_row = evaluate(Measure("forecast", scale=np.array([1.0, 5.0, 1.0])), ["mase"], y, p)
    assert by_row == pytest.approx({"mase": 1.0})


def test_mase_is_not_defined_where_the_naive_forecast_never_erred_and_refused_where_its_scale_is_not_known() -> None:
    assert math.isnan(evaluate(Measure("forecast", scale=0.0), ["mase"], [1.0], [2.0])["mase"])
    with pytest.raises(TrainingError, match=r"MASE needs its scale, .* declare forecast.naive and train again"):
        evaluate(Measure("forecast"), ["mase"], [1.0], [2.0])
