"""The record of a statistic, and the register of all."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.monitoring.drift import STATISTICS, ColumnKey, Measures, NumericProfile, Profile, Statistic, compare, register, registered
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
