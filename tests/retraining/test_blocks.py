"""How often the look back at a promotion is wrong, and that it is the textbook's where the textbook has an answer."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.retraining.aftermath import LOOKS, due_look
from mlworks_orchestration.training import gain_by_blocks
from mlworks_orchestration.training.blocks import _half_width
from mlworks_orchestration.training.measure import Vector


@pytest.fixture
def model(deployment: Any) -> Any:
    return deployment().model


def rows(gains: Vector, rows_a_block: int = 4) -> pl.DataFrame:
    """Rows of which the other predictions are better by a gain a block."""
    count = gains.size * rows_a_block
    block = np.repeat([f"{number:04}" for number in range(gains.size)], rows_a_block)
    error = 5 + np.repeat(gains, rows_a_block)
    return pl.DataFrame({"block": block, "label": np.zeros(count), "prediction": error, "other": np.full(count, 5.0)})


def days(generator: np.random.Generator, count: int, alike: float) -> Vector:
    """Gains of days that follow each other, with mean 0 and deviation 1, each as alike to the next as said."""
    noise = generator.normal(size=count + 50) * np.sqrt(1 - alike**2)
    series = np.zeros(count + 50)
    for day in range(1, series.size):
        series[day] = alike * series[day - 1] + noise[day]
    return series[50:]


def test_of_days_that_alternate_it_is_student_s_interval_of_their_gains(model: Any) -> None:
    gains = np.array([1.0, -0.5, 2.0, 0.0, 1.5, -1.0, 0.5, 0.25])
    found = gain_by_blocks(model, rows(gains), tail=0.025)
    low, high = stats.t.interval(0.95, gains.size - 1, gains.mean(), gains.std(ddof=1) / np.sqrt(gains.size))
    assert (found.gain, found.low, found.high) == pytest.approx((gains.mean(), low, high))
    assert (found.value, found.other_value) == pytest.approx((5 + gains.mean(), 5))


def test_more_rows_of_the_same_days_make_it_no_surer(model: Any) -> None:
    gains = days(np.random.default_rng(1), 14, 0.0)
    assert gain_by_blocks(model, rows(gains, 40), 0.025) == pytest.approx(gain_by_blocks(model, rows(gains, 4), 0.025))


def test_days_that_go_together_make_it_less_sure() -> None:
    apart, together = np.array([1.0, -1.0] * 7), np.array([1.0] * 7 + [-1.0] * 7)
    assert _half_width(together, 0.025) > 3 * _half_width(apart, 0.025)


def test_the_same_predictions_gain_nothing_for_sure(model: Any) -> None:
    assert gain_by_blocks(model, rows(np.zeros(14)), 0.025)[2:] == (0, 0, 0)


def test_a_prediction_that_is_no_number_is_refused(model: Any) -> None:
    with pytest.raises(TrainingError, match="NaN"):
        gain_by_blocks(model, rows(np.array([0.0, np.nan])), 0.025)


def test_the_looks_are_few_each_after_twice_as_many_blocks_and_share_one_probability_of_error(model: Any) -> None:
    found = {blocks: look for blocks in range(1, 400) if (look := due_look(model, blocks))}
    assert [next(blocks for blocks, look in found.items() if look.number == number) for number in range(1, LOOKS + 1)] == [14, 28, 56, 112]
    assert max(look.number for look in found.values()) == LOOKS
    tails = {look.number: look.tail for look in found.values()}
    assert [tails[number] for number in range(1, LOOKS + 1)] == pytest.approx([0.0125, 0.00625, 0.003125, 0.0015625])
    assert sum(tails.values()) < 0.025


def rolled_back(alike: float, gain: float, promotions: int) -> float:
    """How often four looks at a promotion find the predecessor better, which is so by a gain in deviations of a day."""
    generator, found = np.random.default_rng(2013), 0
    for _ in range(promotions):
        gains = days(generator, 112, alike) + gain
        found += any(gains[:count].mean() > _half_width(gains[:count], 0.025 / 2**look) for look, count in enumerate((14, 28, 56, 112), start=1))
    return found / promotions


@pytest.mark.parametrize(("alike", "at_most"), [(0.0, 0.025), (0.3, 0.045), (0.5, 0.055)])
def test_a_champion_that_is_as_good_is_rarely_sent_away_also_where_days_go_together(alike: float, at_most: float) -> None:
    assert rolled_back(alike, 0.0, 800) <= at_most


def test_a_champion_that_is_worse_is_found_out(model: Any) -> None:
    del model
    assert rolled_back(0.0, 0.5, 100) > 0.9
    assert rolled_back(0.3, 0.5, 100) > 0.6
