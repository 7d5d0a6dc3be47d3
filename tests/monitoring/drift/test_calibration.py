"""Its own error rates: false alarms as rare as declared, and shifts that matter found."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, Profile, Reference, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.extremes import episodes
from mlworks_orchestration.monitoring.drift.past.nulls import effects
from mlworks_orchestration.monitoring.drift.past.season import find_season
from mlworks_orchestration.monitoring.drift.past.setting import setting
from mlworks_orchestration.spec import Drift
from tests.monitoring.drift.streams import (
    DECIDING,
    Stream,
    alarms,
    autoregressive,
    learn,
    mean_interval,
    normals,
    part,
    profile,
    skewed,
    stands_alone,
)

LEVELS_ALONE = Drift(min_effect=0.01, significance=0.5)
"""Leaves the verdict to the calibrated levels: at the rate below, they are stricter than this."""


def rates(made: Callable[[Generator, int], Stream], declared: float) -> list[float]:
    """Return how often windows alarm that go on as their reference did, 40 of each of 40 references."""
    found = []
    for seed in range(40):
        stream = made(np.random.default_rng((7, seed)), 50_000)
        reference, _ = stands_alone(stream, 10_000, 1000, declared, LEVELS_ALONE)
        told = [alarms(reference, part(stream, start, start + 1000), LEVELS_ALONE) for start in range(10_000, 50_000, 1000)]
        assert None not in told
        found.append(sum(map(bool, told)) / len(told))
    return found


@pytest.mark.parametrize("made", [normals(3), autoregressive(3, 0.9)], ids=["independent", "autoregressive"])
def test_without_drift_false_alarms_are_as_rare_as_declared_and_no_rarer(made: Callable[[Generator, int], Stream]) -> None:
    low, high = mean_interval(rates(made, 0.05))
    assert low <= 0.05 <= high
    assert high - low < 0.05, "an interval so wide would hold half and twice the rate too"


def test_columns_of_many_categories_alarm_more_rarely_than_declared() -> None:
    assert mean_interval(rates(skewed(2), 0.05))[1] < 0.05 / 2


def test_without_calibration_dependent_rows_alarm_nearly_always() -> None:
    stream = autoregressive(4, 0.9)(np.random.default_rng(8), 11_000)
    reference, window = stands_alone(stream, 10_000, 1000)
    assert alarms(Reference(reference.profile), window) is True
    assert alarms(reference, window) is False


def days(rng: Generator, number: int, columns: int = 3, rows: int = 200) -> list[Profile]:
    """Return days with a weekday's pattern, and what remains of the day before."""
    made = []
    level = rng.normal(size=columns)
    for day in range(number):
        level = 0.6 * level + 0.8 * rng.normal(size=columns)
        means = 0.15 * level + (0.8 if day % 7 >= 5 else 0.0)
        made.append(profile({f"c{index}": rng.normal(mean, 1, rows) for index, mean in enumerate(means)}))
    return made


def test_a_models_sliding_windows_alarm_no_more_often_a_year_than_declared() -> None:
    drift, years, episodes = Drift(false_alarms_per_year=2), 0.0, 0
    for seed in range(6):
        parts = days(np.random.default_rng((9, seed)), 60 + 120)
        reference = learn(parts[:60], Calibrated.yearly(drift.false_alarms_per_year, windows_per_year=365), 7, drift)
        verdicts = [alarms(reference, Profile.merged(parts[end - 7 : end]), drift) is True for end in range(67, 181)]
        episodes += sum(now and not before for before, now in zip([False, *verdicts], verdicts, strict=False))
        years += len(verdicts) / 365
    # The number of episodes is about a Poisson variable: its 97.5th percentile at the declared rate.
    assert episodes <= 2 * years + 2 * np.sqrt(2 * years) + 1


