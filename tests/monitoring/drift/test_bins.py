"""Bins fixed in advance: order, exactness, and counts that add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift.bins import COARSEST, EXACT, MAX_BINS, Bins, add, coarsen, keys_of, limited

anything = st.lists(st.floats(allow_nan=False), min_size=1, max_size=50)
precisions = st.integers(COARSEST, EXACT)


def counted(values: list[float]) -> Bins:
    keys, counts = np.unique(keys_of(np.array(values)), return_counts=True)
    return Bins(EXACT, keys, counts)


def as_pairs(bins: Bins) -> dict[int, int]:
    return dict(zip(bins.keys.tolist(), bins.counts.tolist(), strict=True))


@given(anything)
def test_keys_sort_as_the_floats_do_and_tell_them_apart(values: list[float]) -> None:
    array = np.array(values)
    keys = keys_of(array)
    for i in range(len(values) - 1):
        assert (array[i] < array[i + 1]) == (keys[i] < keys[i + 1])
        assert (array[i] == array[i + 1]) == (keys[i] == keys[i + 1])


@given(anything, precisions)
def test_coarsening_keeps_order_and_loses_no_row(values: list[float], precision: int) -> None:
    bins = coarsen(counted(values), precision)
    assert bins.total == len(values)
    assert (bins.keys[1:] > bins.keys[:-1]).all()


@given(anything, precisions, precisions)
def test_coarsening_twice_is_coarsening_once(values: list[float], one: int, other: int) -> None:
    fine, coarse = max(one, other), min(one, other)
    assert as_pairs(coarsen(coarsen(counted(values), fine), coarse)) == as_pairs(coarsen(counted(values), coarse))


@pytest.mark.parametrize("precision", [COARSEST, 20, 40, EXACT])
def test_infinities_share_no_bin_with_finite_values(precision: int) -> None:
    largest = np.finfo(np.float64).max
    bins = coarsen(counted([-np.inf, -largest, largest, np.inf]), precision)
    assert bins.counts.tolist() == [1, 1, 1, 1]


def test_whole_numbers_below_a_million_have_bins_of_their_own_at_32_bits() -> None:
    numbers = np.arange(-1_000_000, 1_000_000, 7, dtype=np.float64)
    assert len(np.unique(keys_of(numbers) >> 32)) == len(numbers)


def test_too_many_bins_are_coarsened_no_more_than_they_must() -> None:
    values = np.random.default_rng(3).normal(size=40_000)
    keys, counts = np.unique(keys_of(values), return_counts=True)
    bins = limited(Bins(EXACT, keys, counts))
    assert len(bins.keys) <= MAX_BINS
    assert bins.total == 40_000
    assert len(coarsen(Bins(EXACT, keys, counts), bins.precision + 1).keys) > MAX_BINS


def test_adding_in_any_order_and_grouping_gives_the_same_bins_also_when_they_are_coarsened() -> None:
    rng = np.random.default_rng(4)
    a, b, c = (limited(counted(rng.normal(loc, 1, 6000).tolist())) for loc in (0, 1e3, -5))
    all_at_once = add([a, b, c])
    assert all_at_once.precision < EXACT
    for other in (add([add([a, b]), c]), add([a, add([b, c])]), add([c, b, a])):
        assert other.precision == all_at_once.precision
        assert as_pairs(other) == as_pairs(all_at_once)


def test_bins_without_values_add_nothing() -> None:
    empty = Bins(EXACT, np.array([], dtype=np.int64), np.array([], dtype=np.int64))
    assert as_pairs(add([empty, counted([1.0])])) == as_pairs(counted([1.0]))
    assert as_pairs(coarsen(empty, COARSEST)) == {}
    assert add([empty, empty]).total == 0
