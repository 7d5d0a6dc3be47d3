import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import judge
from tests.training.trips import declare

ORACLES: dict[str, Callable[..., float]] = {
    "mae": mean_absolute_error,
    "mse": mean_squared_error,
    "rmse": lambda y, p: math.sqrt(mean_squared_error(y, p)),
    "r2": r2_score,
}


def judged_by(metric: str, **gate: float) -> MLModel:
    return declare(metrics={"primary": metric}, gate=gate)[1]


def predictions(rows: int, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    actual = random.normal(10, 3, rows)
    return actual, actual + random.normal(0, 1, rows), actual + random.normal(0, noise, rows)


@pytest.mark.parametrize("metric", ORACLES)
def test_the_interval_is_that_of_resampling_rows_one_sample_at_a_time(metric: str) -> None:
    actual, challenger, champion = predictions(60, noise=1.5)
    model = judged_by(metric, resamples=200, confidence=0.9)
    compared = judge(model, actual, challenger, champion, np.random.default_rng(5))
    random, sign = np.random.default_rng(5), 1 if metric == "r2" else -1
    gains = []
    for _ in range(200):
        drawn = random.integers(0, 60, 60)
        gains.append(sign * (ORACLES[metric](actual[drawn], challenger[drawn]) - ORACLES[metric](actual[drawn], champion[drawn])))
    assert compared.gain_low == pytest.approx(np.quantile(gains, 0.05))
    assert compared.gain_high == pytest.approx(np.quantile(gains, 0.95))
    assert compared.challenger_value == pytest.approx(ORACLES[metric](actual, challenger))
    assert compared.champion_value == pytest.approx(ORACLES[metric](actual, champion))


def test_the_interval_agrees_with_scipy() -> None:
    actual, challenger, champion = predictions(400, noise=1.1)
    compared = judge(judged_by("mae", resamples=5000), actual, challenger, champion, np.random.default_rng(0))
    gains = np.abs(actual - champion) - np.abs(actual - challenger)
    expected = bootstrap((gains,), np.mean, n_resamples=5000, method="percentile", rng=np.random.default_rng(1)).confidence_interval
    assert (compared.gain_low, compared.gain_high) == pytest.approx(tuple(expected), abs=0.01)


@pytest.mark.parametrize("metric", ORACLES)
def test_a_positive_gain_means_that_the_challenger_is_better_whichever_way_the_metric_points(metric: str) -> None:
    actual, better, worse = predictions(500, noise=3)
    forwards = judge(judged_by(metric), actual, better, worse, np.random.default_rng(0))
    backwards = judge(judged_by(metric), actual, worse, better, np.random.default_rng(0))
    assert 0 < forwards.gain_low < forwards.gain < forwards.gain_high
    assert backwards.gain == pytest.approx(-forwards.gain)
    assert backwards.gain_high == pytest.approx(-forwards.gain_low)


def test_equal_predictions_gain_exactly_nothing() -> None:
    actual, challenger, _ = predictions(100, noise=1)
    compared = judge(judged_by("rmse"), actual, challenger, challenger, np.random.default_rng(0))
    assert (compared.gain, compared.gain_low, compared.gain_high) == (0, 0, 0)


def test_higher_confidence_makes_the_interval_wider() -> None:
    actual, challenger, champion = predictions(200, noise=1.2)
    low, high = (judge(judged_by("mae", confidence=each), actual, challenger, champion, np.random.default_rng(0)) for each in (0.8, 0.99))
    assert high.gain_low < low.gain_low < low.gain_high < high.gain_high


def test_memory_stays_small_however_many_rows_there_are() -> None:
    actual, challenger, champion = predictions(50_000, noise=1.2)
    tracemalloc.start()
    judge(judged_by("mae", resamples=100), actual, challenger, champion, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000, "all resamples at once would take 40 MB of indices and as much again for every term"


def test_predictions_that_are_no_numbers_are_refused() -> None:
    actual, challenger, champion = predictions(50, noise=1)
    champion[7] = math.nan
    with pytest.raises(TrainingError, match="1 of 50 predictions"):
        judge(judged_by("mae"), actual, challenger, champion, np.random.default_rng(0))
