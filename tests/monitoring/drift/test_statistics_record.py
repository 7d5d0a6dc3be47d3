"""The record of a statistic, and the register of all."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.monitoring.drift import (
    STATISTICS,
    Blocks,
    Calibrated,
    ColumnKey,
    Measures,
    NumericProfile,
    Profile,
    Reference,
    Statistic,
    calibrate_normal,
    compare,
    register,
    registered,
)
from mlworks_orchestration.monitoring.drift.comparison.cells import Cells
from mlworks_orchestration.monitoring.drift.statistics import KS, PSI
from mlworks_orchestration.spec import Drift, DriftKind


def nothing(cells: Cells) -> Measures:
    zeros = np.zeros(len(cells.windows))
    return Measures(zeros, None, zeros, zeros)


def test_all_that_come_with_the_framework_are_registered_once() -> None:
    assert {one.name for one in STATISTICS} <= {one.name for one in registered()}
    assert len({one.name for one in registered()}) == len(registered())


def test_by_default_few_decide() -> None:
    assert {one.name for one in STATISTICS if one.decides} == {"ks", "chi_squared", "missing_share", "new_category"}


def test_a_name_that_another_module_took_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"A statistic 'ks' is there already \(Kolmogorov.*Give yours another") as caught:
        register(replace(KS, measure=nothing))
    assert "statistics.ks" in str(caught.value)
    assert KS in registered()


def test_its_own_module_may_register_a_statistic_again() -> None:
    before = registered()
    assert register(KS) is KS
    assert registered() == before


@pytest.mark.parametrize(
    ("types", "hint"),
    [({"numerical"}, "did you mean 'numeric'"), ({"numeric", "text"}, "first three, or of the last three"), (set(), "name one or more")],
)
def test_types_that_no_measure_takes_are_refused(types: set[str], hint: str) -> None:
    with pytest.raises(DeclarationError, match=hint):
        Statistic("mine", "nothing", frozenset(types), counts_missing=True, measure=nothing)


def test_missing_rows_count_where_a_statistic_says_so() -> None:
    profile = NumericProfile.of(np.array([1.0, 2.0, np.nan]))
    assert (KS.rows(profile), PSI.rows(profile)) == (2, 3)


def test_what_is_not_told_is_unknown_in_every_field() -> None:
    numbers = np.array([1.0, 2.0])
    found = Measures(numbers, numbers, numbers, numbers, "the second is empty").only(np.array([True, False]))
    for field in found[:4]:
        assert isinstance(field, np.ndarray)
        assert np.isnan(field).tolist() == [False, True]
    assert found.reason == "the second is empty"
    assert Measures(np.zeros(1), None, np.zeros(1), np.zeros(1)).only(np.array([False])).p_value is None


def test_a_statistic_that_fails_is_named_with_what_it_said() -> None:
    def fails(_: object) -> Measures:
        return {}["no such key"]

    wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
    profile = Profile.of(pl.DataFrame({"wind": range(200)}), wind)
    with pytest.raises(
        DeclarationError, match=rf"The statistic 'mine' failed \(KeyError: 'no such key'\); repair its measure, which is in {__name__}"
    ) as caught:
        compare(profile, profile, Drift(), [replace(KS, name="mine", measure=fails)])
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"effect": 0.5}, r"effect has the shape \(\) instead of \(1,\), one number a window"),
        ({"value": np.zeros(2)}, r"value has the shape \(2,\) instead of \(1,\)"),
        ({"p_value": np.array([7.0])}, "p_value is 7, allowed are 0 to 1"),
        ({"effect": np.array([9.0])}, "effect is 9, allowed are 0 to 8"),
        ({"bound": np.array([-1.0])}, "bound is -1, allowed are 0 to inf"),
    ],
)
def test_measures_of_ones_own_that_cannot_be_are_refused_by_name(changed: dict[str, Any], said: str) -> None:
    def measure(cells: Cells) -> Measures:
        return nothing(cells)._replace(**changed)

    wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
    profile = Profile.of(pl.DataFrame({"wind": range(200)}), wind)
    with pytest.raises(DeclarationError, match=rf"The statistic 'mine' failed \(ValueError: {said}"):
        compare(profile, profile, Drift(), [replace(KS, name="mine", measure=measure)])


def test_a_distance_alarms_also_where_less_than_the_least_effect_is_normal() -> None:
    generator = np.random.default_rng(4)
    wind = ColumnKey(DriftKind.FEATURE, "wind")
    frames = [pl.DataFrame({"wind": generator.normal(size=1000)}) for _ in range(40)]
    parts = [Profile.of(frame, {"wind": wind}) for frame in frames]
    whole = Profile.merged(parts)
    drift, blocks = Drift(statistics={"numeric": ["hellinger"]}), Blocks.of(whole, parts)
    normal = calibrate_normal(blocks, Calibrated.each(0.01), drift, window_blocks=4, generator=generator)
    moved, same = (Profile.of(pl.DataFrame({"wind": generator.normal(shift, 1, 4000)}), {"wind": wind}) for shift in (0.5, 0.0))
    known = Reference(whole, blocks, normal)
    found = [next(one for one in compare(known, window, drift) if one.decides) for window in (moved, same)]
    assert [(one.statistic, one.threshold, one.threshold_source, one.drifted) for one in found] == [
        ("hellinger", 0.1, "raised", True),
        ("hellinger", 0.1, "raised", False),
    ]
