"""Each statistic against an oracle."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, numeric_cells
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile
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
    TOTAL_VARIATION,
    WASSERSTEIN,
    Statistic,
)

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int, float], Floats]

SHAPES: dict[str, Draw] = {
    "minutes": lambda rng, n, shift: rng.integers(15, 700, n).astype(np.float64) + 20 * shift,
    "hours": lambda rng, n, shift: np.floor(rng.triangular(5, 12 + shift, 24, n)),
    "temperature": lambda rng, n, shift: np.round(rng.normal(55 + 5 * shift, 17, n), 2),
    "mostly zero": lambda rng, n, shift: np.where(rng.random(n) < 0.9 - 0.1 * shift, 0.0, rng.exponential(0.1, n)),
    "normal": lambda rng, n, shift: rng.normal(shift / 5, 1 + shift / 10, n),
    "lognormal": lambda rng, n, shift: rng.lognormal(shift / 5, 1, n),
    "heavy tails": lambda rng, n, shift: rng.standard_cauchy(n) + shift / 5,
    "seconds since 1970": lambda rng, n, shift: 1.36e9 + rng.uniform(0, 86_400 * 30, n) + 86_400 * shift,
    "close together far from zero": lambda rng, n, shift: rng.normal(1000 + shift / 500, 0.01, n),
}
CASES = [(shape, shift) for shape in SHAPES for shift in (0.0, 1.0)]


def numbers(before: Floats, *after: Floats) -> Cells:
    """Count values, each distinct one in a cell of its own."""
    values = np.unique(np.concatenate((before, *after)))
    rows = np.array([np.bincount(np.searchsorted(values, side), minlength=len(values)) for side in (before, *after)], dtype=np.float64)
    return Cells(rows[0], rows[1:], 0.0, np.zeros(len(after)), values, None, np.zeros(len(values), dtype=np.bool_))


def categories(before: list[int], *after: list[int], missing: tuple[int, ...] = ()) -> Cells:
    """Lay counts of categories side by side; `missing` has the reference's first."""
    gone = np.array(missing or (0,) * (1 + len(after)), dtype=np.float64)
    names = tuple(f"level {index}" for index in range(len(before)))
    return Cells(np.array(before, float), np.array(after, float), float(gone[0]), gone[1:], None, names, np.zeros(len(before), dtype=np.bool_))


def drawn(shape: str, shift: float) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(11)
    return SHAPES[shape](rng, 5400, 0.0), SHAPES[shape](rng, 630, shift)


def p_of(statistic: Statistic, cells: Cells) -> float:
    found = statistic.measure(cells).p_value
    assert found is not None
    return float(found[0])


@pytest.mark.parametrize(("shape", "shift"), CASES)
def test_ks_is_scipys(shape: str, shift: float) -> None:
    before, after = drawn(shape, shift)
    found, exact = KS.measure(numbers(before, after)), stats.ks_2samp(before, after, method="asymp")
    assert found.value == pytest.approx([exact.statistic], abs=1e-12)
    assert p_of(KS, numbers(before, after)) == pytest.approx(exact.pvalue, rel=0.15, abs=1e-3)
    assert found.bound.tolist() == [0.0]


def test_ks_of_small_samples_has_scipys_exact_p_value_nearly() -> None:
    rng = np.random.default_rng(5)
    before, after = rng.normal(size=120), rng.normal(0.3, 1, size=100)
    exact = stats.ks_2samp(before, after, method="exact")
    assert p_of(KS, numbers(before, after)) == pytest.approx(exact.pvalue, rel=0.1)


@pytest.mark.parametrize(("shape", "shift"), CASES)
def test_mann_whitney_is_scipys(shape: str, shift: float) -> None:
    before, after = drawn(shape, shift)
    exact = stats.mannwhitneyu(after, before, method="asymptotic")
    assert MANN_WHITNEY.measure(numbers(before, after)).value == pytest.approx([exact.statistic / (5400 * 630)], rel=1e-12)
    assert p_of(MANN_WHITNEY, numbers(before, after)) == pytest.approx(exact.pvalue, rel=1e-9)


@pytest.mark.parametrize(("shape", "shift"), CASES)
def test_levene_is_scipys(shape: str, shift: float) -> None:
    before, after = drawn(shape, shift)
    exact = stats.levene(before, after, center="median")
    assert LEVENE.measure(numbers(before, after)).value == pytest.approx([exact.statistic], rel=1e-6)
    assert p_of(LEVENE, numbers(before, after)) == pytest.approx(exact.pvalue, rel=1e-5)


