"""Thresholds are checked when they are made."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.monitoring.drift import ColumnKey, NumericProfile, Profile, check_names
from mlworks_orchestration.monitoring.drift.past.extremes import episodes, level_for, persistent, surely
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated, Constant, MeanSigma, declared
from mlworks_orchestration.spec import Drift, DriftKind


@pytest.mark.parametrize("value", [0.0, -1.0, 8.0, float("nan")])
def test_a_constant_that_no_effect_can_be_judged_by_is_refused(value: float) -> None:
    with pytest.raises(DeclarationError, match="allowed are effects above 0 and below 8"):
        Constant(value)


@pytest.mark.parametrize("k", [0.0, float("inf"), float("nan")])
def test_no_distance_from_the_mean_is_refused(k: float) -> None:
    with pytest.raises(DeclarationError, match="allowed are numbers above 0"):
        MeanSigma(k)


def test_more_false_alarms_than_windows_are_refused() -> None:
    with pytest.raises(DeclarationError, match="Change false_alarms_per_year"):
        Calibrated.yearly(12, windows_per_year=12)
    with pytest.raises(DeclarationError, match="0 false alarms"):
        Calibrated.each(0.0)


def test_a_column_s_threshold_comes_before_a_statistic_s() -> None:
    drift = Drift(thresholds={"wind": {"mean_sigma": 3}, "ks": {"constant": 0.2}})
    assert declared(drift, "wind", "ks") == MeanSigma(3)
    assert declared(drift, "rain", "ks") == Constant(0.2)
    assert declared(drift, "rain", "psi") is None


def test_the_level_of_a_common_rate_is_read_off_and_of_a_rare_one_extrapolated() -> None:
    scores = np.random.default_rng(0).exponential(size=(50_000, 1))
    for rate in (0.1, 0.01, 1e-5):
        assert_allclose(level_for(scores, rate), -np.log(rate), rtol=0.25)


def test_a_level_allows_so_many_runs_and_not_windows() -> None:
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(40, 371))
    sliding = np.stack([np.convolve(one, np.ones(7), "valid") for one in noise]) / np.sqrt(7)
    level = level_for(sliding, 4 / 365)
    assert len(episodes(sliding, level)) == pytest.approx(160, abs=8)
    assert (sliding > level).sum() > 250


@pytest.mark.parametrize("rate", [0.0005, 0.004, 0.05])
@pytest.mark.parametrize("wildness", [0.0, 1.0])
def test_of_many_draws_most_set_a_level_that_is_not_too_low(rate: float, wildness: float) -> None:
    rng = np.random.default_rng(3)

    def histories(number: int) -> NDArray[np.float64]:
        """Draw histories of ten windows that are never neighbours; all windows of one are the wilder together."""
        scores = np.full((number, 20), -np.inf)
        scores[:, ::2] = rng.exponential(size=(number, 10)) + wildness * rng.exponential(size=(number, 1))
        return scores

    fresh = np.sort(histories(50_000)[:, ::2].ravel())
    drawn = [histories(300) for _ in range(150)]
    levels = [level_for(one, surely(one, rate)) for one in drawn]
    found = (len(fresh) - np.searchsorted(fresh, levels)) / (2 * len(fresh)) / rate
    assert 0.8 <= (found <= 1).mean() <= 0.98
    assert found.mean() > 0.5


def test_where_nothing_could_alarm_there_is_no_level() -> None:
    nothing = np.full((10, 10), -np.inf)
    assert level_for(nothing, 0.01) == level_for(nothing, surely(nothing, 0.01)) == -np.inf


@given(st.lists(st.lists(st.integers(0, 5), min_size=6, max_size=6), min_size=1, max_size=4), st.integers(1, 3), st.integers(0, 2), st.integers(0, 4))
def test_k_of_n_is_what_it_says(values: list[list[int]], violations: int, more: int, level: int) -> None:
    scores, of = np.array(values, dtype=np.float64), violations + more
    found = persistent(scores, violations, of) > level
    for row, one in enumerate(scores):
        for window, latest in enumerate(one):
            last = one[max(0, window - of + 1) : window + 1]
            assert found[row, window] == (latest > level and (last > level).sum() >= violations)


WIND = Profile({ColumnKey(DriftKind.FEATURE, "wind"): NumericProfile.of(np.arange(3.0))})


@pytest.mark.parametrize(
    ("declaration", "said"),
    [
        ({"statistics": {"numeric": ["ks", "levine"]}}, r"names 'levine', which is no statistic of numeric columns; did you mean 'levene'\?"),
        ({"statistics": {"numeric": ["chi_squared"]}}, r"names 'chi_squared', which is no statistic of numeric columns"),
        ({"thresholds": {"wnid": {"constant": 0.2}}}, r"names 'wnid', which is neither a column nor a statistic; did you mean 'wind'\?"),
    ],
)
def test_a_name_that_there_is_no_statistic_or_column_of_is_an_error(declaration: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        check_names(Drift(**declaration), WIND)


def test_names_of_statistics_and_columns_are_accepted() -> None:
    check_names(Drift(statistics={"numeric": ["psi"], "text": []}, thresholds={"wind": {"constant": 0.2}, "ks": {"mean_sigma": 3}}), WIND)
