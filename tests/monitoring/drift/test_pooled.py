"""Columns of more categories than are kept: never "no drift" where it could not be told, and no alarm by pooling."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift import Blocks, CategoricalProfile, ColumnDrift, ColumnKey, Profile, analyze, compare, summarise
from mlworks_orchestration.monitoring.drift.comparison.kept import POOLED
from mlworks_orchestration.monitoring.drift.past.matching import Match
from mlworks_orchestration.monitoring.drift.profiles import categorical
from mlworks_orchestration.monitoring.drift.statistics import CHI_SQUARED, CRAMERS_V, MISSING_SHARE, NEW_CATEGORY
from mlworks_orchestration.spec import Drift, DriftKind
from tests.monitoring.drift.streams import DECIDING, Stream, alarms, stands_alone

TESTS = (CHI_SQUARED, CRAMERS_V, NEW_CATEGORY, MISSING_SHARE)
ID = ColumnKey(DriftKind.FEATURE, "id")
DRIFT = Drift(min_rows=2)


def verdicts(found: Sequence[ColumnDrift]) -> dict[str, bool | None]:
    return {one.statistic: one.drifted for one in found}


def compared(reference: CategoricalProfile, current: CategoricalProfile) -> dict[str, ColumnDrift]:
    return {one.statistic: one for one in compare(Profile({ID: reference}), Profile({ID: current}), DRIFT)}


def zipf(seed: int, rows: int, levels: int = 2000) -> list[str]:
    shares = 1 / np.arange(1, levels + 1) ** 0.7
    drawn = np.random.default_rng(seed).choice(levels, size=rows, p=shares / shares.sum())
    return [f"u{level}" for level in drawn]


def counted(values: Sequence[str | None], parts: int = 1) -> CategoricalProfile:
    pieces = [pl.Series(values[part::parts], dtype=pl.String) for part in range(parts)]
    return CategoricalProfile.merged([CategoricalProfile.of(piece) for piece in pieces])


def test_that_all_of_too_many_categories_were_replaced_is_never_called_no_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categorical, "MOST", 100)
    before, after = ([f"{side}{level}" for level in range(120)] * 83 for side in "uv")
    found = compared(counted(before), counted(after))
    assert verdicts(list(found.values())) == dict.fromkeys(found) | {"missing_share": False}
    assert found.keys() >= {"chi_squared", "cramers_v", "new_category", "psi", "jensen_shannon", "hellinger", "total_variation", "l_infinity"}
    assert found["chi_squared"].reason == found["psi"].reason == POOLED
    whole = analyze(pl.DataFrame({"id": before}), pl.DataFrame({"id": after})).columns[0]
    assert (whole.drifted, whole.reason) == (None, POOLED)


def test_the_same_distribution_makes_no_alarm_however_many_rows_decide_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categorical, "MOST", 400)
    found = compared(counted(zipf(1, 100_000), parts=4), counted(zipf(2, 10_000)))
    assert found["chi_squared"].drifted is None
    assert not any(one.drifted for one in found.values())


def test_a_quiet_window_of_a_calibrated_model_makes_no_alarm_and_a_replaced_one_is_not_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(categorical, "MOST", 400)
    stream: Stream = {"id": np.array(zipf(3, 66_000))}
    reference, window = stands_alone(stream, 60_000, 6_000)
    quiet = verdicts(compare(reference, window, Drift(), DECIDING))
    assert quiet == {"missing_share": False, "chi_squared": None, "new_category": None}
    other = Profile({ID: counted([f"v{name}" for name in stream["id"][60_000:]])})
    replaced = verdicts(compare(reference, other, Drift(), DECIDING))
    assert False not in (replaced["chi_squared"], replaced["new_category"])
    assert alarms(reference, window) is None
    assert alarms(reference, other) is not False


def test_kept_categories_show_a_drift_that_no_pooled_row_can_undo() -> None:
    before, after = {"a": 50_000, "b": 40_000}, {"a": 9_000, "b": 500}
    found = compared(CategoricalProfile(0, before, other=5_000, bound=10), CategoricalProfile(0, after, other=500, bound=5))
    assert found["chi_squared"].drifted is True
    assert found["chi_squared"].bound is not None
    assert found["chi_squared"].bound > 0


def test_so_few_pooled_rows_that_they_cannot_matter_leave_no_drift() -> None:
    before, after = {"a": 500_000, "b": 400_000}, {"a": 50_000, "b": 40_000}
    found = compared(CategoricalProfile(0, before, other=100, bound=1), CategoricalProfile(0, after, other=10, bound=1))
    assert (found["chi_squared"].drifted, found["new_category"].drifted) == (False, False)
    many = compared(CategoricalProfile(0, before, other=90_000, bound=1), CategoricalProfile(0, after, other=9_000, bound=1))
    assert (many["chi_squared"].drifted, many["chi_squared"].reason) == (None, POOLED)


def test_categories_new_to_a_reference_that_pools_none_are_new_whatever_the_window_pools() -> None:
    found = compared(CategoricalProfile(0, {"a": 5_000}), CategoricalProfile(0, {"a": 500, "new": 300}, other=200, bound=2))
    assert found["new_category"].drifted is True
    assert (found["new_category"].value, found["new_category"].bound) == (0.3, 0.2)


def test_an_effect_that_is_certain_but_not_its_evidence_is_inconclusive() -> None:
    found = compared(CategoricalProfile(0, {"a": 40, "b": 10}), CategoricalProfile(0, {"a": 30, "new": 2}, other=1, bound=1))["new_category"]
    assert found.effect is not None
    assert found.effect >= found.threshold
    assert (found.drifted, found.reason.startswith(POOLED)) == (None, True)


def test_columns_that_can_be_told_are_summed_up_beside_one_that_cannot() -> None:
    pooled = CategoricalProfile(0, {"a": 500}, other=500, bound=9)
    clear = ColumnKey(DriftKind.FEATURE, "clear")
    both = Profile({ID: pooled, clear: CategoricalProfile(0, {"a": 500, "b": 500})})
    whole = summarise(compare(both, both, DRIFT), DriftKind.FEATURE, DRIFT)
    assert (whole.drifted, whole.reason) == (False, f"none of 2 columns drifted; id inconclusive: {POOLED}")
    alone = Profile({ID: pooled})
    assert summarise(compare(alone, alone, DRIFT), DriftKind.FEATURE, DRIFT)[8:10] == (None, POOLED)


NAMES = [*"abcdefghij", None]
SIDES = st.lists(st.lists(st.sampled_from([0, 0, 1, 3, 8, 25, 60, 400, 3000]), min_size=11, max_size=11), min_size=1, max_size=3)


def side(parts: Sequence[Sequence[int]]) -> CategoricalProfile:
    values = [pl.Series([name for name, rows in zip(NAMES, part, strict=True) for _ in range(rows)], dtype=pl.String) for part in parts]
    return CategoricalProfile.merged([CategoricalProfile.of(one) for one in values])


@settings(max_examples=300, deadline=None)
@given(SIDES, SIDES, st.integers(1, 8))
@example([[3000] * 5 + [0] * 6], [[0] * 5 + [3000] * 5 + [0]], 4)
@example([[3000, 400, 8, 8, 8, 8, 8, 8, 8, 8, 0]], [[0, 3000, 1, 1, 1, 1, 1, 1, 1, 1, 0]], 3)
@example(
    [[25, 0, 0, 3, 0, 60, 0, 60, 25, 0, 0]], [[400, 0, 3000, 25, 400, 3, 25, 8, 8, 3000, 400], [0, 25, 25, 3, 3000, 0, 8, 60, 400, 0, 25]], 8
)  # the evidence of missing rows is the same, but is corrected together with less
def test_a_verdict_on_pooled_categories_never_contradicts_that_on_all(before: list[list[int]], after: list[list[int]], most: int) -> None:
    exact = compared(side(before), side(after))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(categorical, "MOST", most)
        pooled = compared(side(before), side(after))
    for statistic in TESTS:
        known, told = exact[statistic.name], pooled[statistic.name]
        if known.drifted and told.p_value != known.p_value:
            assert told.drifted is not False
        if told.drifted:
            assert known.effect is not None
            assert known.effect >= known.threshold
        if known.value is not None and told.value is not None and told.bound is not None:
            assert abs(known.value - told.value) <= told.bound + 1e-9 * (1 + abs(known.value))


def test_at_a_time_of_the_season_nothing_is_certain_of_a_column_that_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = ["a"] * 500 + ["b"] * 400 + ["c"] * 300, ["d"] * 300
    for most, certain in ((4, True), (2, False)):
        monkeypatch.setattr(categorical, "MOST", most)
        parts, current = [Profile({ID: counted(before)}) for _ in range(6)], Profile({ID: counted(after)})
        reference = Profile.merged(parts)
        cells = Match(np.ones(6), "by time").cells(Blocks.of(reference, parts), ID, reference, current)
        found = CHI_SQUARED.measure(cells)
        assert (found.doubt is None, bool(found.effect[0] > 0)) == (certain, certain)
