"""What holds of every statistic: laws of distances, bounds of errors, and what happens where nothing can be told."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.statistics import (
    CHI_SQUARED,
    CRAMERS_V,
    HELLINGER,
    JENSEN_SHANNON,
    KS,
    L_INFINITY,
    LEVENE,
    MANN_WHITNEY,
    MISSING_SHARE,
    NEW_CATEGORY,
    PSI,
    STATISTICS,
    TOTAL_VARIATION,
    WASSERSTEIN,
    Statistic,
)
from mlworks_orchestration.monitoring.drift.statistics.contingency import ALL_RARE, pool_rare
from mlworks_orchestration.monitoring.drift.statistics.effects import LARGEST

Floats = NDArray[np.float64]

NUMERIC = [statistic for statistic in STATISTICS if "numeric" in statistic.types]
CATEGORICAL = [statistic for statistic in STATISTICS if "categorical" in statistic.types]
SYMMETRIC = [CHI_SQUARED, CRAMERS_V, PSI, JENSEN_SHANNON, HELLINGER, TOTAL_VARIATION, L_INFINITY]
UNIT = [KS, MANN_WHITNEY, CRAMERS_V, NEW_CATEGORY, JENSEN_SHANNON, HELLINGER, TOTAL_VARIATION, L_INFINITY]
BOUNDED = [KS, MANN_WHITNEY, LEVENE, WASSERSTEIN]

values = st.lists(st.sampled_from([-3.5, -1.0, 0.0, 0.25, 1.0, 2.0, 7.5, 100.0]), min_size=1, max_size=60)
rows = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=9)


def numbers(before: list[float] | Floats, *after: list[float] | Floats, missing: tuple[int, ...] = ()) -> Cells:
    """Count values, each distinct one in a cell of its own."""
    distinct = np.unique(np.concatenate((before, *after)))
    table = np.array([np.bincount(np.searchsorted(distinct, side), minlength=len(distinct)) for side in (before, *after)], dtype=np.float64)
    gone = np.array(missing or (0,) * len(table), dtype=np.float64)
    return Cells(table[0], table[1:], float(gone[0]), gone[1:], distinct, None, np.zeros(len(distinct), dtype=np.bool_))


def octaves(before: Floats, after: Floats, width: float) -> Cells:
    """Count values above 1 in cells of one width, none wider than half its middle."""
    found = numbers(*(np.floor(side / width) * width + width / 2 for side in (before, after)))
    return replace(found, mixed=found.reference + found.windows[0] > 1)


def categories(pairs: list[tuple[int, int]], missing: tuple[int, int] = (0, 0)) -> Cells:
    before, after = np.array(pairs, dtype=np.float64).T
    return Cells(before, after[None], float(missing[0]), np.array(missing[1:], float), None, None, np.zeros(len(pairs), dtype=np.bool_))


def swapped(cells: Cells) -> Cells:
    reference, windows = cells.windows[0], cells.reference[None]
    return replace(
        cells, reference=reference, windows=windows, missing_reference=float(cells.missing[0]), missing=np.array([cells.missing_reference])
    )


def assert_alike(statistic: Statistic, one: Cells, other: Cells) -> None:
    for a, b in zip(statistic.measure(one)[:4], statistic.measure(other)[:4], strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert np.asarray(a) == pytest.approx(np.asarray(b), rel=1e-7, abs=1e-9, nan_ok=True)


def assert_in_range(statistic: Statistic, cells: Cells) -> None:
    found = statistic.measure(cells)
    told = ~np.isnan(found.effect)
    assert told.all() or found.reason
    for field in (field for field in found[:4] if field is not None):
        assert field.shape == (len(cells.windows),)
        assert (np.isnan(field) == ~told).all()
    assert (found.bound[told] >= 0).all()
    assert ((found.effect[told] >= 0) & (found.effect[told] <= LARGEST)).all()
    assert found.p_value is None or ((found.p_value[told] >= 0) & (found.p_value[told] <= 1)).all()
    assert (found.value[told] >= (-1 if statistic is MISSING_SHARE else 0)).all()
    assert statistic not in UNIT or (found.value[told] <= 1).all()


@pytest.mark.parametrize("statistic", NUMERIC, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(before=values, after=values, missing=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_statistics_of_numbers_are_in_range(statistic: Statistic, before: list[float], after: list[float], missing: tuple[int, int]) -> None:
    assert_in_range(statistic, numbers(before, after, missing=missing))


@pytest.mark.parametrize("statistic", CATEGORICAL, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(pairs=rows, missing=st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_statistics_of_categories_are_in_range(statistic: Statistic, pairs: list[tuple[int, int]], missing: tuple[int, int]) -> None:
    assert_in_range(statistic, categories(pairs, missing))


@pytest.mark.parametrize("statistic", [KS, LEVENE], ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(before=values, after=values)
def test_numbers_that_change_sides_change_nothing(statistic: Statistic, before: list[float], after: list[float]) -> None:
    assert_alike(statistic, numbers(before, after), numbers(after, before))


@pytest.mark.parametrize("statistic", SYMMETRIC, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(pairs=rows, missing=st.tuples(st.integers(0, 50), st.integers(51, 99)))
def test_categories_that_change_sides_change_nothing(statistic: Statistic, pairs: list[tuple[int, int]], missing: tuple[int, int]) -> None:
    cells = categories(pairs, missing)
    if cells.present_reference + missing[0] != cells.present[0] + missing[1]:  # else which side is the smaller is a matter of order
        assert_alike(statistic, cells, swapped(cells))


@settings(max_examples=50, deadline=None)
@given(before=values, after=values)
def test_mann_whitney_of_changed_sides_is_the_rest_of_one(before: list[float], after: list[float]) -> None:
    one, other = MANN_WHITNEY.measure(numbers(before, after)), MANN_WHITNEY.measure(numbers(after, before))
    assert one.value + other.value == pytest.approx([1.0])
    assert one.p_value == pytest.approx(other.p_value)
    assert one.effect == pytest.approx(other.effect, abs=1e-9)


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(side=values, times=st.integers(1, 5), missing=st.integers(0, 9))
def test_what_did_not_change_has_no_effect_and_is_no_evidence(statistic: Statistic, side: list[float], times: int, missing: int) -> None:
    cells = numbers(side, side * times, missing=(missing, missing * times))
    found = statistic.measure(cells if "numeric" in statistic.types else replace(cells, values=None))
    told = ~np.isnan(found.effect)
    assert told.all() or found.reason == ALL_RARE
    nothing = 0.5 if statistic is MANN_WHITNEY else 0.0
    assert found.value[told] == pytest.approx(nothing, abs=1e-7 if statistic is not PSI else 0.1)
    assert found.effect[told] == pytest.approx(0.0, abs=1e-6)
    assert found.p_value is None or (found.p_value[told] > 0.9).all()


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(before=values, windows=st.lists(values, min_size=2, max_size=4))
def test_many_windows_at_once_are_those_one_by_one(statistic: Statistic, before: list[float], windows: list[list[float]]) -> None:
    together = numbers(before, *windows)
    together = together if "numeric" in statistic.types else replace(together, values=None)
    all_at_once = statistic.measure(together)
    for index in range(len(windows)):
        one = statistic.measure(replace(together, windows=together.windows[index : index + 1], missing=together.missing[index : index + 1]))
        for whole, part in zip(all_at_once[:4], one[:4], strict=True):
            if isinstance(whole, np.ndarray) and isinstance(part, np.ndarray):
                assert whole[index : index + 1] == pytest.approx(part, rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("statistic", BOUNDED, ids=lambda one: one.name)
@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), width=st.sampled_from([0.01, 0.05, 0.25]), shift=st.sampled_from([0.0, 0.1, 1.0]))
def test_the_exact_value_is_within_the_bound_of_the_one_from_cells(statistic: Statistic, seed: int, width: float, shift: float) -> None:
    rng = np.random.default_rng(seed)
    before, after = 2 + rng.exponential(1, 400), 2 + rng.exponential(1, 90) + shift
    found, exact = statistic.measure(octaves(before, after, width)), statistic.measure(numbers(before, after)).value
    assert np.abs(exact - found.value) <= found.bound + 1e-9
    assert statistic is not KS or found.value <= exact + 1e-12


def test_bounds_are_narrow_where_cells_are() -> None:
    rng = np.random.default_rng(3)
    before, after = 4 + rng.random(4000), 4 + rng.random(900)
    bounds = {statistic.name: float(statistic.measure(octaves(before, after, 2**-10)).bound[0]) for statistic in BOUNDED}
    assert bounds["ks"] < 0.01
    assert bounds["mann_whitney"] < 0.001
    assert bounds["wasserstein"] < 0.01


@pytest.mark.parametrize("statistic", STATISTICS, ids=lambda one: one.name)
def test_an_empty_side_cannot_be_told_and_says_why(statistic: Statistic) -> None:
    for before, after in (([1.0, 2.0], []), ([], [1.0, 2.0]), ([], [])):
        cells = numbers(before, after)
        found = statistic.measure(cells if "numeric" in statistic.types else replace(cells, values=None))
        assert np.isnan(found.effect).all()
        assert found.reason


def test_infinities_count_for_the_order_and_are_left_out_of_distances() -> None:
    rng = np.random.default_rng(4)
    before, after = rng.normal(size=500), rng.normal(size=300)
    with_infinities = numbers(np.append(before, [np.inf] * 5), np.append(after, [-np.inf, np.inf]))
    for statistic in (LEVENE, WASSERSTEIN):
        assert statistic.measure(with_infinities).value == pytest.approx(statistic.measure(numbers(before, after)).value)
    assert np.isnan(LEVENE.measure(numbers([np.inf], [1.0])).effect).all()
    assert KS.measure(numbers([0.0] * 9, [np.inf] * 9)).effect.tolist() == [LARGEST]


def test_a_constant_reference_has_no_spread_to_measure_by() -> None:
    found = WASSERSTEIN.measure(numbers([3.0] * 50, [3.0] * 20, [4.0] * 20))
    assert found.value[0] == found.effect[0] == 0
    assert np.isnan(found.value[1])
    assert "no spread" in found.reason
    assert LEVENE.measure(numbers([3.0] * 50, [3.0, 4.0, 5.0] * 9)).effect.tolist() == [LARGEST]


def test_two_sides_without_a_category_in_common_have_the_largest_effect() -> None:
    found = CHI_SQUARED.measure(categories([(50_000, 0), (0, 2000)]))
    assert found.effect[0] > 4
    assert found.p_value is not None
    assert found.p_value[0] < 1e-10


def test_an_unseen_category_counts_even_where_it_was_hardly_expected() -> None:
    found = CHI_SQUARED.measure(categories([(30_000, 48), (20_000, 32), (0, 20)]))
    assert found.p_value is not None
    assert found.p_value[0] < 1e-10
    assert found.effect[0] > 0.5


def test_many_rare_categories_are_pooled_and_make_no_alarm() -> None:
    rng = np.random.default_rng(8)
    draws = [np.append(np.bincount(rng.integers(0, 5000, n), minlength=5000), n) for n in (20_000, 2_000)]
    found = CHI_SQUARED.measure(categories(list(zip(*draws, strict=True))))
    assert found.p_value is not None
    assert found.p_value[0] > 0.05
    assert found.effect[0] < 0.1


def test_rare_cells_that_stay_rare_together_join_the_smallest_other() -> None:
    table = pool_rare(categories([(500, 500), (300, 280), (2, 1)]))
    assert table.reference[table.reference + table.windows > 0].tolist() == [500.0, 302.0]
    assert table.windows[table.reference + table.windows > 0].tolist() == [500.0, 281.0]


@pytest.mark.parametrize("statistic", [CHI_SQUARED, CRAMERS_V, PSI], ids=lambda one: one.name)
def test_what_is_all_but_constant_cannot_be_told_and_what_is_constant_has_not_changed(statistic: Statistic) -> None:
    unsure = statistic.measure(categories([(500, 499), (0, 1)]))
    assert np.isnan(unsure.effect).all()
    assert "too rare" in unsure.reason
    assert statistic.measure(categories([(500, 300)])).effect.tolist() == [0.0]


@pytest.mark.parametrize("statistic", [PSI, JENSEN_SHANNON, HELLINGER, TOTAL_VARIATION, L_INFINITY, MISSING_SHARE], ids=lambda one: one.name)
def test_missing_values_are_a_change_to_those_that_count_them(statistic: Statistic) -> None:
    side = list(np.random.default_rng(2).normal(size=1000))
    assert statistic.counts_missing
    assert statistic.measure(numbers(side, side[:600], missing=(0, 400))).effect[0] > 0.5
    assert statistic.measure(numbers(side, [], missing=(0, 400))).effect[0] > 4
    assert not KS.counts_missing
    assert KS.measure(numbers(side, side[:600], missing=(0, 400))).effect[0] < 0.1


def test_few_rows_of_what_did_not_change_have_hardly_an_effect_on_average() -> None:
    rng = np.random.default_rng(12)
    cells = numbers(rng.normal(size=20_000), *(rng.normal(size=200) for _ in range(200)))
    for statistic in (PSI, JENSEN_SHANNON, HELLINGER):
        assert float(np.mean(statistic.measure(cells).effect)) < 0.1


def test_statistics_of_numbers_refuse_categories() -> None:
    with pytest.raises(TypeError, match="compares numbers"):
        LEVENE.measure(categories([(5, 5)]))


def test_pooled_categories_may_be_new_which_is_the_bound_and_may_have_been_seen_once_which_raises_the_p_value() -> None:
    cells = categories([(900, 90), (100, 5), (0, 5)])
    pooled = replace(cells, mixed=np.array([False, True, False]))
    known, unsure = NEW_CATEGORY.measure(cells), NEW_CATEGORY.measure(pooled)
    assert (known.value.tolist(), known.bound.tolist()) == ([0.05], [0.0])
    assert (unsure.value.tolist(), unsure.bound.tolist()) == ([0.05], [0.05])
    assert known.p_value is not None
    assert unsure.p_value is not None
    assert known.p_value[0] < 0.001
    assert unsure.p_value[0] > 0.5
