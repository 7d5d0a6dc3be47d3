"""Which two numbers go together otherwise than before."""

import numpy as np
import pytest
from scipy.stats import norm, rankdata

from mlworks_orchestration.monitoring.drift import JointProfile, most_changed


def profile(generator: np.random.Generator, correlation: float, columns: int, rows: int = 1_000) -> JointProfile:
    """The first two of some columns go together as is said; of a tenth of the rows the second is not known."""
    values = generator.normal(size=(columns, rows))
    values[1] = correlation * values[0] + np.sqrt(1 - correlation**2) * values[1]
    values[1, ::10] = np.nan
    return JointProfile.of_columns({f"x{number}": column for number, column in enumerate(values)}, {}, generator)


def test_the_pair_that_changed_is_found_with_the_correlation_of_normal_scores() -> None:
    generator = np.random.default_rng(1)
    before, after = profile(generator, 0.8, 30), profile(generator, 0.2, 30)
    found = most_changed(before, after)
    assert found is not None
    assert (found.first, found.second) == ("x0", "x1")
    for side, told in ((before, found.before), (after, found.after)):
        pair = side.sample[:, [side.numbers.index(name) for name in ("x0", "x1")]]
        pair = pair[~np.isnan(pair).any(axis=1)]
        scores = norm.ppf(rankdata(pair, axis=0) / (len(pair) + 1))
        assert told == pytest.approx(np.corrcoef(scores.T)[0, 1], abs=0.01)  # ranks are those among all rows that have a value


def test_values_that_are_lost_change_no_correlation() -> None:
    generator = np.random.default_rng(4)
    x, noise = generator.normal(size=(2, 1_000))
    y = 0.9 * x + np.sqrt(0.19) * noise
    before, after = (
        JointProfile.of_columns({"x": x, "y": column}, {}, generator) for column in (y, np.where(generator.random(1_000) < 0.5, np.nan, y))
    )
    assert most_changed(before, after) is None


def test_pairs_that_did_not_change_are_named_in_one_comparison_of_a_hundred() -> None:
    generator = np.random.default_rng(2)
    named = sum(most_changed(profile(generator, 0.7, 12, 200), profile(generator, 0.7, 12, 200)) is not None for _ in range(300))
    assert named <= 10  # of 300 draws at 0.01, more have a probability of 3 in 10,000


def test_a_constant_a_single_column_and_few_rows_name_none() -> None:
    generator = np.random.default_rng(3)
    constant = JointProfile.of_columns({"x": np.zeros(100), "y": generator.normal(size=100)}, {}, generator)
    assert most_changed(constant, constant) is None
    single = JointProfile.of_columns({"x": generator.normal(size=100)}, {"c": ["a"] * 100}, generator)
    assert most_changed(single, single) is None
    assert most_changed(profile(generator, 0.9, 2, 20), profile(generator, -0.9, 2, 20)) is None