@pytest.mark.parametrize(("shape", "shift"), CASES)
def test_wasserstein_is_scipys_over_the_standard_deviation(shape: str, shift: float) -> None:
    before, after = drawn(shape, shift)
    exact = stats.wasserstein_distance(before, after) / before.std(ddof=1)
    assert WASSERSTEIN.measure(numbers(before, after)).value == pytest.approx([exact], rel=1e-6)


def test_where_a_deviation_overflows_wasserstein_takes_the_quartiles() -> None:
    before = np.random.default_rng(2).normal(size=4001)
    huge = numbers(before * 1e200, before * 1e200 + 1e200)
    assert WASSERSTEIN.measure(huge).value == pytest.approx([1 / (stats.iqr(before) / (2 * stats.norm.ppf(0.75)))], rel=1e-6)


table = st.lists(st.tuples(st.integers(150, 400), st.integers(150, 400)), min_size=2, max_size=8)


@settings(max_examples=50, deadline=None)
@given(table)
def test_chi_squared_is_scipys(pairs: list[tuple[int, int]]) -> None:
    before, after = (list(side) for side in zip(*pairs, strict=True))
    exact = stats.chi2_contingency([before, after], correction=False)
    assert CHI_SQUARED.measure(categories(before, after)).value == pytest.approx([exact.statistic], rel=1e-9, abs=1e-9)
    assert p_of(CHI_SQUARED, categories(before, after)) == pytest.approx(exact.pvalue, rel=1e-6, abs=1e-12)


def test_cramers_v_is_scipys_of_equal_sides() -> None:
    equal_sides = np.array([[5000, 3000, 2000], [3000, 3000, 4000]])
    found = CRAMERS_V.measure(categories([5000, 3000, 2000], [300, 300, 400]))
    assert found.value == pytest.approx([stats.contingency.association(equal_sides, method="cramer")])
    assert found.p_value is not None
    assert found.p_value[0] == p_of(CHI_SQUARED, categories([5000, 3000, 2000], [300, 300, 400]))


ORACLES: dict[str, tuple[Statistic, Callable[[Floats, Floats], float]]] = {
    "jensen_shannon": (JENSEN_SHANNON, lambda p, q: jensenshannon(p, q, base=2)),
    "hellinger": (HELLINGER, lambda p, q: float(np.linalg.norm(np.sqrt(p) - np.sqrt(q)) / np.sqrt(2))),
    "total_variation": (TOTAL_VARIATION, lambda p, q: float(np.abs(p - q).sum() / 2)),
    "l_infinity": (L_INFINITY, lambda p, q: float(np.abs(p - q).max())),
}
counts = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=9)


@pytest.mark.parametrize("name", ORACLES)
@settings(max_examples=50, deadline=None)
@given(pairs=counts, missing=st.tuples(st.integers(1, 30), st.integers(1, 30)))
def test_a_distance_of_categories_is_that_of_their_shares(name: str, pairs: list[tuple[int, int]], missing: tuple[int, int]) -> None:
    statistic, oracle = ORACLES[name]
    sides = [np.array([*side, gone], float) for side, gone in zip(zip(*pairs, strict=True), missing, strict=True)]
    found = statistic.measure(categories(*([pair[side] for pair in pairs] for side in (0, 1)), missing=missing))
    assert found.value == pytest.approx([oracle(*(side / side.sum() for side in sides))], abs=1e-7)


@pytest.mark.parametrize("name", ORACLES)
def test_a_distance_of_numbers_is_that_of_the_references_deciles(name: str) -> None:
    statistic, oracle = ORACLES[name]
    for shape, shift in CASES:
        before, after = drawn(shape, shift)
        edges = np.unique(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf"))
        p, q = (np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) / len(side) for side in (before, after))
        assert statistic.measure(numbers(before, after)).value == pytest.approx([oracle(p, q)], abs=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_psi_is_the_textbooks_on_the_references_deciles(shape: str) -> None:
    rng = np.random.default_rng(21)
    before, after = SHAPES[shape](rng, 54_000, 0.0), SHAPES[shape](rng, 6_300, 1.0)
    edges = np.unique(np.quantile(before, np.arange(1, 10) / 10, method="inverted_cdf"))
    p, q = (np.bincount(np.searchsorted(edges, side), minlength=len(edges) + 1) / len(side) for side in (before, after))
    filled = (p > 0) | (q > 0)
    exact = float(((q - p)[filled] * np.log(q[filled] / p[filled])).sum())
    assert PSI.measure(numbers(before, after)).value == pytest.approx([exact], rel=0.02, abs=0.002)


def test_psi_of_two_groups_by_hand() -> None:
    by_hand = 0.2 * np.log(0.7 / 0.5) - 0.2 * np.log(0.3 / 0.5)
    assert PSI.measure(categories([5000, 5000], [7000, 3000])).value == pytest.approx([by_hand], rel=1e-3)


@pytest.mark.parametrize(("missing", "rows"), [((50, 80), (1000, 1200)), ((700, 300), (1000, 600))])
def test_a_common_missing_share_is_tested_as_scipys_table(missing: tuple[int, int], rows: tuple[int, int]) -> None:
    cells = categories([rows[0] - missing[0]], [rows[1] - missing[1]], missing=missing)
    exact = stats.chi2_contingency([[m, n - m] for m, n in zip(missing, rows, strict=True)], correction=False)
    assert MISSING_SHARE.measure(cells).value == pytest.approx([missing[1] / rows[1] - missing[0] / rows[0]])
    assert p_of(MISSING_SHARE, cells) == pytest.approx(exact.pvalue, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 30), st.integers(0, 4))
