"""Why a report alarms, from the lake to the words."""

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.monitoring.causes import Causes, explain, read_causes, record_causes
from mlworks_orchestration.spec import DriftKind
from tests.monitoring.watching import broken, judged, watched
from tests.scoring.world import World


def of(world: World, day: int) -> Causes:
    with clock.replaying(world.at(30)):
        return explain(world.lake, world.catalog, world.model, world.registry, world.key(day))


def test_where_nothing_happened_nothing_is_claimed(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    judged(trained, 0, 14)
    watched(trained, 10, 14)
    found = of(trained, 14)
    assert (found.kinds, found.findings, found.actions) == ((), (), ())
    assert (found.upstream, found.features, found.slices, found.onsets) == ((), (), (), ())
    assert found.window == tuple(trained.keys(12, 14))
    assert not trained.lake.exists("delay/importance")


def test_a_broken_column_upstream_is_named_first_and_to_be_repaired_first(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    broken(trained, 13, 14)
    judged(trained, 0, 14)
    watched(trained, 10, 14)
    found = of(trained, 14)
    assert found.findings[0].startswith("Upstream failure in features/flights: between(distance, min=0, max=3000) fails in ")
    assert f"rows of {trained.key(13)}, {trained.key(14)}" in found.findings[0]
    [failure] = found.new_failures
    assert (failure.columns, failure.partitions) == (("distance",), tuple(trained.keys(13, 14)))
    assert "upstream failure in features/flights, to be repaired first" in found.actions[0]


def test_a_partition_that_was_refused_and_never_scored_is_named_too(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    broken(trained, 13, 13)
    judged(trained, 0, 14)
    trained.lake.write("features/flights", trained.lake.read("features/flights").clear(), partitions=[trained.key(13)])
    for day in (12, 14):
        watched(trained, day, day)
    found = of(trained, 14)
    assert found.window == (trained.key(12), trained.key(14))
    assert [one.partitions for one in found.new_failures] == [(trained.key(13),)]


def test_feature_drift_is_told_with_its_evidence_and_its_action(trained: World) -> None:
    trained.add_days(10, 15)
    trained.add_days(16, 20, distance=1500)
    trained.add_labels(10, 20)
    judged(trained, 0, 20)
    watched(trained, 10, 20)
    found = of(trained, 20)
    assert found.kinds[0].kind == "feature"
    assert (found.features[0].column, found.features[0].importance) == ("distance", 1.0)
    [onset] = [one for one in found.onsets if one.column == "distance"]
    assert onset.first_partition == trained.key(16)
    action = found.actions[0]
    assert action.startswith("Feature drift in distance (effect ")
    assert action.endswith(f"; no upstream failure): {ACTIONS[DriftKind.FEATURE]}.")
    assert f"importance 100%; first seen in {trained.key(16)} (" in action
    assert [one.column for one in found.slices] == ["carrier"] * 3


def test_each_kind_has_its_own_action(trained: World) -> None:
    trained.add_days(10, 14, slope=0.03)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    found = of(trained, 14)
    kinds = [one.kind for one in found.kinds]
    assert "feature" not in kinds
    assert {"label", "concept"} <= set(kinds)
    for kind, action in zip(kinds, found.actions, strict=True):
        assert action.startswith(f"{kind.capitalize()} drift in ")
        assert action.endswith(f": {ACTIONS[DriftKind(kind)]}.")
        assert "quality upstream was not recorded" in action


def test_a_table_that_was_corrected_after_scoring_is_skew(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    broken(trained, 14, 14)
    found = of(trained, 14)
    assert len(found.findings) == 1
    assert found.findings[0].startswith("Training-serving skew in distance: 120 of 360 rows (33.3%) were served otherwise than the table says now")
    assert found.findings[0].endswith(f"first in {trained.key(14)}.")


def test_rows_that_came_late_are_skew(trained: World) -> None:
    trained.add_days(10, 14)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    rows = trained.lake.read("features/flights", partitions=[trained.key(14)])
    late = rows.head(2).with_columns(flight_id=pl.col("flight_id") + "-late")
    trained.lake.write("features/flights", pl.concat([rows, late]), partitions=[trained.key(14)])
    assert of(trained, 14).findings == (
        "Training-serving skew in rows: 0 were served and are gone from the tables, 2 are there and were not served.",
    )


def test_a_carrier_whose_flights_became_slower_is_where_the_drift_lives(trained: World) -> None:
    trained.add_days(10, 14)
    keys = trained.keys(10, 14)
    outcomes = trained.lake.read("features/outcomes", partitions=keys)
    slow = trained.lake.read("features/flights", partitions=keys).select("flight_id", slow=pl.col("carrier") == "UA")
    later = outcomes.join(slow, on="flight_id").with_columns(arr_delay=pl.col("arr_delay") + 20 * pl.col("slow")).drop("slow")
    trained.lake.write("features/outcomes", later.select(outcomes.columns), partitions=keys)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    found = of(trained, 14)
    assert (found.slices[0].column, found.slices[0].value, found.slices[0].is_worse) == ("carrier", "UA", True)
    assert found.findings[0].startswith("Drift lives in carrier=UA: the metric got worse by ")
    assert not any(one.stands_out for one in found.slices[1:])


def test_it_is_stored_in_one_commit_and_read_back_as_it_was(trained: World) -> None:
    trained.add_days(10, 14, distance=1500)
    trained.add_labels(10, 14)
    judged(trained, 0, 14)
    watched(trained, 10, 14)
    assert read_causes(trained.lake, trained.model, trained.key(14)) is None
    found = [of(trained, day) for day in (13, 14)]
    rows = record_causes(trained.lake, trained.model, found)
    assert rows["actions"].to_list() == [list(one.actions) for one in found]
    assert trained.lake.version("delay/causes") == 1  # after the commit that creates the table
    stored = read_causes(trained.lake, trained.model, trained.key(14))
    assert stored == found[1].to_dict()
    assert stored["features"][0]["column"] == "distance"
    record_causes(trained.lake, trained.model, found)
    assert trained.lake.read("delay/causes").height == 2


def test_a_lake_from_before_there_were_logs_is_explained_too(trained: World) -> None:
    trained.add_days(10, 14, distance=1500)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    log = trained.lake.read("delay/inference_log")
    trained.lake.write("delay/inference_log", log.clear(), partitions=log[PARTITION].unique().to_list())
    found = of(trained, 14)
    assert found.skew is not None
    assert found.skew.unlogged == tuple(trained.keys(12, 14))
    assert found.findings == ()
    assert found.upstream is None


def test_without_a_report_it_says_what_to_materialise(trained: World) -> None:
    with pytest.raises(NotReadyError, match="partition 2013-03-15 has no drift report; materialise delay/drift_report for it first"):
        of(trained, 14)
