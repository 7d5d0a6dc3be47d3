from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, Lake, build_labels
from mlworks_orchestration.errors import NotReadyError, TrainingError
from mlworks_orchestration.spec import Catalog, FeatureTable
from mlworks_orchestration.training import Snapshot, find_snapshot, latest_snapshot, load_snapshot, take_snapshot
from tests.training.trips import TRIPS_A_DAY, Deployment, day, declare, trips

LABELS = "trip_delay/labels"


def take(made: Deployment, number: float) -> Snapshot:
    return take_snapshot(made.lake, made.catalog, made.model, day(number))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.floats(9, 62))
def test_no_label_is_used_before_it_was_known(fresh: Deployment, number: float) -> None:
    snapshot = take(fresh, number)
    train, holdout = load_snapshot(fresh.lake, fresh.catalog, fresh.model, snapshot)
    rows = pl.concat([train, holdout])
    known = trips().filter(pl.col("starts_at") + timedelta(days=1) <= day(number))
    newest = known["starts_at"].max()
    assert rows["starts_at"].max() == newest
    expected = known.filter(pl.col("starts_at") > newest - timedelta(days=20), pl.col("delay").is_not_null())
    assert rows["trip_id"].sort().to_list() == expected["trip_id"].sort().to_list()
    assert rows["label"].to_list() == expected.sort("starts_at")["delay"].to_list()


def test_the_newest_part_is_held_out_and_the_rest_trained_on(fresh: Deployment) -> None:
    snapshot = take(fresh, 40)
    train, holdout = load_snapshot(fresh.lake, fresh.catalog, fresh.model, snapshot)
    assert (train.height, holdout.height) == (snapshot.rows, snapshot.holdout_rows) == (15 * TRIPS_A_DAY, 5 * TRIPS_A_DAY)
    assert train["starts_at"].max() < snapshot.window.end == snapshot.holdout.start <= holdout["starts_at"].min()
    assert snapshot.holdout.end - snapshot.window.start == fresh.model.retraining.window
    assert train.columns == snapshot.columns == ["trip_id", "starts_at", "carrier", "distance", "seats", "rainy", "label"]


def test_a_snapshot_says_which_tables_at_which_versions_and_comes_back_from_json(fresh: Deployment) -> None:
    snapshot = take(fresh, 40)
    assert snapshot.tables == {name: fresh.lake.version(name) for name in ("features/trips", "features/outcomes", LABELS)}
    assert snapshot.filter == "label is known by 2024-02-10 00:00:00 UTC"
    assert snapshot.content_hash.startswith(snapshot.id)
    assert Snapshot.from_json(snapshot.to_json()) == snapshot


def test_rows_come_back_as_they_were_after_the_lake_has_moved_on(fresh: Deployment) -> None:
    snapshot = take(fresh, 40)
    before = load_snapshot(fresh.lake, fresh.catalog, fresh.model, snapshot)
    key = "2024-02-01"
    changed = fresh.lake.read("features/trips", partitions=[key]).with_columns(pl.lit(99.0).alias("distance"))
    fresh.lake.write("features/trips", changed, partitions=[key])
    after = load_snapshot(fresh.lake, fresh.catalog, fresh.model, snapshot)
    assert [part.equals(other) for part, other in zip(before, after, strict=True)] == [True, True]
    assert take(fresh, 40).content_hash != snapshot.content_hash


def test_rows_that_are_no_longer_the_same_are_refused(fresh: Deployment) -> None:
    snapshot = take(fresh, 40)
    forged = replace(snapshot, as_of=day(39))
    with pytest.raises(TrainingError, match=r"trip_delay: snapshot .* gives other rows .*materialise training_set again"):
        load_snapshot(fresh.lake, fresh.catalog, fresh.model, forged)


def test_the_same_rows_written_again_give_the_same_hash(fresh: Deployment) -> None:
    snapshot = take(fresh, 40)
    key = "2024-02-01"
    same = fresh.lake.read("features/trips", partitions=[key]).reverse()
    fresh.lake.write("features/trips", same, partitions=[key])
    assert take(fresh, 40).content_hash == snapshot.content_hash


