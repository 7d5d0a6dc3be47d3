"""The pieces that error rates are measured with."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlworks_orchestration.monitoring.drift import CategoricalProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.comparison.correction import benjamini_hochberg
from mlworks_orchestration.monitoring.error_rates.detection import first_alarms, power_of, windows_needed
from mlworks_orchestration.monitoring.error_rates.false_alarms import count
from mlworks_orchestration.monitoring.error_rates.histories import Histories
from mlworks_orchestration.monitoring.error_rates.injections import INJECTIONS, Column, Injection, flip, on_levels
from mlworks_orchestration.monitoring.error_rates.intervals import binomial_interval, poisson_interval
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms, Power, Shift
from mlworks_orchestration.monitoring.error_rates.verdicts import Test as OneTest
from mlworks_orchestration.monitoring.error_rates.verdicts import alarms
from mlworks_orchestration.monitoring.error_rates.words import kind_words, partitions_words, rate_words, remarks
from mlworks_orchestration.spec import Drift, DriftKind

NORMAL = pl.Series("x", np.random.default_rng(0).normal(10, 2, 4000))
HOURS = pl.Series("x", np.random.default_rng(0).integers(5, 24, 4000))
NAMES = pl.Series("x", ["EWR"] * 600 + ["JFK"] * 300 + ["LGA"] * 100)


def column(values: pl.Series) -> Column:
    numeric = values.dtype.is_numeric()
    profile = NumericProfile.of(values.cast(pl.Float64).to_numpy()) if numeric else CategoricalProfile.of(values)
    return Column.of(profile, values)


def change(name: str, size: float, values: pl.Series) -> pl.Series:
    found = next(one for one in INJECTIONS if (one.name, one.size) == (name, size))
    return found.change(values, column(values), np.random.default_rng(1))


@given(st.integers(0, 50), st.floats(0.1, 100))
def test_the_interval_of_a_rate_is_garwood_s(events: int, exposure: float) -> None:
    low, high = poisson_interval(events, exposure)
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * events) / 2 / exposure if events else 0.0)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * events + 2) / 2 / exposure)


@given(st.integers(1, 500).flatmap(lambda trials: st.tuples(st.just(trials), st.integers(0, trials))))
def test_the_interval_of_a_share_is_clopper_and_pearson_s(made: tuple[int, int]) -> None:
    trials, found = made
    exact = stats.binomtest(found, trials).proportion_ci(0.95, "exact")
    assert binomial_interval(found / trials, trials) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_uneven_histories_widen_the_interval_of_their_rate() -> None:
    even, uneven = (Counted(40, 7300, 50, 20.0, dispersion) for dispersion in (1.0, 4.0))
    assert even.a_year == uneven.a_year
    assert uneven.interval.low < even.interval.low < even.interval.high < uneven.interval.high


@given(st.integers(1, 6), st.integers(0, 2**31))
def test_alarms_are_corrected_as_in_a_comparison(tests: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p_values, exceeds = rng.choice([0.001, 0.01, 0.02, 0.05, 0.3, np.nan], (tests, 40)), rng.random((tests, 40)) < 0.5
    exceeds &= np.isfinite(p_values)
    found = alarms([OneTest(p, e) for p, e in zip(p_values, exceeds, strict=True)], 0.05)
    for window in range(40):
        told = np.flatnonzero(np.isfinite(p_values[:, window]))
        adjusted = benjamini_hochberg(p_values[told, window].tolist())
        assert found[window] == any(p <= 0.05 and exceeds[index, window] for p, index in zip(adjusted, told, strict=True))


def test_a_pure_distance_alarms_by_its_threshold_alone() -> None:
    quiet = OneTest(np.array([0.9, 0.9]), np.array([True, True]))
    distance = OneTest(None, np.array([True, False]))
    assert alarms([quiet, distance], 0.05).tolist() == [True, False]
    assert alarms([distance], 0.05).tolist() == [True, False]


def test_windows_are_sums_of_their_partitions_and_the_shifted_ones_come_last() -> None:
    blocks = np.arange(8.0).reshape(4, 2)
    order = np.array([[0, 1, 2, 3, 0]])
    histories = Histories(order, 2, np.zeros((1, 4), dtype=np.int64))
    plain = histories.counts(blocks)
    assert plain.tolist() == [(blocks[one] + blocks[two]).tolist() for one, two in ((0, 1), (1, 2), (2, 3), (3, 0))]
    shifted = histories.counts(blocks, blocks + 100, begins=3)
    assert (shifted - plain).tolist() == [[0.0, 0.0], [0.0, 0.0], [100.0, 100.0], [200.0, 200.0]]


@pytest.mark.parametrize("size", [0.1, 0.5, 1.0])
def test_a_mean_is_moved_by_so_many_standard_deviations(size: float) -> None:
    moved = change("mean", size, NORMAL)
    assert abs(float(moved.mean()) - float(NORMAL.mean())) == pytest.approx(2 * size, rel=0.05)  # type: ignore[arg-type]


def test_whole_numbers_stay_whole_and_within_what_the_column_has() -> None:
    moved = change("mean", 0.2, HOURS)
    assert set(moved.to_list()) <= set(HOURS.to_list())
    assert abs(float(moved.mean()) - float(HOURS.mean())) == pytest.approx(0.2 * float(HOURS.std()), rel=0.2)  # type: ignore[arg-type]


def test_a_spread_is_scaled_about_the_mean() -> None:
    scaled = change("scale", 1.5, NORMAL)
    assert float(scaled.std()) == pytest.approx(3.0, rel=0.05)  # type: ignore[arg-type]
    assert float(scaled.mean()) == pytest.approx(10.0, abs=0.2)  # type: ignore[arg-type]


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.integers(0, 2**31))
def test_rounding_keeps_to_the_levels_next_to_a_number(values: list[float], seed: int) -> None:
    levels = np.array([-20.0, -1.0, 0.0, 2.5, 30.0])
    rounded = on_levels(np.array(values), levels, np.random.default_rng(seed))
    for value, level in zip(np.clip(values, -20, 30), rounded, strict=True):
        assert level in {levels[levels <= value].max(), levels[levels >= value].min()}


def test_missing_values_stay_missing_when_a_column_is_moved() -> None:
    values = pl.Series("x", [1.0, None, 3.0, 5.0])
    moved = change("mean", 0.5, values)
    assert np.isnan(moved.to_numpy()).tolist() == [False, True, False, False]


@pytest.mark.parametrize("values", [NORMAL, HOURS, NAMES])
def test_so_many_rows_lose_their_value_and_the_others_keep_it(values: pl.Series) -> None:
    emptied = change("missing", 0.25, values)
    assert emptied.null_count() == len(values) // 4
    assert emptied.dtype == values.dtype
    assert (emptied == values).drop_nulls().all()


def test_the_two_most_frequent_categories_are_exchanged_in_so_many_rows() -> None:
    swapped = change("swap", 0.5, NAMES)
    changed = pl.DataFrame({"before": NAMES, "after": swapped}).filter(pl.col("before") != pl.col("after"))
    assert set(changed.unique().rows()) == {("EWR", "JFK"), ("JFK", "EWR")}
    assert 400 < changed.height < 500
    assert swapped.value_counts()["count"].sum() == 1000


def test_the_most_frequent_category_becomes_the_second() -> None:
    recoded = change("recode", 0.25, NAMES)
    assert set(NAMES.filter(recoded != NAMES)) == {"EWR"}
    assert set(recoded.filter(recoded != NAMES)) == {"JFK"}
    assert 120 < (recoded != NAMES).sum() < 180


def test_labels_that_are_numbers_become_another_row_s() -> None:
    flipped = flip(NORMAL, 0.5, np.random.default_rng(0))
    assert 1950 <= (flipped != NORMAL).sum() <= 2000
    assert set(flipped) <= set(NORMAL)


def test_labels_that_are_classes_become_the_other_class() -> None:
    late = pl.Series("late", [0] * 70 + [1] * 30)
    flipped = flip(late, 0.5, np.random.default_rng(0))
    assert (flipped != late).sum() == 50
    assert flip(pl.Series("late", [1, 1]), 1.0, np.random.default_rng(0)).to_list() == [1, 1]


@pytest.mark.parametrize(
    ("values", "named"),
    [(NORMAL, {"mean", "scale", "missing"}), (NAMES, {"missing", "swap", "recode"}), (pl.Series("x", [1.0, 1.0]), {"missing"})],
)
def test_only_what_can_be_done_to_a_column_is_done(values: pl.Series, named: set[str]) -> None:
    def fits(one: Injection) -> bool:
        return one.fits(column(values))

    assert {one.name for one in INJECTIONS if fits(one)} == named


def test_k_of_n_windows_are_needed_before_a_shift_counts_as_found() -> None:
    found = np.array([[False, True, False, True, True, True]])
    assert first_alarms(found, 3, Drift()).tolist() == [2.0]
    drift = Drift(violations=2, of=2)
    assert windows_needed(3, drift) == 7
    assert first_alarms(np.hstack((found, [[True]])), 3, drift).tolist() == [4.0]


def test_what_is_found_in_no_history_has_no_time() -> None:
    shift = Shift(DriftKind.LABEL, "mean", 0.1)
    never = power_of(shift, [np.zeros((50, 4), dtype=bool)], 2, Drift())
    assert (never.power, never.median, never.slowest, never.never) == (0.0, None, None, 1.0)
    assert never.high == pytest.approx(0.0711, abs=1e-4)
    assert partitions_words(never) == "and more often than not it is not found within two windows"


def test_one_partition_is_said_in_the_singular() -> None:
    once = Power(DriftKind.LABEL, "mean", 0.5, "one", "", 1.0, 1.0, 1.0, 1, 1, 0.0)
    assert partitions_words(once) == "after 1 partition at the median"


def test_runs_are_counted_history_by_history() -> None:
    histories = [np.array([False, True, True]), np.array([True, False, True])]
    assert count(histories, Drift(), 365.0) == Counted(3, 6, 4, 6 / 365)
    many = [np.array([True, False, True, False] * 5)] + [np.zeros(20, dtype=bool)] * 19
    assert count(many, Drift(), 365.0).dispersion > 5


def test_a_rate_of_none_is_a_plain_zero() -> None:
    assert rate_words(Counted(0, 365, 0, 1.0)).startswith("0 (0\N{EN DASH}3.7)")


def judged(kind: DriftKind, drawn: Counted, *powers: Power) -> ErrorRates:
    """Return the error rates of a model that has one kind alone."""
    alarms = (FalseAlarms(kind, 0.5, drawn, None),)
    return ErrorRates("delay", 1, "{}", alarms, powers, 60, 6000, 7, 400, 0, "abc", 1.0, datetime(2013, 7, 1, tzinfo=UTC))


def test_more_false_alarms_than_declared_are_owned_up_to() -> None:
    honest, often = (judged(DriftKind.LABEL, Counted(episodes, 7300, episodes, 20.0)) for episodes in (10, 60))
    assert not any("more often than declared" in remark for remark in remarks(honest))
    assert "Label drift alarms more often than declared: 3 (2.3\N{EN DASH}3.9) instead of 0.5 a year." in list(remarks(often))


def test_what_is_hardly_ever_found_is_named() -> None:
    counted = Counted(10, 7300, 12, 20.0)
    wind = Power(DriftKind.FEATURE, "mean", 0.5, "column", "wind", 0.01, 0.0, 0.03, None, None, 0.99)
    rain = Power(DriftKind.FEATURE, "mean", 0.5, "column", "rain", 0.99, 0.97, 1.0, 2, 3, 0.0)
    both = Power(DriftKind.FEATURE, "mean", 0.5, "one", "", 0.5, 0.45, 0.55, 3, None, 0.5)
    unseen = [Power(DriftKind.CONCEPT, name, 0.5, "one", "", 0.0, 0.0, 0.01, None, None, 1.0) for name in ("swap", "flip")]
    rates = judged(DriftKind.FEATURE, counted, wind, rain, both, *unseen)
    assert kind_words(rates, DriftKind.FEATURE).endswith(
        "a shift of 0.5 sigma in one feature is found in 50% of windows, after 3 partitions at the median (hardly ever in wind)"
    )
    told = " ".join(remarks(rates))
    assert "a shift of 0.5 sigma in wind is hardly ever found" in told
    assert "exchanged without any statistic of one column seeing it" in told
    assert "Flipped labels are hardly seen" in told


def test_a_kind_without_columns_has_no_sentence_and_one_without_shifts_a_short_one() -> None:
    rates = judged(DriftKind.LABEL, Counted(10, 7300, 12, 20.0))
    assert kind_words(rates, DriftKind.FEATURE) == ""
    assert kind_words(rates, DriftKind.LABEL) == "label: 0.5 false alarms a year declared, 0.50 (0.24\N{EN DASH}0.92) measured"
