"""Where drift lives."""

import numpy as np
import polars as pl
import pytest
from scipy.spatial.distance import cityblock

from mlworks_orchestration.monitoring.causes import SliceDrift, drifting_slices
from mlworks_orchestration.monitoring.causes.changed import cells_of, compare_change
from mlworks_orchestration.monitoring.causes.slices import Rows
from mlworks_orchestration.spec import MLModel
from tests.scoring.world import World

ORIGINS = ["EWR", "JFK", "LGA"]


@pytest.fixture
def model(world: World) -> MLModel:
    """Return a model that is cut by origin."""
    return world.model.model_copy(update={"slices": ["origin"]})


def rows(seed: int, rows: int, *, shifted: str = "", wrong: str = "") -> pl.DataFrame:
    """Return rows whose wind is stronger in one origin, and whose predictions are worse in one."""
    rng = np.random.default_rng(seed)
    origin = rng.choice(ORIGINS, rows)
    error = rng.normal(0, 5, rows) * np.where(origin == wrong, 2.0, 1.0)
    return pl.DataFrame(
        {
            "origin": origin,
            "wind": rng.normal(10, 4, rows) + np.where(origin == shifted, 3.0, 0.0),
            "carrier": rng.choice(["UA", "AA"], rows),
            "label": error,
            "_predicted": np.zeros(rows),
        }
    )


def found(model: MLModel, window: pl.DataFrame, *features: str) -> dict[str | None, SliceDrift]:
    sides = Rows(rows(1, 9000), rows(2, 2000), window, window)
    return {one.value: one for one in drifting_slices(model, sides, features)}


def test_worse_predictions_in_one_slice_are_found_there_and_nowhere_else(model: MLModel) -> None:
    by_value = found(model, rows(3, 2000, wrong="JFK"))
    assert next(iter(by_value)) == "JFK"
    assert [value for value, one in by_value.items() if one.is_worse] == ["JFK"]
    jfk = by_value["JFK"]
    assert jfk.excess_low is not None
    assert jfk.excess_high is not None
    assert jfk.excess_low < 5 * np.sqrt(2 / np.pi) < jfk.excess_high  # the mean absolute error of N(0, 5) is there once more
    assert jfk.change == pytest.approx((jfk.metric_current or 0) - (jfk.metric_reference or 0))


def test_a_shift_in_one_slice_is_found_there_and_nowhere_else(model: MLModel) -> None:
    by_value = found(model, rows(3, 2000, shifted="JFK"), "wind", "carrier")
    assert [(value, [name.column for name in one.features if name.stands_out]) for value, one in by_value.items() if one.stands_out] == [
        ("JFK", ["wind"])
    ]
    wind = by_value["JFK"].features[0]
    assert wind.inside > 0.2
    assert wind.outside < 0.1


def test_a_shift_everywhere_lives_in_no_slice(model: MLModel) -> None:
    window = rows(3, 2000).with_columns(pl.col("wind") + 3, pl.col("label") * 2)
    by_value = found(model, window, "wind")
    assert not any(one.stands_out for one in by_value.values())
    assert all(one.change is not None and one.change > 2 for one in by_value.values())


@pytest.mark.parametrize("seed", range(5))
def test_where_nothing_changed_nothing_is_claimed(model: MLModel, seed: int) -> None:
    assert not any(one.stands_out for one in found(model, rows(100 + seed, 1500), "wind", "carrier").values())


def test_a_metric_of_which_more_is_better_turns_round(model: MLModel) -> None:
    better = model.model_copy(update={"metrics": model.metrics.model_copy(update={"primary": "r2"})})
    sides = [rows(seed, 2000).with_columns(label=pl.col("wind"), _predicted=pl.col("wind") + pl.col("label") / 5) for seed in (2, 3)]
    worse = sides[1].with_columns(_predicted=pl.when(origin="JFK").then(10.0).otherwise("_predicted"))
    by_value = {one.value: one for one in drifting_slices(better, Rows(sides[0], sides[0], worse, worse), [])}
    assert [value for value, one in by_value.items() if one.is_worse] == ["JFK"]
    assert (by_value["JFK"].metric_current or 0) < (by_value["JFK"].metric_reference or 0)


def test_slices_of_few_rows_say_so_and_claim_nothing(model: MLModel) -> None:
    window = pl.concat([rows(3, 2000), rows(4, 60).with_columns(origin=pl.lit(None, pl.String), wind=pl.lit(99.0), label=pl.lit(500.0))])
    none = found(model, window, "wind")[None]
    assert (none.rows_current, none.rows_reference, none.metric_current, none.excess, none.features) == (60, 0, None, None, ())
    assert "60 rows with a label in the window, fewer than min_rows 100" in none.remark
    assert not none.stands_out


def test_a_slice_that_is_all_there_is_has_nothing_beside_it(model: MLModel) -> None:
    window, before = (rows(seed, 500).with_columns(origin=pl.lit("JFK")) for seed in (3, 4))
    [one] = drifting_slices(model, Rows(before, before, window, window), ["wind"])
    assert (one.excess, one.features, one.stands_out) == (None, (), False)
    assert one.change is not None
    assert "too few other rows" in one.remark


def test_windows_without_labels_still_have_features(model: MLModel) -> None:
    window = rows(3, 2000, shifted="LGA")
    by_value = {one.value: one for one in drifting_slices(model, Rows(rows(1, 9000), rows(2, 2000), window, window.clear()), ["wind"])}
    assert [value for value, one in by_value.items() if one.stands_out] == ["LGA"]
    assert by_value["LGA"].metric_current is None


def test_the_distance_is_that_of_the_shares_in_the_cells() -> None:
    before, now = rows(1, 3000), rows(2, 800, shifted="JFK")
    codes = cells_of(before["wind"], now["wind"])
    chosen = [(side["origin"] == "JFK").to_numpy() for side in (before, now)]
    change = compare_change(codes, chosen[0], chosen[1])
    shares = [np.bincount(cells[flags], minlength=11) / flags.sum() for cells, flags in zip(codes, chosen, strict=True)]
    assert change.inside == pytest.approx(cityblock(*shares) / 2)
    assert change.excess == pytest.approx(change.inside - change.outside, abs=0.05)


def test_rows_that_share_a_reading_are_not_many() -> None:
    rng = np.random.default_rng(5)
    before, now = (pl.Series(np.repeat(rng.normal(10, 4, hours), 100)) for hours in (400, 40))
    codes = cells_of(before, now)
    sides = [np.tile([True, False], len(side) // 2) for side in (before, now)]
    shared = compare_change(codes, *sides)
    assert abs(shared.excess) < 3 * shared.error + 0.02
    half = [np.repeat(rng.random(len(side) // 100) < 0.5, 100) for side in (before, now)]
    assert compare_change(codes, *half).error > 3 * shared.error


def test_texts_and_booleans_have_cells_and_missing_one_of_its_own() -> None:
    before = pl.Series("origin", ["EWR"] * 3 + ["JFK"] * 2 + [None])
    assert cells_of(before, pl.Series("origin", ["JFK", "ZZZ", None])).now.tolist() == [1, 9, 10]
    assert cells_of(pl.Series("wet", [True, True, False]), pl.Series("wet", [False, None])).now.tolist() == [1, 10]
    assert cells_of(pl.Series([None, None], dtype=pl.Float64), pl.Series([3.0, np.nan])).now.tolist() == [0, 10]
