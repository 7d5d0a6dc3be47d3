"""The comparison: evidence and effect, more of it than is normal, and the third state."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from mlworks_orchestration.monitoring.drift import ColumnDrift, ColumnKey, Measures, Profile, Reference, Statistic, compare, summarise
from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.past.normal import Normal, Null
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics import CHI_SQUARED, KS, MISSING_SHARE, PSI, Pair
from mlworks_orchestration.spec import Drift, DriftKind

DRIFT = Drift()
FEATURE = DriftKind.FEATURE


def profile(*kinds: DriftKind, **columns: object) -> Profile:
    frame, kind = pl.DataFrame(columns), kinds[0] if kinds else FEATURE
    return Profile.of(frame, {name: ColumnKey(kind, name) for name in frame.columns})


def by_statistic(found: list[ColumnDrift], column: str) -> dict[str, ColumnDrift]:
    return {one.statistic: one for one in found if one.column == column}


def normal(statistic: str, **null: float) -> Normal:
    values = {"level": 0.0, "mean": 0.0, "std": 0.0, "median": 0.0, "high": 0.0, "rows": 1.0} | null
    return Normal({(ColumnKey(FEATURE, "wind"), statistic): Null(**values)}, blocks=10)


def constant(name: str, effect: float, p_value: float | None = 0.0, types: frozenset[str] = frozenset({"numeric"})) -> Statistic:
    def measure(sides: Cells | Pair) -> Measures:
        ones: Floats = np.ones(len(sides.windows))
        return Measures(7 * ones, None if p_value is None else p_value * ones, effect * ones, 0 * ones, "told nothing")

    return Statistic(name, "as given", types, counts_missing=True, measure=measure, decides=True)


def test_a_shift_that_is_large_and_certain_has_drifted() -> None:
    rng = np.random.default_rng(0)
    found = compare(profile(wind=rng.normal(0, 1, 5000)), profile(wind=rng.normal(1, 1, 900)), DRIFT)
    ks = by_statistic(found, "wind")["ks"]
    assert ks.drifted is True
    assert ks.reason.startswith("corrected p-value ")
    assert "effect 1." in ks.reason or "effect 0.9" in ks.reason
    assert "≥ 0.1 (min_effect): mean " in ks.reason
    assert (ks.rows_reference, ks.rows_current, ks.threshold, ks.threshold_source) == (5000, 900, 0.1, "floor")
    assert (ks.decides, ks.severity, ks.bound is not None) == (True, "warn", True)


def test_a_shift_that_is_certain_but_tiny_has_not() -> None:
    rng = np.random.default_rng(1)
    ks = compare(profile(wind=rng.normal(0, 1, 300_000)), profile(wind=rng.normal(0.05, 1, 300_000)), DRIFT, [KS])[0]
    assert ks.p_adjusted is not None
    assert ks.p_adjusted < 1e-6
    assert ks.drifted is False


def test_a_shift_that_is_large_but_uncertain_has_not() -> None:
    rng = np.random.default_rng(2)
    ks = compare(profile(wind=rng.normal(0, 1, 100)), profile(wind=rng.normal(0.3, 1, 100)), DRIFT, [KS])[0]
    assert ks.effect is not None
    assert ks.p_adjusted is not None
    assert ks.effect >= DRIFT.min_effect
    assert ks.p_adjusted > DRIFT.significance
    assert ks.drifted is False


def test_tests_that_decide_are_corrected_together_within_a_kind_and_the_others_each_by_itself() -> None:
    rng = np.random.default_rng(3)
    columns = {f"c{i}": rng.normal(0, 1, 3000) for i in range(5)}
    reference = Profile({**profile(**columns).columns, **profile(DriftKind.LABEL, y=rng.normal(0, 1, 3000)).columns})
    current = {name: rng.normal(0.02 * i, 1, 900) for i, name in enumerate(columns)}
    window = Profile({**profile(**current).columns, **profile(DriftKind.LABEL, y=rng.normal(0, 1, 900)).columns})
    found = compare(reference, window, DRIFT, [KS, MISSING_SHARE, PSI])
    assert len(found) == 18
    for kind in (FEATURE, DriftKind.LABEL):
        for family in ({"ks", "missing_share"}, {"psi"}):
            tests = [one for one in found if one.kind is kind and one.statistic in family]
            expected = false_discovery_control([one.p_value or 0.0 for one in tests])
            assert [one.p_adjusted for one in tests] == pytest.approx(list(expected))


def test_an_effect_below_what_is_normal_has_not_drifted() -> None:
    before, after = profile(wind=np.arange(1000.0)), profile(wind=np.arange(100.0, 1100.0))
    effect = compare(before, after, DRIFT, [KS])[0].effect or 0.0
    for level, drifted in ((effect - 0.01, True), (effect + 0.01, False)):
        one = compare(Reference(before, None, normal("ks", level=level)), after, DRIFT, [KS])[0]
        assert (one.drifted, one.threshold, one.threshold_source) == (drifted, pytest.approx(level), "calibrated")
        assert "(calibrated on the reference's past)" in one.reason


def test_a_threshold_grows_for_a_window_of_fewer_rows_than_it_was_made_with() -> None:
    before, after = profile(wind=np.arange(1000.0)), profile(wind=np.arange(100.0, 1100.0))
    assert compare(Reference(before, None, normal("ks", level=0.2, rows=4000.0)), after, DRIFT, [KS])[0].threshold == pytest.approx(0.4)
    assert compare(Reference(before, None, normal("ks", level=0.2, rows=250.0)), after, DRIFT, [KS])[0].threshold == pytest.approx(0.2)


def test_declared_thresholds_take_the_place_of_calibrated_ones() -> None:
    before, after = profile(wind=np.arange(1000.0)), profile(wind=np.arange(100.0, 1100.0))
    known = Reference(before, None, normal("ks", level=5.0, mean=0.1, std=0.02))
    by_column = compare(known, after, Drift(thresholds={"wind": {"constant": 0.2}, "ks": {"mean_sigma": 4}}), [KS])[0]
    assert (by_column.threshold, by_column.threshold_source, by_column.drifted) == (0.2, "constant", True)
    by_spread = compare(known, after, Drift(thresholds={"ks": {"mean_sigma": 4}}), [KS])[0]
    assert (by_spread.threshold, by_spread.threshold_source, by_spread.drifted) == (pytest.approx(0.18), "mean_sigma", True)
    assert compare(known, after, Drift(thresholds={"ks": {"mean_sigma": 40}}), [KS])[0].drifted is False


def test_min_effect_is_the_least_that_any_threshold_asks() -> None:
    before, after = profile(wind=np.arange(1000.0)), profile(wind=np.arange(10.0, 1010.0))
    for drift in (Drift(min_effect=0.5, thresholds={"ks": {"constant": 0.01}}), Drift(min_effect=0.5)):
        one = compare(Reference(before, None, normal("ks", level=0.01)), after, drift, [KS])[0]
        assert (one.threshold, one.threshold_source, one.drifted) == (0.5, "raised", False)


def test_quiet_windows_raise_hardly_any_alarm() -> None:
    rng = np.random.default_rng(4)
    reference = profile(**{f"c{i}": rng.normal(0, 1, 20_000) for i in range(8)})
    alarms = sum(
        summarise(compare(reference, profile(**{f"c{i}": rng.normal(0, 1, 500) for i in range(8)}), DRIFT), FEATURE, DRIFT).drifted is True
        for _ in range(100)
    )
    assert alarms <= 4


def test_a_boolean_is_a_category() -> None:
    reference, current = profile(rainy=[True] * 300 + [False] * 700), profile(rainy=[True] * 700 + [False] * 300)
    found = by_statistic(compare(reference, current, DRIFT), "rainy")
    assert found["chi_squared"].reason.endswith("false 70.0% → 30.0%")
    assert "ks" not in found


def test_too_few_rows_on_either_side_are_inconclusive() -> None:
    few, many = profile(wind=np.arange(99.0)), profile(wind=np.arange(1000.0))
    for one in compare(many, few, DRIFT):
        assert (one.drifted, one.p_value, one.effect, one.value, one.bound) == (None, None, None, None, None)
        assert "the current window has 99 rows" in one.reason
    assert "the reference has 99 rows" in compare(few, many, DRIFT)[0].reason


def test_a_statistic_may_ask_for_more_rows() -> None:
    choosy = Statistic("choosy", "rarely", frozenset({"numeric"}), counts_missing=True, measure=KS.measure, decides=True, least_rows=800)
    one = compare(profile(wind=np.arange(1000.0)), profile(wind=np.arange(500.0)), DRIFT, [choosy])[0]
    assert (one.drifted, one.reason) == (None, "the current window has 500 rows, fewer than the 800 that choosy needs")


def test_missing_values_are_no_rows_to_ks_but_a_finding_to_the_missing_share() -> None:
    gone = by_statistic(compare(profile(wind=np.arange(500.0)), profile(wind=[float("nan")] * 500), DRIFT), "wind")
    assert (gone["ks"].drifted, gone["ks"].reason) == (None, "the current window has 0 rows with a value, fewer than min_rows 100")
    assert gone["missing_share"].drifted is True
    assert gone["missing_share"].reason.endswith("missing 0.0% → 100.0%")


def test_an_empty_window_is_inconclusive() -> None:
    empty = profile(wind=pl.Series([], dtype=pl.Float64), carrier=pl.Series([], dtype=pl.String))
    found = compare(profile(wind=np.arange(500.0), carrier=["UA"] * 500), empty, DRIFT)
    assert {one.drifted for one in found} == {None}
    assert all(one.reason for one in found)


def test_a_column_of_another_type_is_inconclusive_and_says_so() -> None:
    found = compare(profile(wind=np.arange(500.0)), profile(wind=["calm"] * 500), DRIFT)
    assert {one.reason for one in found} == {"wind is numeric in the reference, but categorical in the current window"}
    assert {one.drifted for one in found} == {None}


@pytest.mark.parametrize("kind", [DriftKind.LABEL, DriftKind.CONCEPT])
def test_labels_that_are_not_there_are_inconclusive(kind: DriftKind) -> None:
    found = compare(profile(kind, y=np.arange(500.0)), Profile({}), DRIFT)
    assert summarise(found, kind, DRIFT).drifted is None
    assert summarise(found, kind, DRIFT).reason.startswith("labels not known yet")


def test_what_is_all_but_constant_is_inconclusive() -> None:
    one = compare(profile(late=[False] * 500), profile(late=[False] * 499 + [True]), DRIFT, [CHI_SQUARED])[0]
    assert one.drifted is None
    assert "too rare to test" in one.reason


def test_a_distance_without_a_p_value_alarms_by_a_threshold_of_its_own_only() -> None:
    before, after = profile(wind=np.arange(500.0)), profile(wind=np.arange(500.0))
    distance = constant("distance", 0.5, p_value=None)
    told = compare(before, after, DRIFT, [distance])[0]
    assert (told.drifted, told.value, told.p_adjusted) == (None, 7.0, None)
    assert "without a threshold of its own" in told.reason
    assert compare(Reference(before, None, normal("distance", level=0.4)), after, DRIFT, [distance])[0].drifted is True
    assert compare(Reference(before, None, normal("distance", level=0.6)), after, DRIFT, [distance])[0].drifted is False


def test_a_statistic_that_cannot_tell_says_why() -> None:
    one = compare(profile(wind=np.arange(500.0)), profile(wind=np.arange(500.0)), DRIFT, [constant("mute", float("nan"))])[0]
    assert (one.drifted, one.value, one.effect, one.reason) == (None, None, None, "told nothing")


def test_a_kind_has_drifted_when_a_column_has_and_lists_it_once() -> None:
    rng = np.random.default_rng(5)
    reference = profile(wind=rng.normal(0, 1, 5000), hour=rng.normal(0, 1, 5000), gone=np.arange(5000.0))
    current = profile(wind=rng.normal(2, 1, 900), hour=rng.normal(0, 1, 900))
    drift = Drift(severity={"feature": "error"})
    found = compare(reference, current, drift)
    whole = summarise(found, FEATURE, drift)
    assert (whole.drifted, whole.column, whole.statistic, whole.severity) == (True, "", "", "error")
    assert whole.value == pytest.approx(1 / 3)
    assert whole.effect == max(one.effect for one in found if one.effect is not None and one.decides)
    assert whole.reason == "drifted: wind (1 of 3 columns); gone inconclusive: the current window has no column gone"


def test_a_kind_without_drift_names_what_could_not_be_told() -> None:
    reference = profile(wind=np.arange(500.0), gone=np.arange(500.0))
    whole = summarise(compare(reference, profile(wind=np.arange(500.0)), DRIFT), FEATURE, DRIFT)
    assert whole.drifted is False
    assert whole.reason == "none of 2 columns drifted; gone inconclusive: the current window has no column gone"


def test_a_statistic_that_does_not_decide_is_told_but_does_not_count() -> None:
    before, after = profile(wind=np.arange(500.0)), profile(wind=np.arange(500.0))
    drift = Drift(statistics={"numeric": ["ks"]})
    found = compare(before, after, drift, [KS, constant("always", 1.0)])
    assert [(one.statistic, one.decides, one.drifted) for one in found] == [("ks", True, False), ("always", False, True)]
    assert summarise(found, FEATURE, drift).drifted is False
    both = Drift(statistics={"numeric": ["ks", "always"]})
    assert summarise(compare(before, after, both, [KS, constant("always", 1.0)]), FEATURE, both).drifted is True


def test_profiles_that_are_no_cells_are_given_as_they_are() -> None:
    class Text:
        type = "text"
        rows = present = 500
        missing = distinct = 0

    words = ColumnKey(FEATURE, "words")
    sides = Profile({words: Text()}), Profile({words: Text()})  # type: ignore[dict-item]
    one = compare(*sides, DRIFT, [constant("pairs", 1.0, types=frozenset({"text"}))])[0]
    assert (one.drifted, one.threshold_source) == (True, "floor")


def test_a_column_of_which_one_statistic_cannot_tell_has_not_been_found_free_of_drift() -> None:
    rng = np.random.default_rng(1)
    few = {"few": [float(value) if row % 20 == 0 else None for row, value in enumerate(rng.normal(size=1000))]}
    moved = {"few": [None if value is None else value + 10 for value in few["few"]]}
    found = compare(profile(**few), profile(**moved), DRIFT)
    assert by_statistic(found, "few")["missing_share"].drifted is False
    summed = summarise(found, FEATURE, DRIFT)
    assert (summed.drifted, summed.reason) == (None, "the reference has 50 rows with a value, fewer than min_rows 100")
    both = compare(profile(**few, wind=rng.normal(size=1000)), profile(**moved, wind=rng.normal(size=1000)), DRIFT)
    assert summarise(both, FEATURE, DRIFT).reason.startswith("none of 2 columns drifted; few inconclusive: the reference has 50 rows")
