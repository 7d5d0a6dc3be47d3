"""What is learnt from blocks: levels, seasons, and that too few tell nothing."""

import json

import numpy as np
import pytest

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, ColumnKey, Normal, Profile, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.dependence import dependence
from mlworks_orchestration.monitoring.drift.past.resample import Past, draw, phase_weights, stretches
from mlworks_orchestration.monitoring.drift.past.season import find_season
from mlworks_orchestration.monitoring.drift.statistics import KS, LEVENE, PSI
from mlworks_orchestration.monitoring.drift.statistics.record import deciding
from mlworks_orchestration.spec import Drift, DriftKind
from tests.monitoring.drift.streams import alarms, learn, profile

WIND = ColumnKey(DriftKind.FEATURE, "wind")
ONCE = Calibrated.each(0.01)


def blocks_of(means: list[float], rows: int = 300, seed: int = 0, starts: list[float] | None = None) -> Blocks:
    rng = np.random.default_rng(seed)
    parts = [profile({"wind": rng.normal(mean, 1, rows)}) for mean in means]
    return Blocks.of(Profile.merged(parts), parts, starts)


def calibrated(blocks: Blocks, drift: Drift | None = None, rule: Calibrated = ONCE, window: float = 1, rows: float | None = None) -> Normal:
    return calibrate_normal(
        blocks, rule, drift or Drift(), window_blocks=window, window_rows=rows, statistics=[KS], generator=np.random.default_rng(2)
    )


def test_the_more_blocks_differ_the_higher_the_level() -> None:
    rng = np.random.default_rng(3)
    moves = rng.normal(size=30)
    levels = [calibrated(blocks_of(list(size * moves))).nulls[WIND, "ks"].level for size in (0.0, 0.3, 0.9)]
    assert levels[0] < 0.5 < levels[1] < levels[2]


def test_the_level_is_that_of_a_normal_where_rows_are_independent() -> None:
    level = calibrated(blocks_of([0.0] * 60, 500)).nulls[WIND, "ks"].level
    # The largest of one test at 1 %: Smirnov's 1.63 over the root of the rows, as a shift.
    assert level == pytest.approx(1.63 / np.sqrt(500) * 2.507, rel=0.2)


def test_a_shorter_window_has_a_higher_level_and_a_longer_one_a_lower() -> None:
    blocks = blocks_of([0.0] * 40, 600)
    levels = [calibrated(blocks, window=window, rows=window * 600).nulls[WIND, "ks"].level for window in (0.25, 1, 8)]
    assert levels[0] > 1.6 * levels[1] > 1.6 * 1.6 * levels[2]


def test_a_window_of_a_block_and_most_of_another_is_none_of_one_block() -> None:
    blocks = blocks_of([0.0] * 40, 600)
    one, two, nearly_two = (calibrated(blocks, window=length).nulls[WIND, "ks"] for length in (1, 2, 1.9))
    assert one.level > 1.25 * two.level
    assert nearly_two.level == pytest.approx(two.level, rel=0.15)
    assert (one.rows, two.rows, nearly_two.rows) == pytest.approx((600, 1200, 1140))


def test_more_columns_need_a_higher_level() -> None:
    rng = np.random.default_rng(4)
    parts = [profile({f"c{index}": rng.normal(size=200) for index in range(30)}) for _ in range(40)]
    many = calibrated(Blocks.of(Profile.merged(parts), parts))
    for key in list(many.nulls)[:5]:
        single = [Profile({key[0]: part.columns[key[0]]}) for part in parts]
        assert many.nulls[key].level > 1.1 * calibrated(Blocks.of(Profile.merged(single), single)).nulls[key].level


def test_alarms_that_must_be_confirmed_need_less() -> None:
    rng = np.random.default_rng(5)
    blocks, rule = blocks_of(list(0.2 * rng.normal(size=60))), Calibrated.yearly(2, windows_per_year=365)
    once, twice = (calibrated(blocks, drift, rule).nulls[WIND, "ks"].level for drift in (Drift(), Drift(violations=2, of=3)))
    assert twice < once


def test_what_is_normal_at_min_effect_needs_no_level() -> None:
    assert calibrated(blocks_of([0.0] * 30, 200), Drift(min_effect=0.9)).nulls[WIND, "ks"].level < 0.9


def test_a_column_with_a_threshold_of_its_own_leaves_the_others_alone() -> None:
    rng = np.random.default_rng(6)
    parts = [profile({"wind": rng.normal(size=300), "wild": rng.standard_cauchy(300) + 9 * rng.normal()}) for _ in range(30)]
    blocks = Blocks.of(Profile.merged(parts), parts)
    free, bound = (calibrated(blocks, drift).nulls[WIND, "ks"].level for drift in (Drift(), Drift(thresholds={"wild": {"constant": 3.0}})))
    assert bound < free


def test_too_few_blocks_tell_nothing_and_it_says_so() -> None:
    normal = calibrated(blocks_of([0.0] * 4))
    assert not normal.nulls
    assert normal.how == "thresholds are not calibrated: the reference has 4 blocks, and how its windows vary is learnt from 5 or more"
    assert calibrated(blocks_of([0.0] * 5)).nulls


def test_a_cycle_is_found_with_and_without_times() -> None:
    cycle = [float(np.sin(2 * np.pi * block / 12)) for block in range(48)]
    assert find_season(blocks_of(cycle)).period == 12
    week = [0.1 if day % 7 < 5 else 0.6 for day in range(56)]
    timed = find_season(blocks_of(week, starts=[86_400.0 * day for day in range(56)]))
    assert (timed.period, timed.position(86_400.0 * 59.5)) == (7, 59.5)


