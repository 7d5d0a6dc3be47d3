"""Counts of a reference and of windows side by side."""

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.monitoring.drift import CategoricalProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.comparison.cells import MISSING, OTHER, categorical_cells, grouped, numeric_cells, with_missing


def profile(*values: float) -> NumericProfile:
    return NumericProfile.of(np.array(values, dtype=np.float64))


def test_rows_of_each_side_stand_in_their_own_cell() -> None:
    cells = numeric_cells(profile(1, 2, 2), [profile(2, 3, np.nan), profile(-1, np.inf)])
    assert cells.values is not None
    assert cells.values.tolist() == [-1, 1, 2, 3, np.inf]
    assert cells.reference.tolist() == [0, 1, 2, 0, 0]
    assert cells.windows.tolist() == [[0, 0, 1, 1, 0], [1, 0, 0, 0, 1]]
    assert (cells.missing_reference, cells.missing.tolist()) == (0, [1, 0])
    assert not cells.mixed.any()


def test_a_window_without_values_has_empty_cells() -> None:
    cells = numeric_cells(profile(1, 2), [profile(np.nan)])
    assert cells.windows.tolist() == [[0, 0]]
    assert numeric_cells(profile(), [profile()]).reference.shape == (0,)


def test_a_cell_is_pure_only_if_it_surely_holds_one_value() -> None:
    rng = np.random.default_rng(1)
    fine, coarse = NumericProfile.of(rng.normal(size=100)), NumericProfile.of(rng.normal(size=50_000))
    assert not numeric_cells(fine, [fine]).mixed.any()
    cells = numeric_cells(fine, [coarse])
    in_cell = cells.reference + cells.windows[0]
    assert cells.mixed[in_cell > 5].all()
    assert in_cell.sum() == 50_100


def test_groups_are_cut_by_the_reference_alone_and_keep_all_rows() -> None:
    rng = np.random.default_rng(2)
    reference = NumericProfile.of(rng.normal(size=20_000))
    windows = [NumericProfile.of(rng.normal(shift, 1, 3000)) for shift in (0, 2, 50)]
    groups = grouped(numeric_cells(reference, windows), 10)
    assert len(groups.reference) == 10
    assert np.abs(groups.reference - 2000).max() < 100
    assert groups.windows.sum(axis=1).tolist() == [3000, 3000, 3000]
    assert groups.windows[2].tolist() == [0] * 9 + [3000]
    assert groups.values is not None
    assert (np.diff(groups.values) > 0).all()
    assert groups.mixed.all()


def test_a_group_s_value_is_the_reference_s_mean_in_it() -> None:
    groups = grouped(numeric_cells(profile(1, 1, 1, 3, 7, 9, 9, 9), [profile(5)]), 2)
    assert groups.values is not None
    assert groups.values.tolist() == [1.5, 8.5]


def test_ties_make_fewer_groups() -> None:
    groups = grouped(numeric_cells(profile(*[0] * 90, *range(1, 11)), [profile(0)]), 10)
    assert groups.reference.tolist() == [90, 10]
    assert groups.mixed.tolist() == [False, True]


def test_infinities_and_an_empty_reference_make_no_nan() -> None:
    for cells in (numeric_cells(profile(-np.inf, 1, 2, np.inf), [profile(1)]), numeric_cells(profile(), [profile(1, np.inf)])):
        groups = grouped(cells, 3)
        assert groups.values is not None
        assert not np.isnan(groups.values).any()
    assert grouped(numeric_cells(profile(), [profile()]), 3).reference.shape == (0,)


def test_rare_categories_of_the_reference_become_one_group() -> None:
    reference = CategoricalProfile.of(pl.Series(["a"] * 5 + ["b"] * 3 + ["c", "d"]))
    window = CategoricalProfile.of(pl.Series(["c", "c", "new", "b"]))
    groups = grouped(categorical_cells(reference, [window]), 3)
    assert groups.names == ("a", "b", OTHER)
    assert (groups.reference.tolist(), groups.windows.tolist()) == ([5, 3, 2], [[0, 1, 3]])
    assert grouped(categorical_cells(reference, [window]), 5).names == ("a", "b", "c", "d", "new")


@pytest.mark.parametrize("names", [True, False])
def test_missing_can_be_a_cell_like_any_other(names: bool) -> None:  # noqa: FBT001 - a parametrised flag
    if names:
        cells = categorical_cells(CategoricalProfile(2, {"a": 1}), [CategoricalProfile(0, {"a": 3}), CategoricalProfile(4, {})])
    else:
        cells = numeric_cells(profile(1, np.nan, np.nan), [profile(1, 1, 1), profile(*[np.nan] * 4)])
    whole = with_missing(cells)
    assert whole.names == (("a", MISSING) if names else None)
    assert whole.values is None
    assert (whole.reference.tolist(), whole.windows.tolist()) == ([1, 2], [[3, 0], [0, 4]])
    assert (whole.missing_reference, whole.missing.tolist(), whole.present.tolist()) == (0, [0, 0], [3, 4])


def test_categories_that_one_side_pools_are_one_cell() -> None:
    reference = CategoricalProfile(0, {"a": 50, "b": 9}, other=41, bound=3)
    cells = categorical_cells(reference, [CategoricalProfile(0, {"a": 5, "c": 5})])
    assert cells.names == ("a", "b", OTHER)
    assert (cells.reference.tolist(), cells.windows.tolist()) == ([50, 9, 41], [[5, 0, 5]])
    assert cells.mixed.tolist() == [False, False, True]
