"""The drift report, from the lake to its rows."""

import json
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import drift_report, profile
from mlworks_orchestration.spec import Drift, DriftKind
from tests.scoring.world import World

KINDS = [kind.value for kind in DriftKind]


def profiled(world: World, first: int, last: int, now: float) -> None:
    world.score(first, last)
    with clock.replaying(world.at(now)):
        profile(world.lake, world.catalog, world.model, world.keys(first, last))


def report(world: World, first: int, last: int, now: float = 30) -> pl.DataFrame:
    with clock.replaying(world.at(now)):
        return drift_report(world.lake, world.catalog, world.model, world.registry, world.keys(first, last))


def whole(rows: pl.DataFrame, partition: str) -> dict[str, dict[str, Any]]:
    """Return the row that sums up each kind."""
    sums = rows.filter((pl.col("column") == "") & (pl.col(PARTITION) == partition))
    return {row["kind"]: row for row in sums.iter_rows(named=True)}


@pytest.fixture
def trained(world: World) -> World:
    """Return a world with ten days and a champion that fits them."""
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(10, 0.01)
    return world


def test_days_like_those_of_the_training_have_not_drifted(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    profiled(trained, 10, 14, 30)
    rows = report(trained, 12, 14)
    assert rows[PARTITION].unique(maintain_order=True).to_list() == trained.keys(12, 14)
    for key in trained.keys(12, 14):
        sums = whole(rows, key)
        assert list(sums) == KINDS
        assert [sums[kind]["drifted"] for kind in KINDS] == [False] * 4
    assert trained.lake.read("delay/drift_report").height == rows.height


def test_longer_flights_are_drift_of_feature_label_and_prediction_but_not_of_the_concept(trained: World) -> None:
    trained.add_days(10, 12, distance=1600)
    trained.add_labels(10, 12)
    profiled(trained, 10, 12, 30)
    rows = report(trained, 12, 12)
    sums = whole(rows, trained.key(12))
    assert {kind: sums[kind]["drifted"] for kind in KINDS} == {"feature": True, "label": True, "prediction": True, "concept": False}
    assert sums["feature"]["reason"].startswith("drifted: distance (1 of 3 columns); what to do: investigate how the features")
    distance = rows.filter((pl.col("column") == "distance") & (pl.col("statistic") == "ks")).row(0, named=True)
    assert distance["drifted"] is True
    assert distance["p_adjusted"] <= 0.01
    assert distance["effect"] >= distance["threshold"] > 0.1
    assert distance["threshold_source"] == "calibrated"
    assert "→ 1,600, standard deviation" in distance["reason"]
    assert distance["rows_current"] == 360


def test_another_relation_of_label_and_features_is_concept_drift(trained: World) -> None:
    trained.add_days(10, 12, slope=0.03)
    trained.add_labels(10, 12)
    profiled(trained, 10, 12, 30)
    sums = whole(report(trained, 12, 12), trained.key(12))
    assert {kind: sums[kind]["drifted"] for kind in KINDS} == {"feature": False, "label": True, "prediction": False, "concept": True}
    assert "mae " in sums["concept"]["reason"]
    assert "(ratio 4.9" in sums["concept"]["reason"]


def test_the_window_is_that_of_the_declaration_and_is_merged_from_profiles(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    profiled(trained, 10, 14, 30)
    row = whole(report(trained, 14, 14), trained.key(14))["feature"]
    assert (row["window_start"], row["window_end"]) == (trained.at(12), trained.at(15))
    assert row["rows_current"] == 3 * 120
    trained.lake.write("delay/scores", trained.lake.read("delay/scores").clear(), partitions=trained.keys(10, 14))
    assert whole(report(trained, 14, 14), trained.key(14))["feature"]["rows_current"] == 360


def test_labels_that_are_not_known_are_inconclusive_and_those_of_some_days_count(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 12)
    profiled(trained, 10, 14, 15)
    rows = report(trained, 12, 14)
    sums = whole(rows, trained.key(14))
    assert sums["label"]["drifted"] is False
    assert sums["label"]["rows_current"] == 120
    assert "labels are known of 1 of 3 partitions; by the features alone mae is expected to be" in sums["concept"]["reason"]
    assert "No earlier estimate could be held against its labels yet)" in sums["concept"]["reason"]
    assert "labels are known" not in whole(rows, trained.key(12))["label"]["reason"]
    trained.add_days(15, 17)
    profiled(trained, 15, 17, 18)
    unknown = whole(report(trained, 17, 17), trained.key(17))
    for kind in ("label", "concept"):
        assert unknown[kind]["drifted"] is None
        assert unknown[kind]["p_value"] is None
        assert unknown[kind]["reason"].startswith("labels not known yet")
    assert unknown["feature"]["drifted"] is False


def test_too_few_rows_are_inconclusive(trained: World) -> None:
    trained.add_days(10, 10, rows=30)
    profiled(trained, 10, 10, 12)
    rows = report(trained, 10, 10)
    assert rows["drifted"].null_count() == rows.height
    assert whole(rows, trained.key(10))["label"]["reason"].startswith("labels not known yet")
    assert whole(rows, trained.key(10))["prediction"]["reason"] == "the current window has 30 rows, fewer than min_rows 100"


def test_the_reference_is_that_of_the_champion_of_the_moment(trained: World) -> None:
    trained.add_days(10, 19, distance=1600)
    trained.add_labels(10, 19)
    profiled(trained, 17, 19, 30)
    before = whole(report(trained, 19, 19), trained.key(19))
    assert (before["prediction"]["drifted"], before["prediction"]["reference_version"]) == (True, 1)
    assert "scored by" not in before["prediction"]["reason"]
    trained.train(20, 0.01)
    after = whole(report(trained, 19, 19), trained.key(19))
    assert (after["prediction"]["drifted"], after["prediction"]["reference_version"]) == (False, 2)
    assert after["prediction"]["scored_versions"] == [1]
    assert after["prediction"]["reason"].endswith("scored by version 1, compared with version 2")
    assert "scored by" not in after["feature"]["reason"]
    assert trained.lake.read("delay/drift_report").height == len(report(trained, 19, 19))


def test_a_range_gives_what_each_day_gives_alone(trained: World) -> None:
    trained.add_days(10, 15, distance=1200)
    trained.add_labels(10, 15)
    profiled(trained, 10, 15, 30)
    together = report(trained, 10, 15).drop("inputs")
    for day in range(10, 16):
        assert report(trained, day, day).drop("inputs").equals(together.filter(pl.col(PARTITION) == trained.key(day)))


def test_it_says_what_was_read_and_when(trained: World) -> None:
    trained.add_days(10, 10)
    profiled(trained, 10, 10, 12)
    row = report(trained, 10, 10, now=13).row(0, named=True)
    assert json.loads(row["inputs"]) == {
        "delay/profile": trained.lake.version("delay/profile"),
        "delay/reference": trained.lake.version("delay/reference"),
        "delay/normal": trained.lake.version("delay/normal"),
    }
    assert row["reported_at"] == trained.at(13)


def test_nothing_in_a_report_is_nan(trained: World) -> None:
    trained.add_days(10, 11)
    profiled(trained, 10, 11, 12)
    rows = report(trained, 10, 11)
    assert rows.select(pl.col(pl.Float64).is_nan().any()).row(0) == (False,) * 6


def test_without_a_champion_it_says_what_to_do_first(world: World) -> None:
    with pytest.raises(NotReadyError, match="Model delay has no champion to compare with; materialise delay/champion first"):
        report(world, 0, 0)


def test_a_partition_without_a_profile_is_named_and_nothing_is_written(trained: World) -> None:
    trained.add_days(10, 10)
    profiled(trained, 10, 10, 12)
    with pytest.raises(NotReadyError, match=r"partition 2013-03-12 \(1 in all\) has no profile; materialise delay/profile"):
        report(trained, 10, 11)
    assert not trained.lake.exists("delay/drift_report")


def test_before_any_profile_the_table_is_named(trained: World) -> None:
    with pytest.raises(NotReadyError, match="delay/profile"):
        report(trained, 10, 10)


def test_an_alarm_that_must_last_waits_for_as_many_windows_as_declared(trained: World) -> None:
    trained.model = trained.model.model_copy(update={"drift": Drift(window=timedelta(days=3), violations=2, of=3)})
    trained.add_days(10, 15, distance=1600)
    profiled(trained, 10, 15, 30)
    first = whole(report(trained, 12, 12), trained.key(12))["feature"]
    assert first["drifted"] is False
    assert first["value"] > 0
    assert first["reason"].endswith("but only 1 of the last 1 windows, and 2 of 3 make an alarm")
    assert whole(report(trained, 13, 13), trained.key(13))["feature"]["drifted"] is True
    together = report(trained, 12, 14)
    assert [whole(together, trained.key(day))["feature"]["drifted"] for day in (12, 13, 14)] == [False, True, True]
