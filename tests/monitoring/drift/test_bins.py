"""Bins fixed in advance: order, exactness, and counts that add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift.profiles.bins import (
    COARSEST,
    EXACT,
    NO_BINS,
    Bins,
    Integers,
    bounds,
    centers,
    coarsen,
    counted,
    keys_of,
    values_of,
)
from mlworks_orchestration.monitoring.drift.profiles.budget import _COST, BUDGET, limited
from mlworks_orchestration.monitoring.drift.profiles.sums import add, aligned

anything = st.lists(st.floats(allow_nan=False), min_size=1, max_size=50)
precisions = st.integers(COARSEST, EXACT)


def count(values: list[float]) -> Bins:
    return counted(np.array(values))


def coarse(bins: Bins, precision: int) -> Bins:
    return coarsen(bins, np.minimum(bins.precisions, precision))


def as_lists(bins: Bins) -> list[list[int]]:
    return [part.tolist() for part in bins]


def mixture(rng: np.random.Generator, rows: int) -> np.ndarray:
    scale = rng.choice([1e-9, 1.0, 1.0, 1e6], rows)
    return np.where(rng.random(rows) < 0.3, 1e6 + rng.normal(size=rows), rng.normal(size=rows) * scale)


@given(anything)
def test_keys_sort_as_the_floats_do_and_tell_them_apart(values: list[float]) -> None:
    array = np.array(values)
    keys = keys_of(array)
    for i in range(len(values) - 1):
        assert (array[i] < array[i + 1]) == (keys[i] < keys[i + 1])
        assert (array[i] == array[i + 1]) == (keys[i] == keys[i + 1])


@given(anything)
def test_values_come_back_from_their_keys(values: list[float]) -> None:
    assert values_of(keys_of(np.array(values))).tolist() == values


@given(anything, precisions)
def test_coarsening_keeps_order_and_loses_no_row(values: list[float], precision: int) -> None:
    bins = coarse(count(values), precision)
    assert bins.total == len(values)
    assert (bins.keys[1:] > bins.keys[:-1]).all()


@given(anything, precisions, precisions)
def test_coarsening_twice_is_coarsening_once(values: list[float], one: int, other: int) -> None:
    fine, wide = max(one, other), min(one, other)
    assert as_lists(coarse(coarse(count(values), fine), wide)) == as_lists(coarse(count(values), wide))


@given(anything, precisions)
def test_each_value_lies_within_its_bin_s_bounds_and_so_does_the_center(values: list[float], precision: int) -> None:
    bins = coarse(count(values), precision)
    low, high = bounds(bins)
    middle = centers(bins)
    assert ((low <= middle) & (middle <= high)).all()
    for value in values:
        holding = ((low <= value) & (value <= high)).sum()
        assert holding == 1 or (value == 0 and holding == 2)  # the negative bin next to zero ends with -0.0


@pytest.mark.parametrize("precision", [COARSEST, 20, 40, EXACT])
def test_infinities_share_no_bin_with_finite_values(precision: int) -> None:
    largest = np.finfo(np.float64).max
    bins = coarse(count([-np.inf, -largest, largest, np.inf]), precision)
    assert bins.counts.tolist() == [1, 1, 1, 1]


def test_whole_numbers_below_a_million_have_bins_of_their_own_at_32_bits() -> None:
    numbers = np.arange(-1_000_000, 1_000_000, 7, dtype=np.float64)
    assert len(np.unique(keys_of(numbers) >> 32)) == len(numbers)


def cost(bins: Bins, precisions: Integers) -> int:
    return int(_COST[coarsen(bins, precisions).precision].sum())


def test_too_many_bins_are_coarsened_no_more_than_they_must() -> None:
    whole = counted(np.random.default_rng(3).normal(size=40_000))
    bins = limited(whole)
    assert bins.total == 40_000
    common = int(bins.precisions.min())
    assert cost(whole, np.full(len(whole.groups), common)) <= BUDGET < cost(whole, np.full(len(whole.groups), common + 1))


def test_few_values_far_from_the_others_keep_a_precision_of_their_own() -> None:
    rng = np.random.default_rng(5)
    bins = limited(counted(np.concatenate((rng.normal(size=50_000), 1e6 + rng.normal(size=50_000)))))
    far = bins.counts[values_of(bins.keys) > 1e5]
    assert far.sum() == 50_000
    assert far.max() < 0.06 * 50_000


def test_adding_in_any_order_and_grouping_gives_the_same_bins_as_counting_at_once() -> None:
    for seed in range(12):
        rng = np.random.default_rng(seed)
        values = [mixture(rng, rows) for rows in rng.integers(0, 9000, 5)]
        a, b, c, d, e = (limited(counted(part)) for part in values)
        at_once = limited(counted(np.concatenate(values)))
        assert at_once.precisions.min() < EXACT
        for other in (add([a, b, c, d, e]), add([add([e, a]), add([c, add([d, b])])]), add([add([add([add([d, c]), b]), a]), e])):
            assert as_lists(other) == as_lists(at_once)


@given(st.lists(st.lists(st.floats(allow_nan=False), max_size=12), min_size=1, max_size=5), st.integers(60, 600))
def test_the_law_holds_for_any_values_and_any_budget(parts: list[list[float]], budget: int) -> None:
    at_once = limited(count([value for part in parts for value in part]), budget)
    total = NO_BINS
    for part in parts:
        total = limited(add([limited(count(part), budget), total]), budget)
    assert as_lists(total) == as_lists(at_once)


def test_bins_without_values_add_nothing() -> None:
    assert as_lists(add([NO_BINS, count([1.0])])) == as_lists(count([1.0]))
    assert add([NO_BINS, NO_BINS]).total == 0
    assert aligned([NO_BINS, NO_BINS])[1].shape == (2, 0)
    assert limited(NO_BINS) == NO_BINS


def test_sides_are_aligned_at_what_the_coarser_of_them_knows() -> None:
    fine, wide = count([1.0, 1.5, 2.0, 300.0]), coarse(count([1.25, 1.5]), 13)
    bins, table = aligned([fine, wide])
    assert table.tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert bins.precisions.tolist() == [13, 64, 64]
