import math
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import bootstrap
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import judge, judge_by_days
from mlworks_orchestration.training.blocks import days_of
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


DAY = timedelta(days=1)
START = datetime(2013, 3, 1, tzinfo=UTC)


def gains(random: np.random.Generator, days: int, rows: int, alike: float) -> np.ndarray:
    """Gains of rows, of mean 0 and deviation 1, of which those of one day have a part in common."""
    return np.repeat(random.normal(0, math.sqrt(alike), days), rows) + random.normal(0, math.sqrt(1 - alike), days * rows)


def held_out(days: int, rows: int) -> pl.DataFrame:
    moments = [START + day * DAY + row * DAY / rows for day in range(days) for row in range(rows)]
    return pl.DataFrame({"starts_at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")), "label": np.zeros(days * rows)})


def covered(days: int, alike: float, trials: int, *, by_days: bool) -> float:
    """How often the 95 % interval holds the true gain, which is none."""
    random, model, rows, hit = np.random.default_rng(2013), judged_by("mae", resamples=200), held_out(days, 20), 0
    for _ in range(trials):
        challenger = np.full(rows.height, 5.0)
        champion = 5 + np.maximum(gains(random, days, 20, alike), -5)
        generator = np.random.default_rng(0)
        found = (
            judge_by_days(model, rows, challenger, champion, generator) if by_days else judge(model, rows["label"], challenger, champion, generator)
        )
        hit += found.gain_low <= 0 <= found.gain_high
    return hit / trials


@pytest.mark.parametrize("days", [3, 5, 7, 14, 28])
@pytest.mark.parametrize("alike", [0.0, 0.3])
def test_the_interval_by_days_covers_also_where_rows_of_a_day_go_together_and_days_are_few(days: int, alike: float) -> None:
    assert covered(days, alike, 200, by_days=True) >= 0.9


def test_the_interval_by_rows_would_not() -> None:
    assert covered(7, 0.3, 200, by_days=False) < 0.75


def test_more_rows_of_the_same_days_make_it_no_surer_and_fewer_days_make_it_wider() -> None:
    model, random = judged_by("mae"), np.random.default_rng(1)
    few = 5 + random.normal(0, 1, 14)

    def width(days: int, rows: int) -> float:
        found = judge_by_days(model, held_out(days, rows), np.full(days * rows, 5.0), np.repeat(few[:days], rows), np.random.default_rng(0))
        assert found.blocks == days
        return found.gain_high - found.gain_low

    assert width(14, 40) == pytest.approx(width(14, 4))
    assert width(4, 40) > 2 * width(14, 40)


def test_where_all_rows_are_of_one_day_they_count_as_independent_and_that_is_told() -> None:
    rows, champion = held_out(1, 50), 5 + np.random.default_rng(2).normal(0, 1, 50)
    found = judge_by_days(judged_by("mae"), rows, np.full(50, 5.0), champion, np.random.default_rng(3))
    assert found == judge(judged_by("mae"), rows["label"], np.full(50, 5.0), champion, np.random.default_rng(3))
    assert found.blocks == 0


def test_days_are_those_of_the_declared_time_zone_and_a_rest_of_a_day_goes_with_the_day_beside_it() -> None:
    model = declare(partitions={"every": "day", "start": "2013-01-01", "timezone": "America/New_York"})[1]
    moments = pl.Series([START + hours * timedelta(hours=1) for hours in range(2, 56)], dtype=pl.Datetime("us", "UTC"))
    assert days_of(model, moments).unique_counts().to_list() == [27, 27]
    assert days_of(model, moments).unique(maintain_order=True).to_list() == ["2013-03-01", "2013-03-02"]


def test_a_metric_that_is_not_defined_without_one_of_the_days_has_no_interval() -> None:
    model = declare(task="binary", metrics={"primary": "roc_auc"})[1]
    rows = held_out(4, 20).with_columns(pl.Series("label", [1.0, 0.0] * 10 + [0.0] * 60))
    random = np.random.default_rng(4)
    found = judge_by_days(model, rows, random.random(80), random.random(80), random)
    assert math.isfinite(found.challenger_value)
    assert (math.isnan(found.gain_low), found.blocks) == (True, 4)