def test_a_rare_missing_share_is_tested_as_scipys_binomial(before: int, after: int) -> None:
    cells, share = categories([100_000 - before], [100 - after], missing=(before, after)), 100 / 100_100
    tails = stats.binom.cdf(after, before + after, share), stats.binom.sf(after - 1, before + after, share)
    assert p_of(MISSING_SHARE, cells) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)
    assert p_of(MISSING_SHARE, cells) >= min(stats.fisher_exact([[before, 100_000 - before], [after, 100 - after]]).pvalue, 0.999) * 0.99


def test_rows_that_are_all_but_always_missing_are_tested_by_those_that_are_not() -> None:
    cells = categories([2], [9], missing=(10_000, 91))
    assert p_of(MISSING_SHARE, cells) == pytest.approx(2 * stats.binom.sf(8, 11, 100 / 10_102), rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(0, 20))
def test_new_categories_are_tested_as_scipys_negative_binomial(new: int, seen_once: int) -> None:
    cells = categories([1000, *[1] * seen_once, 0, 0], [100, *[0] * seen_once, new, 0])
    n, m = 1000 + seen_once, 100 + new
    assert NEW_CATEGORY.measure(cells).value == pytest.approx([new / m])
    failures_before = stats.nbinom(new, m / (n + m))  # failures before so many successes
    assert p_of(NEW_CATEGORY, cells) == pytest.approx(failures_before.cdf(seen_once), rel=1e-9)


def test_p_values_are_uniform_when_nothing_changed() -> None:
    rng = np.random.default_rng(17)
    cells = numbers(*(rng.normal(size=n) for n in (100_000, *[300] * 400)))
    for statistic in (KS, MANN_WHITNEY, LEVENE, PSI):
        p_values = statistic.measure(cells).p_value
        assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_new_categories_raise_no_more_alarms_than_they_may_when_rare_ones_abound() -> None:
    rng = np.random.default_rng(18)
    weights = 1 / np.arange(1, 3001) ** 1.1
    rows = [rng.multinomial(2000, weights / weights.sum()) for _ in range(600)]
    alarms = [p_of(NEW_CATEGORY, categories(list(before), list(after))) <= 0.05 for before, after in zip(rows[::2], rows[1::2], strict=True)]
    assert stats.binomtest(sum(alarms), len(alarms), 0.05, alternative="greater").pvalue > 0.01
    assert NEW_CATEGORY.measure(categories(list(rows[0]), list(rows[1]))).value[0] > 0.05


@pytest.mark.parametrize("shape", SHAPES)
def test_values_from_profiles_are_within_their_bounds_of_scipys(shape: str) -> None:
    rng = np.random.default_rng(31)
    before, after = SHAPES[shape](rng, 30_000, 0.0), SHAPES[shape](rng, 9000, 1.0)
    cells = numeric_cells(NumericProfile.of(before), [NumericProfile.merged([NumericProfile.of(part) for part in np.array_split(after, 7)])])
    exact = {
        KS: stats.ks_2samp(before, after, method="asymp").statistic,
        MANN_WHITNEY: stats.mannwhitneyu(after, before, method="asymptotic").statistic / (30_000 * 9000),
        LEVENE: stats.levene(before, after, center="median").statistic,
        WASSERSTEIN: stats.wasserstein_distance(before, after) / before.std(ddof=1),
    }
    for statistic, expected in exact.items():
        found = statistic.measure(cells)
        assert abs(found.value[0] - expected) <= found.bound[0] + 1e-6 * (1 + expected)
        assert abs(found.value[0] - expected) <= (0.01 if statistic is LEVENE else 0.001) * (1 + expected)
    assert KS.measure(cells).value[0] <= exact[KS] + 1e-12
