"""Each statistic against an oracle, and its bounds."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from mlworks_orchestration.monitoring.drift import STATISTICS, CategoricalProfile, ColumnProfile, Inconclusive, NumericProfile, Result, Statistic
from mlworks_orchestration.monitoring.drift.statistics import CHI_SQUARED, KS, PSI
from mlworks_orchestration.monitoring.drift.statistics.contingency import pool_rare

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, float], Floats]

REFERENCE, CURRENT = 54_000, 6_300

SHAPES: dict[str, Draw] = {
    "minutes": lambda rng, n, shift: rng.integers(15, 700, n).astype(np.float64) + 20 * shift,
    "miles": lambda rng, n, shift: rng.choice(np.arange(17.0, 4983.0, 23.0), n) + 100 * shift,
    "hours": lambda rng, n, shift: np.floor(rng.triangular(5, 12 + shift, 24, n)),
    "temperature": lambda rng, n, shift: np.round(rng.normal(55 + 5 * shift, 17, n), 2),
    "delays": lambda rng, n, shift: np.round(rng.exponential(30, n) - 15 + 5 * shift),
    "mostly zero": lambda rng, n, shift: np.where(rng.random(n) < 0.9 - 0.1 * shift, 0.0, rng.exponential(0.1, n)),
    "normal": lambda rng, n, shift: rng.normal(shift / 5, 1, n),
    "lognormal": lambda rng, n, shift: rng.lognormal(shift / 5, 3, n),
    "heavy tails": lambda rng, n, shift: rng.standard_cauchy(n) + shift / 5,
    "seconds since 1970": lambda rng, n, shift: 1.36e9 + rng.uniform(0, 86_400 * 30, n) + 86_400 * shift,
    "close together far from zero": lambda rng, n, shift: rng.normal(1000 + shift / 500, 0.01, n),
    "with infinities": lambda rng, n, shift: np.where(rng.random(n) < 0.05 + shift / 20, np.inf, rng.normal(0, 1, n)),
}


def numeric(values: Floats) -> NumericProfile:
    """Profile a week as its days' merge."""
    return NumericProfile.merged([NumericProfile.of(part) for part in np.array_split(values, 7)])


def conclusive(statistic: Statistic, reference: ColumnProfile, current: ColumnProfile) -> Result:
    found = statistic.measure(reference, current)
    assert isinstance(found, Result)
    return found


@pytest.mark.parametrize("shift", [0.0, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_ks_is_scipys(shape: str, shift: float) -> None:
    rng = np.random.default_rng(11)
    before, after = SHAPES[shape](rng, REFERENCE, 0.0), SHAPES[shape](rng, CURRENT, shift)
    found = conclusive(KS, NumericProfile.of(before), numeric(after))
    exact = stats.ks_2samp(before, after, method="asymp")
    assert -1e-12 <= exact.statistic - found.value <= 0.0005  # never above the exact one
    assert found.p_value == pytest.approx(exact.pvalue, rel=0.15, abs=1e-3)
    assert (found.p_value <= 0.01) == (exact.pvalue <= 0.01)


def test_ks_of_small_samples_has_scipys_exact_p_value_nearly() -> None:
    rng = np.random.default_rng(5)
    before, after = rng.normal(size=120), rng.normal(0.3, 1, size=100)
    found = conclusive(KS, NumericProfile.of(before), NumericProfile.of(after))
    exact = stats.ks_2samp(before, after, method="exact")
    assert found.value == pytest.approx(exact.statistic, abs=1e-12)
    assert found.p_value == pytest.approx(exact.pvalue, rel=0.1)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=60), st.lists(st.floats(allow_nan=False), min_size=1, max_size=60))
def test_ks_is_symmetric_bounded_and_exact_on_few_values(before: list[float], after: list[float]) -> None:
    a, b = NumericProfile.of(np.array(before)), NumericProfile.of(np.array(after))
    found = conclusive(KS, a, b)
    assert found == conclusive(KS, b, a)
    assert 0 <= found.value <= 1
    assert 0 <= found.p_value <= 1
    gaps = [abs(np.mean(np.array(before) <= value) - np.mean(np.array(after) <= value)) for value in before + after]
    assert found.value == pytest.approx(max(gaps), abs=1e-12)


def test_ks_of_what_did_not_change_is_nothing() -> None:
    values = np.random.default_rng(0).normal(size=30_000)
    assert conclusive(KS, NumericProfile.of(values), numeric(values)) == Result(0.0, 1.0, 0.0)


