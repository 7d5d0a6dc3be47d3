"""Direct loss estimation: its interval holds the realised metric under covariate shift, and cannot under concept shift, as it says."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.estimates import Estimate, LossEstimator, fit_loss_estimator

Rows = tuple[pl.DataFrame, NDArray[np.float64], NDArray[np.float64]]


def drawn(generator: np.random.Generator, rows: int, *, shifted: bool = False, bias: float = 0.0) -> Rows:
    """Return features, predictions and labels; the noise grows with x and is larger for category a."""
    x = 2 * generator.beta(3, 1.2, rows) if shifted else generator.uniform(0, 2, rows)
    level = generator.choice(["a", "b", ""], rows, p=[0.5, 0.3, 0.2] if shifted else [0.3, 0.4, 0.3])
    noise = generator.normal(size=rows) * (0.5 + x + (level == "a"))
    return pl.DataFrame({"x": x, "level": level}).with_columns(pl.col("level").replace("", None)), np.sin(x), np.sin(x) + noise + bias


def fitted(generator: np.random.Generator, rows: int = 1500, metric: str = "mae") -> LossEstimator:
    return fit_loss_estimator(*drawn(generator, rows), metric, seed=1)


def covers(estimate: Estimate, predictions: NDArray[np.float64], labels: NDArray[np.float64]) -> bool:
    errors = labels - predictions
    realised = np.sqrt(np.square(errors).mean()) if estimate.metric == "rmse" else np.abs(errors).mean()
    return bool(estimate.low <= realised <= estimate.high)


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_the_interval_holds_the_realised_metric_under_covariate_shift(metric: str) -> None:
    generator = np.random.default_rng(11)
    held = []
    for _ in range(6):
        estimator = fitted(generator, metric=metric)
        for _ in range(6):
            features, predictions, labels = drawn(generator, 600, shifted=True)
            held.append(covers(estimator.estimate(features, predictions), predictions, labels))
    assert np.mean(held) >= 0.83


def test_it_follows_a_covariate_shift_and_is_blind_to_a_concept_shift_and_says_so() -> None:
    generator = np.random.default_rng(11)
    estimator = fitted(generator, 3000)
    usual, shifted, wrong = drawn(generator, 2000), drawn(generator, 2000, shifted=True), drawn(generator, 2000, bias=3.0)
    found = [estimator.estimate(*rows[:2]) for rows in (usual, shifted, wrong)]
    assert found[1].value > found[0].high
    assert covers(found[1], *shifted[1:])
    assert not covers(found[2], *wrong[1:])
    assert all(each.trusted and "concept drift) is invisible" in each.reason for each in found)


def test_it_says_when_the_window_is_unlike_what_it_has_learnt_from() -> None:
    generator = np.random.default_rng(11)
    estimator = fitted(generator)
    features, predictions, _ = drawn(generator, 500)
    far = estimator.estimate(features.with_columns(pl.col("x") + 5), predictions)
    new = estimator.estimate(features.with_columns(level=pl.lit("z")), predictions)
    few = estimator.estimate(features[:20], predictions[:20])
    assert not any(each.trusted for each in (far, new, few))
    assert "of x lie outside" in far.reason
    assert "A classifier tells" in far.reason
    assert "100% of level are categories that are new" in new.reason
    assert "The window has 20 rows" in few.reason
    assert "learnt from 100 labelled rows" in fitted(generator, 100).estimate(features, predictions).reason


def test_days_that_err_together_widen_the_interval() -> None:
    generator = np.random.default_rng(11)
    days = np.repeat(np.arange(14), 150)
    frame = pl.DataFrame({"x": generator.normal(size=len(days))})
    labels = generator.normal(size=len(days)) * np.exp(generator.normal(0, 0.5, 14))[days]
    alone = fit_loss_estimator(frame, np.zeros(len(days)), labels, "mae", 1)
    together = fit_loss_estimator(frame, np.zeros(len(days)), labels, "mae", 1, blocks=days)
    window = frame[:600], np.zeros(600)
    one, four = together.estimate(*window, blocks=1), together.estimate(*window, blocks=4)
    assert one.standard_error > four.standard_error > 2 * alone.estimate(*window).standard_error


def weather(generator: np.random.Generator, days: int) -> tuple[pl.DataFrame, NDArray[np.int64]]:
    """Return columns that rows of a day share, but for one row in ten, and the day of each row."""
    day = np.repeat(np.arange(days), 100)
    shared = [generator.normal(0, 1, days)[day] + 0.2 * generator.normal(size=len(day)) for _ in range(5)]
    odd = generator.random(len(day)) < 0.1
    return pl.DataFrame({f"w{at}": np.where(odd, generator.normal(0, 3, len(day)), each) for at, each in enumerate(shared)}), day


def test_a_window_is_not_doubted_for_differing_as_parts_of_the_labelled_rows_do_from_each_other() -> None:
    generator = np.random.default_rng(11)
    rows, day = weather(generator, 20)
    loss = generator.normal(size=rows.height)
    alone, by_day = (fit_loss_estimator(rows, np.zeros(rows.height), loss, "mae", 1, blocks=blocks) for blocks in (None, day))
    windows = [weather(generator, 2)[0] for _ in range(6)]
    told = [[each.estimate(window, np.zeros(window.height), blocks=2).trusted for window in windows] for each in (alone, by_day)]
    assert sum(told[0]) <= 1
    assert sum(told[1]) >= 5
    still = windows[0].select(pl.all().first()).select(pl.all().repeat_by(200).explode())
    assert "A classifier tells" in by_day.estimate(still, np.zeros(200)).reason


def test_the_same_rows_and_seed_give_the_same_estimate() -> None:
    found = [fitted(np.random.default_rng(11)).estimate(*drawn(np.random.default_rng(2), 300)[:2]) for _ in range(2)]
    assert found[0] == found[1]


def test_what_cannot_be_estimated_is_refused() -> None:
    generator = np.random.default_rng(11)
    features, predictions, labels = drawn(generator, 100)
    with pytest.raises(DataError, match="estimate rmse"):
        fit_loss_estimator(features, predictions, labels, "r2", 1)
    with pytest.raises(DataError, match="there are 10 in 10"):
        fit_loss_estimator(features[:10], predictions[:10], labels[:10], "mae", 1)
    with pytest.raises(DataError, match="in 1"):
        fit_loss_estimator(features, predictions, labels, "mae", 1, blocks=np.zeros(100))
    estimator = fit_loss_estimator(features, predictions, labels, "mse", 1)
    with pytest.raises(DataError, match="no column 'level'"):
        estimator.estimate(features.drop("level"), predictions)
    with pytest.raises(DataError, match="without rows"):
        estimator.estimate(features[:0], predictions[:0])
