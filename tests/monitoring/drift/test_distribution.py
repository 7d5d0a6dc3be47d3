"""What is drawn of a column."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift import CategoricalProfile, Distribution, NumericProfile, distribution
from mlworks_orchestration.monitoring.drift.comparison.cells import categorical_cells, numeric_cells
from mlworks_orchestration.monitoring.drift.comparison.distribution import BINS, CATEGORIES
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(7)


def drawn(reference: Floats, current: Floats) -> Distribution:
    return distribution(numeric_cells(NumericProfile.of(reference), [NumericProfile.of(current)]))


def test_a_histogram_counts_as_numpy_does(generator: np.random.Generator) -> None:
    before, after = generator.normal(size=4_000), generator.normal(1.0, 1.0, 3_000)
    found = drawn(before, after)
    assert len(found.edges) == BINS + 1
    assert found.reference == pytest.approx(np.histogram(before, found.edges)[0] / 4_000, abs=0.003)
    assert found.current == pytest.approx(np.histogram(after, found.edges)[0] / 3_000, abs=0.003)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=80), st.lists(st.floats(), max_size=80))
def test_every_row_is_drawn_or_missing_or_beyond(before: list[float], after: list[float]) -> None:
    found = drawn(np.array(before), np.array(after, dtype=np.float64))
    assert sum(found.reference) + found.missing[0] + found.beyond[0] == pytest.approx(1.0)
    assert sum(found.current) + found.missing[1] + found.beyond[1] == pytest.approx(1.0 if after else 0.0)
    assert list(found.edges) == sorted(set(found.edges))
    assert len(found.reference) == len(found.current) == (len(found.labels) or max(len(found.edges) - 1, 0))


def test_one_outlier_does_not_hide_the_rest(generator: np.random.Generator) -> None:
    found = drawn(np.append(generator.normal(size=999), 1e9), generator.normal(size=1_000))
    assert found.edges[-1] < 10
    assert found.beyond[0] >= 0.001


def test_infinities_are_beyond_the_axis(generator: np.random.Generator) -> None:
    found = drawn(generator.normal(size=100), np.append(generator.normal(size=50), [np.inf] * 50))
    assert found.beyond[1] >= 0.5


def test_numbers_with_few_distinct_values_are_bars_in_their_order() -> None:
    found = drawn(np.array([10.0, 2.0, 2.0, -1.5]), np.array([10.0]))
    assert found.labels == ("-1.5", "2", "10")
    assert found.reference == (0.25, 0.5, 0.25)


def test_whole_numbers_are_counted_as_many_to_each_bin() -> None:
    values = np.arange(100.0)
    found = drawn(values, values)
    assert len({round(share, 9) for share in found.reference[:-1]}) == 1
    assert set(np.diff(found.edges)) == {4.0}


def test_a_skewed_column_has_a_logarithmic_axis(generator: np.random.Generator) -> None:
    values = generator.lognormal(0, 3, 5_000)
    found = drawn(values, values)
    assert found.logarithmic
    assert np.diff(np.log(found.edges)) == pytest.approx(np.full(BINS, np.log(found.edges[1] / found.edges[0])))
    assert not drawn(generator.normal(size=500), generator.normal(size=500)).logarithmic


def test_of_many_categories_the_largest_of_either_side_are_named() -> None:
    before = {f"c{index:04}": 10 for index in range(1_000)} | {"large": 5_000}
    after = {"new": 1_000}
    found = distribution(categorical_cells(CategoricalProfile(0, before), [CategoricalProfile(0, after)]))
    assert len(found.labels) == CATEGORIES
    assert found.labels[0] == "large"
    assert {"large", "new"} <= set(found.labels)
    assert found.others == 1_002 - CATEGORIES
    assert sum(found.reference) + found.beyond[0] == pytest.approx(1.0)
    assert found.beyond[1] == 0.0


def test_a_column_without_values_has_nothing_to_draw() -> None:
    found = drawn(np.array([np.nan]), np.array([]))
    assert (found.reference, found.missing) == ((), (1.0, 0.0))