@pytest.mark.parametrize("means", [[0.0] * 48, [0.05 * block for block in range(48)], [0.0] * 24 + [1.0] * 24])
def test_noise_and_trends_and_steps_are_no_season(means: list[float]) -> None:
    for seed in range(8):
        assert find_season(blocks_of(means, seed=seed)).period == 1


def test_a_cycle_seen_once_and_a_half_is_no_season() -> None:
    assert find_season(blocks_of([float(np.sin(2 * np.pi * block / 20)) for block in range(30)])).period == 1


def test_where_times_are_not_known_a_window_is_compared_with_what_is_most_like_it() -> None:
    rng = np.random.default_rng(7)
    means = [2 * float(np.sin(2 * np.pi * block / 8)) for block in range(33)]
    parts = [profile({"wind": rng.normal(mean, 1, 300), "rain": rng.normal(-mean, 1, 300)}) for mean in means]
    reference = learn(parts[:32], ONCE, 1)
    assert alarms(reference, profile({"wind": rng.normal(means[2], 1, 300), "rain": rng.normal(-means[2], 1, 300)})) is False
    assert alarms(reference, profile({"wind": rng.normal(means[2] + 1.5, 1, 300), "rain": rng.normal(-means[2], 1, 300)})) is True


def test_dependent_blocks_are_kept_together_and_count_as_fewer() -> None:
    rng = np.random.default_rng(8)
    alone = dependence(blocks_of([0.0] * 64).columns[WIND], 1, 4)
    level, means = 0.0, []
    for _ in range(64):
        level = 0.8 * level + rng.normal()
        means.append(level)
    together = dependence(blocks_of(means).columns[WIND], 1, 4)
    assert (alone.stretch, alone.factor) == (1, 1.0)
    assert together.stretch >= 4
    assert together.factor > 1
    assert together.freedom < alone.freedom / 2
    assert together.directions < 1.5, "what moves as a whole tells of one direction only"
    assert alone.directions > 2


def test_pseudo_histories_keep_phases_and_give_each_block_its_turn() -> None:
    drawn = stretches(np.random.default_rng(9), Past(53, 7, 3), np.arange(700) % 7, 20)
    assert (drawn % 7 == (np.arange(700)[:, None] + np.arange(20)) % 7).all()
    assert drawn.min() == 0
    assert drawn.max() == 52
    turns = np.bincount(stretches(np.random.default_rng(9), Past(10, 1, 4), np.zeros(5000, dtype=np.int64), 10).ravel())
    assert turns == pytest.approx(np.full(10, 5000), rel=0.05)


def test_a_window_holds_its_length_of_blocks_and_a_reference_all() -> None:
    draws = draw(np.random.default_rng(10), Past(20, 5, 2), window=3, sequences=4, steps=6)
    assert draws.windows.shape == (24, 20)
    assert draws.windows.sum(axis=1).tolist() == [3.0] * 24
    assert draws.references.shape == (4 * 5, 20)
    assert draws.against.max() < 20
    whole = draw(np.random.default_rng(10), Past(20, 5, 2), window=5, sequences=4, steps=6)
    assert whole.references.sum(axis=1).tolist() == [20.0] * 4


def test_blocks_weigh_as_the_window_holds_their_phase_however_often_it_was_seen() -> None:
    weights = phase_weights(Past(8, 3, 1), 4)
    assert weights.shape == (3, 8)
    by_phase = np.array([[row[np.arange(8) % 3 == phase].sum() for phase in range(3)] for row in weights])
    assert by_phase / by_phase.sum(axis=1, keepdims=True) == pytest.approx(np.array([[2, 1, 1], [1, 2, 1], [1, 1, 2]]) / 4)


def test_a_cycle_need_not_be_a_whole_number_of_blocks() -> None:
    cycle = [float(np.sin(2 * np.pi * block / 10.4)) for block in range(52)]
    assert find_season(blocks_of(cycle, 600)).period == pytest.approx(10.4, abs=0.05)
    drawn = stretches(np.random.default_rng(9), Past(52, 10.4, 2), np.arange(200), 10)
    apart = (drawn - np.arange(200)[:, None] - np.arange(10)) / 10.4
    assert np.abs(apart - np.rint(apart)).max() * 10.4 <= 0.51


def test_what_decides_is_declared_or_the_default() -> None:
    assert deciding(KS, DriftKind.FEATURE, "numeric", Drift())
    assert not deciding(PSI, DriftKind.FEATURE, "numeric", Drift())
    assert not deciding(KS, DriftKind.FEATURE, "categorical", Drift())
    named = Drift(statistics={"numeric": ["psi"]})
    assert deciding(PSI, DriftKind.FEATURE, "numeric", named)
    assert not deciding(KS, DriftKind.FEATURE, "numeric", named)
    assert not deciding(PSI, DriftKind.FEATURE, "categorical", named)
    assert [deciding(LEVENE, kind, "numeric", Drift()) for kind in (DriftKind.CONCEPT, DriftKind.FEATURE)] == [True, False]


def test_a_document_says_the_same() -> None:
    normal = calibrated(blocks_of([0.0] * 30))
    assert Normal.from_document(json.loads(json.dumps(normal.to_document()))) == normal
    with pytest.raises(DataError, match=r"this release reads 'mlworks\.normal', version 1"):
        Normal.from_document(normal.to_document() | {"version": 9})
    with pytest.raises(DataError, match="are damaged"):
        Normal.from_document(normal.to_document() | {"nulls": [{"kind": "feature"}]})


def test_the_same_seed_gives_the_same_levels() -> None:
    blocks = blocks_of([0.0] * 12)
    assert calibrated(blocks) == calibrated(blocks)