def test_levels_of_a_model_alarm_in_histories_drawn_anew_less_often_than_declared_but_not_by_half() -> None:
    drift, rng = Drift(false_alarms_per_year=0.5), np.random.default_rng(16)
    parts = days(np.random.default_rng(9), 60, 2)
    whole = Profile.merged(parts)
    blocks, rule = Blocks.of(whole, parts), Calibrated.yearly(0.5, windows_per_year=365)
    anew = []
    for _ in range(30):
        made = setting(rng, blocks, find_season(blocks), rule, (7, None))
        anew.append({one: effect.reshape(-1, made.steps) for one, (effect, _) in effects(rng, blocks, made, DECIDING, drift).items()})
    found = []
    for seed in range(24):
        normal = calibrate_normal(blocks, rule, drift, window_blocks=7, statistics=DECIDING, generator=np.random.default_rng(seed))
        levels = {one: max(null.level, drift.min_effect) for one, null in normal.nulls.items()}
        above = [np.any([effect >= levels[one] for one, effect in drawn.items()], axis=0) for drawn in anew]
        found.append(sum(len(episodes(one.astype(np.float64), 0.5)) for one in above) / sum(one.size for one in above) / normal.rate)
    low, high = mean_interval(found)
    assert 0.65 < low < high < 0.95
    assert np.mean(np.array(found) > 1) <= 0.15


def test_a_weekend_that_is_due_is_quiet_and_the_look_of_one_on_a_weekday_is_not() -> None:
    parts = days(np.random.default_rng(10), 70)
    reference = learn(parts[:63], Calibrated.yearly(2, windows_per_year=365), 1, starts=list(range(63)))
    assert reference.normal is not None
    assert reference.normal.season.period == 7
    assert [alarms(reference, one, start=63.0 + day) for day, one in enumerate(parts[63:])] == [False] * 7
    assert alarms(reference, parts[68], start=64.0) is True


def seasonal(rng: Generator, rows: int, change: int | None = None) -> Stream:
    season = np.sin(2 * np.pi * np.arange(rows) / 4000)
    wind, rain = rng.normal(2 * season, 1), rng.normal(-season, 1)
    if change is not None:
        wind[change:] += 1.0
    return {"wind": wind, "rain": rain}


def test_a_season_that_the_reference_has_seen_is_quiet_and_a_change_on_top_is_found_at_once() -> None:
    for seed in range(3):
        quiet, changed = (seasonal(np.random.default_rng((12, seed)), 20_000, change) for change in (None, 16_000))
        cut = range(0, 12_000, 500)
        reference = learn([part(quiet, start, start + 500) for start in cut], Calibrated.each(0.01), 1)
        assert reference.normal is not None
        assert reference.normal.season.period == 8
        starts = range(12_000, 20_000, 500)
        assert sum(bool(alarms(reference, part(quiet, start, start + 500))) for start in starts) == 0
        assert alarms(reference, part(changed, 16_000, 16_500)) is True


def test_a_small_shift_of_one_column_of_many_is_found() -> None:
    rng = np.random.default_rng(13)
    stream = normals(20)(rng, 40_000)
    reference, _ = stands_alone(stream | {name: np.append(values, rng.normal(size=4000)) for name, values in stream.items()}, 40_000, 4000)
    found = 0
    for _ in range(25):
        window = normals(20)(rng, 4000)
        window["c3"] = rng.normal(0.2, 1, 4000)
        found += alarms(reference, profile(window)) is True
    assert found == 25


def test_quiet_windows_of_many_columns_hardly_alarm() -> None:
    rng = np.random.default_rng(14)
    stream = normals(20)(rng, 44_000)
    reference, _ = stands_alone(stream, 40_000, 4000)
    assert sum(alarms(reference, profile(normals(20)(rng, 4000))) is True for _ in range(25)) <= 1


def test_a_million_rows_with_a_trivial_shift_do_not_alarm_and_eight_rows_are_inconclusive() -> None:
    rng = np.random.default_rng(15)
    reference, _ = stands_alone({"c0": rng.normal(size=220_000)}, 200_000, 20_000)
    assert alarms(reference, profile({"c0": rng.normal(0.01, 1, 1_000_000)})) is False
    assert alarms(reference, profile({"c0": rng.normal(5, 1, 8)})) is None
