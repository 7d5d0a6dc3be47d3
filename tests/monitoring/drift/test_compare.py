"""The comparison: evidence and effect, and the third state."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control

from mlworks_orchestration.monitoring.drift import ColumnDrift, ColumnKey, Profile, Result, Statistic, compare, summarise
from mlworks_orchestration.spec import Drift, DriftKind

DRIFT = Drift()
FEATURE = DriftKind.FEATURE


def profile(*kinds: DriftKind, **columns: object) -> Profile:
    frame, kind = pl.DataFrame(columns), kinds[0] if kinds else FEATURE
    return Profile.of(frame, {name: ColumnKey(kind, name) for name in frame.columns})


def by_statistic(found: list[ColumnDrift], column: str) -> dict[str, ColumnDrift]:
    return {one.statistic: one for one in found if one.column == column}


def test_a_shift_that_is_large_and_certain_has_drifted() -> None:
    rng = np.random.default_rng(0)
    found = compare(profile(wind=rng.normal(0, 1, 5000)), profile(wind=rng.normal(1, 1, 900)), DRIFT)
    assert [(one.statistic, one.drifted) for one in found] == [("ks", True), ("psi", True)]
    assert found[0].reason.startswith("corrected p-value ")
    assert "effect 0." in found[0].reason
    assert "≥ 0.1: mean " in found[0].reason
    assert (found[0].rows_reference, found[0].rows_current, found[0].threshold) == (5000, 900, 0.1)


def test_a_shift_that_is_certain_but_tiny_has_not() -> None:
    rng = np.random.default_rng(1)
    ks = compare(profile(wind=rng.normal(0, 1, 300_000)), profile(wind=rng.normal(0.05, 1, 300_000)), DRIFT)[0]
    assert (ks.p_adjusted or 0.0) < 1e-6
    assert ks.drifted is False


def test_a_shift_that_is_large_but_uncertain_has_not() -> None:
    rng = np.random.default_rng(2)
    ks = compare(profile(wind=rng.normal(0, 1, 100)), profile(wind=rng.normal(0.3, 1, 100)), DRIFT)[0]
    assert (ks.effect or 0.0) >= DRIFT.min_effect
    assert (ks.p_adjusted or 0.0) > DRIFT.significance
    assert ks.drifted is False


def test_p_values_are_corrected_within_a_kind_and_not_across() -> None:
    rng = np.random.default_rng(3)
    columns = {f"c{i}": rng.normal(0, 1, 3000) for i in range(5)}
    reference = Profile({**profile(**columns).columns, **profile(DriftKind.LABEL, y=rng.normal(0, 1, 3000)).columns})
    current = {name: rng.normal(0.02 * i, 1, 900) for i, name in enumerate(columns)}
    found = compare(reference, Profile({**profile(**current).columns, **profile(DriftKind.LABEL, y=rng.normal(0, 1, 900)).columns}), DRIFT)
    for kind in (FEATURE, DriftKind.LABEL):
        p_values = [(one.p_value, one.p_adjusted) for one in found if one.kind is kind]
        expected = false_discovery_control([p or 0.0 for p, _ in p_values])
        assert [adjusted for _, adjusted in p_values] == pytest.approx(list(expected))
    assert len(found) == 12


def test_quiet_windows_raise_hardly_any_alarm() -> None:
    rng = np.random.default_rng(4)
    reference = profile(**{f"c{i}": rng.normal(0, 1, 20_000) for i in range(8)})
    alarms = sum(
        bool(one.drifted) for _ in range(100) for one in compare(reference, profile(**{f"c{i}": rng.normal(0, 1, 500) for i in range(8)}), DRIFT)
    )
    assert alarms == 0


def test_a_boolean_is_a_category() -> None:
    reference, current = profile(rainy=[True] * 300 + [False] * 700), profile(rainy=[True] * 700 + [False] * 300)
    assert {one.statistic for one in compare(reference, current, DRIFT)} == {"chi_squared", "psi"}
    assert compare(reference, current, DRIFT)[0].reason.endswith("false 70.0% → 30.0%")


def test_too_few_rows_on_either_side_are_inconclusive() -> None:
    few, many = profile(wind=np.arange(99.0)), profile(wind=np.arange(1000.0))
    for one in compare(many, few, DRIFT):
        assert (one.drifted, one.p_value, one.effect, one.value) == (None, None, None, None)
        assert "the current window has 99 rows" in one.reason
    assert "the reference has 99 rows" in compare(few, many, DRIFT)[0].reason


def test_missing_values_are_no_rows_to_ks_but_a_finding_to_psi() -> None:
    gone = by_statistic(compare(profile(wind=np.arange(500.0)), profile(wind=[float("nan")] * 500), DRIFT), "wind")
    assert (gone["ks"].drifted, gone["ks"].reason) == (None, "the current window has 0 rows with a value, fewer than min_rows 100")
    assert gone["psi"].drifted is True
    assert gone["psi"].reason.endswith("missing 0.0% → 100.0%")


def test_an_empty_window_is_inconclusive() -> None:
    empty = profile(wind=pl.Series([], dtype=pl.Float64), carrier=pl.Series([], dtype=pl.String))
    found = compare(profile(wind=np.arange(500.0), carrier=["UA"] * 500), empty, DRIFT)
    assert [one.drifted for one in found] == [None] * 4


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
    found = compare(profile(late=[False] * 500), profile(late=[False] * 499 + [True]), DRIFT)
    assert {one.drifted for one in found} == {None}
    assert "too rare to test" in found[0].reason


def test_a_kind_has_drifted_when_a_column_has_and_lists_it_once() -> None:
    rng = np.random.default_rng(5)
    reference = profile(wind=rng.normal(0, 1, 5000), hour=rng.normal(0, 1, 5000), gone=np.arange(5000.0))
    current = profile(wind=rng.normal(2, 1, 900), hour=rng.normal(0, 1, 900))
    found = compare(reference, current, DRIFT)
    whole = summarise(found, FEATURE, DRIFT)
    assert (whole.drifted, whole.column, whole.statistic) == (True, "", "")
    assert whole.value == pytest.approx(1 / 3)
    assert whole.effect == max(one.effect for one in found if one.effect is not None)
    assert whole.reason == "drifted: wind (1 of 3 columns); gone inconclusive: the current window has no column gone"


def test_a_kind_without_drift_names_what_could_not_be_told() -> None:
    reference = profile(wind=np.arange(500.0), gone=np.arange(500.0))
    whole = summarise(compare(reference, profile(wind=np.arange(500.0)), DRIFT), FEATURE, DRIFT)
    assert whole.drifted is False
    assert whole.reason == "none of 2 columns drifted; gone inconclusive: the current window has no column gone"


def test_a_statistic_of_ones_own_is_a_record() -> None:
    always = Statistic("always", "drifts", frozenset({"numeric"}), counts_missing=True, measure=lambda _reference, _current: Result(7.0, 0.0, 1.0))
    found = compare(profile(wind=np.arange(500.0)), profile(wind=np.arange(500.0)), DRIFT, statistics=[always])
    assert [(one.statistic, one.value, one.drifted) for one in found] == [("always", 7.0, True)]