def test_the_latest_is_the_one_taken_last_and_the_same_is_stored_once(fresh: Deployment) -> None:
    later, earlier = take(fresh, 50), take(fresh, 40)
    assert latest_snapshot(fresh.lake, fresh.model) == earlier
    version = fresh.lake.version("trip_delay/training_set")
    take(fresh, 40)
    assert fresh.lake.version("trip_delay/training_set") == version
    assert find_snapshot(fresh.lake, fresh.model, later.id) == later


def test_a_snapshot_that_is_not_there_is_an_error(fresh: Deployment) -> None:
    with pytest.raises(NotReadyError, match="trip_delay/training_set does not exist"):
        latest_snapshot(fresh.lake, fresh.model)
    take(fresh, 40)
    with pytest.raises(TrainingError, match="no snapshot 'abc'"):
        find_snapshot(fresh.lake, fresh.model, "abc")


def test_partitions_without_any_known_label_are_passed_over(fresh: Deployment) -> None:
    late = fresh.lake.read(LABELS, partitions=["2024-02-08", "2024-02-09"]).filter(pl.col("starts_at") > day(39.5))
    fresh.lake.write(LABELS, late, partitions=["2024-02-08", "2024-02-09"])
    assert take(fresh, 40).holdout.end == trips().filter(pl.col(PARTITION) == "2024-02-07")["starts_at"].max() + timedelta(microseconds=1)


def test_training_before_any_label_is_known_is_refused(fresh: Deployment) -> None:
    with pytest.raises(NotReadyError, match=r"trip_delay: no label is known by 2024-01-01 12:00 UTC .*1d after.* Materialise trip_delay/labels"):
        take(fresh, 0.5)


def test_training_without_tables_is_refused(tmp_path: object) -> None:
    catalog, model = declare()
    with pytest.raises(NotReadyError, match="features/trips does not exist"):
        take_snapshot(Lake(str(tmp_path)), catalog, model, day(40))


@pytest.mark.parametrize(
    ("retraining", "said"),
    [
        ({"window": "6d", "holdout": "5d"}, "40 labelled rows to train on, but 50 are needed.*retraining.window"),
        ({"window": "20d", "holdout": "2h"}, " 1 labelled rows to hold out, but 20 are needed.*retraining.holdout"),
    ],
)
def test_too_few_rows_are_refused_with_the_field_to_change(fresh: Deployment, retraining: dict[str, str], said: str) -> None:
    catalog, model = declare(retraining=retraining)
    with pytest.raises(TrainingError, match=said):
        take_snapshot(fresh.lake, catalog, model, day(40))
    assert not fresh.lake.exists("trip_delay/training_set")


def test_a_missing_feature_partition_is_named(fresh: Deployment) -> None:
    empty = fresh.lake.read("features/trips", partitions=["2024-02-01"]).clear()
    fresh.lake.write("features/trips", empty, partitions=["2024-02-01"])
    with pytest.raises(NotReadyError, match=r"partition 2024-02-01 of feature table trips"):
        take(fresh, 40)


def test_a_training_set_taken_after_corrections_is_the_one_that_was_known_before(fresh: Deployment) -> None:
    tables = {}
    for each in fresh.catalog.tables.values():
        fields = each.model_dump()
        tables[each.name] = FeatureTable.model_validate(fields | {"columns": fields["columns"] | {"heard": "timestamp"}, "known_time": "heard"})
    lake, catalog = Lake(fresh.home / "two_times"), Catalog(tables, fresh.catalog.models)
    first = trips().with_columns(heard=pl.col("starts_at"))
    hashes = []
    for later in (first, pl.concat([first, first.with_columns(heard=pl.col("starts_at") + timedelta(days=2), distance=-1.0, delay=-1.0)])):
        keys = later[PARTITION].unique().sort().to_list()
        lake.write("features/trips", later.drop("delay"), partitions=keys)
        outcomes = later.select("trip_id", "starts_at", "delay", "heard", PARTITION)
        lake.write("features/outcomes", outcomes, partitions=keys)
        lake.write(LABELS, build_labels(fresh.model, catalog, outcomes), partitions=keys)
        hashes.append(take_snapshot(lake, catalog, fresh.model, day(40)).content_hash)
    assert hashes[0] == hashes[1]