categories = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 400), min_size=1)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.integers(150, 400), st.integers(150, 400)), min_size=2))
def test_chi_squared_is_scipys(table: dict[str, tuple[int, int]]) -> None:
    before, after = (CategoricalProfile(0, {name: pair[side] for name, pair in table.items()}) for side in (0, 1))
    found = conclusive(CHI_SQUARED, before, after)
    exact = stats.chi2_contingency(list(zip(*table.values(), strict=True)), correction=False)
    assert found.value == pytest.approx(exact.statistic, rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(exact.pvalue, rel=1e-6, abs=1e-12)


def test_chi_squareds_effect_is_scipys_cramers_v_of_equal_sides() -> None:
    before, after = CategoricalProfile(0, {"a": 5000, "b": 3000, "c": 2000}), CategoricalProfile(0, {"a": 300, "b": 300, "c": 400})
    equal_sides = np.array([[5000, 3000, 2000], [3000, 3000, 4000]])
    assert conclusive(CHI_SQUARED, before, after).effect == pytest.approx(stats.contingency.association(equal_sides, method="cramer"))


@given(categories, categories, st.integers(0, 50))
def test_statistics_of_categories_are_bounded_or_inconclusive(before: dict[str, int], after: dict[str, int], missing: int) -> None:
    for statistic in (CHI_SQUARED, PSI):
        found = statistic.measure(CategoricalProfile(0, before), CategoricalProfile(missing, after))
        if isinstance(found, Result):
            assert found.value >= -1e-12
            assert 0 <= found.p_value <= 1
            assert 0 <= found.effect <= 1
        else:
            assert "too rare" in found.reason


@given(categories, categories)
def test_statistics_of_categories_do_not_change_when_the_sides_do(before: dict[str, int], after: dict[str, int]) -> None:
    one, other = CategoricalProfile(3, before), CategoricalProfile(5, after)
    if sum(before.values()) + 3 == sum(after.values()) + 5:
        return  # which side is the smaller is then a matter of order
    for statistic in (CHI_SQUARED, PSI):
        assert statistic.measure(one, other) == pytest.approx(statistic.measure(other, one))


def test_two_sides_without_a_category_in_common_have_the_largest_effect() -> None:
    found = conclusive(CHI_SQUARED, CategoricalProfile(0, {"a": 50_000}), CategoricalProfile(0, {"b": 100}))
    assert found.effect == pytest.approx(1.0)
    assert found.p_value < 1e-10


def test_an_unseen_category_counts_even_where_it_was_hardly_expected() -> None:
    reference = CategoricalProfile(0, {"a": 30_000, "b": 20_000})
    found = conclusive(CHI_SQUARED, reference, CategoricalProfile(0, {"a": 48, "b": 32, "new": 20}))
    assert found.p_value < 1e-10
    assert found.effect > 0.3


def test_many_rare_categories_are_pooled_and_make_no_alarm() -> None:
    rng = np.random.default_rng(8)
    values = [pl.Series(rng.integers(0, 5000, n).astype(str)) for n in (20_000, 2_000)]
    values = [series.extend(pl.Series(["common"] * (series.len() // 2))) for series in values]
    before, after = (CategoricalProfile.of(series) for series in values)
    found = conclusive(CHI_SQUARED, before, after)
    assert found.p_value > 0.05
    assert stats.chi2.sf(found.value, 1) == pytest.approx(found.p_value)  # common against all others


def test_rare_cells_that_stay_rare_together_join_the_smallest_other() -> None:
    pooled = pool_rare(np.array([[500.0, 300.0, 2.0], [500.0, 280.0, 1.0]]))
    assert pooled.tolist() == [[500.0, 302.0], [500.0, 281.0]]


def test_one_constant_category_has_not_changed() -> None:
    always = CategoricalProfile(0, {"true": 500})
    assert conclusive(CHI_SQUARED, always, always) == conclusive(PSI, always, always) == Result(0.0, 1.0, 0.0)


@pytest.mark.parametrize("statistic", [CHI_SQUARED, PSI])
def test_what_is_all_but_constant_cannot_be_told(statistic: Statistic) -> None:
    found = statistic.measure(CategoricalProfile(0, {"true": 500}), CategoricalProfile(0, {"true": 499, "false": 1}))
    assert isinstance(found, Inconclusive)


def test_missing_is_a_category_and_a_group() -> None:
    values = np.random.default_rng(2).normal(size=3000)
    with_gaps = values.copy()
    with_gaps[:900] = np.nan
    assert conclusive(PSI, NumericProfile.of(values), NumericProfile.of(with_gaps)).effect > 0.5
    assert conclusive(KS, NumericProfile.of(values), NumericProfile.of(with_gaps)).p_value > 0.05
    assert conclusive(CHI_SQUARED, CategoricalProfile(0, {"a": 100}), CategoricalProfile(50, {"a": 50})).effect > 0.5


@pytest.mark.parametrize("shape", ["normal", "temperature", "mostly zero", "with infinities", "miles"])
def test_psi_is_the_textbooks_on_the_references_deciles(shape: str) -> None:
    rng = np.random.default_rng(21)
    before, after = SHAPES[shape](rng, REFERENCE, 0.0), SHAPES[shape](rng, CURRENT, 1.0)
    edges = np.unique(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf"))
    p, q = (np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) / len(side) for side in (before, after))
    filled = (p > 0) | (q > 0)
    exact = float(((q - p)[filled] * np.log(q[filled] / p[filled])).sum())
    found = conclusive(PSI, NumericProfile.of(before), numeric(after))
    assert found.value == pytest.approx(exact, rel=0.02, abs=0.002)


def test_psi_of_two_groups_by_hand() -> None:
    before, after = CategoricalProfile(0, {"a": 5000, "b": 5000}), CategoricalProfile(0, {"a": 7000, "b": 3000})
    assert conclusive(PSI, before, after).value == pytest.approx(0.2 * np.log(0.7 / 0.5) - 0.2 * np.log(0.3 / 0.5), rel=1e-3)


def test_psis_p_values_are_uniform_when_nothing_changed() -> None:
    rng = np.random.default_rng(17)
    p_values = [conclusive(PSI, NumericProfile.of(rng.normal(size=4000)), NumericProfile.of(rng.normal(size=1000))).p_value for _ in range(400)]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_psi_of_a_column_that_is_wholly_missing_on_one_side_is_large() -> None:
    found = conclusive(PSI, NumericProfile.of(np.full(500, np.nan)), NumericProfile.of(np.arange(500.0)))
    assert found.effect == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_profiles_of_two_types_are_refused(statistic: Statistic) -> None:
    with pytest.raises(TypeError, match="compares"):
        statistic.measure(NumericProfile.of(np.array([1.0])), CategoricalProfile(0, {"a": 1}))
