"""The stored profile of each partition."""

import json

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import DataError, NotReadyError
from mlworks_orchestration.monitoring import profile
from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnKey, NumericProfile
from mlworks_orchestration.monitoring.tables import RESIDUAL, profile_from
from mlworks_orchestration.spec import DriftKind
from tests.scoring.world import World


def run(world: World, first: int, last: int, now: float) -> pl.DataFrame:
    with clock.replaying(world.at(now)):
        return profile(world.lake, world.catalog, world.model, world.keys(first, last))


def test_it_holds_features_alone_and_together_predictions_labels_residuals_and_relations_of_each_day(scored: World) -> None:
    rows = run(scored, 6, 9, 20)
    assert rows.select("kind", "column").unique(maintain_order=True).rows() == [
        ("feature", "carrier"),
        ("feature", "distance"),
        ("feature", "wind"),
        ("feature", "*"),
        ("prediction", "prediction"),
        ("label", "arr_delay"),
        ("concept", "carrier ~ arr_delay"),
        ("concept", "distance ~ arr_delay"),
        ("concept", "wind ~ arr_delay"),
        ("concept", "residual"),
    ]
    assert sorted(rows[PARTITION].unique()) == scored.keys(6, 9)
    assert rows["rows"].unique().to_list() == [120]
    assert scored.lake.read("delay/profile").equals(rows.sort(PARTITION, maintain_order=True))


def test_it_says_what_the_rows_say(scored: World) -> None:
    stored = profile_from(run(scored, 7, 7, 20))
    flights = scored.lake.read("features/flights", partitions=[scored.key(7)])
    carrier = stored.columns[ColumnKey(DriftKind.FEATURE, "carrier")]
    assert isinstance(carrier, CategoricalProfile)
    assert carrier.counts == dict(flights["carrier"].value_counts().iter_rows())
    outcomes = scored.lake.read("features/outcomes", partitions=[scored.key(7)]).join(flights, on="flight_id")
    residuals = (outcomes["arr_delay"] - 0.01 * outcomes["distance"]).to_numpy()
    found = stored.columns[RESIDUAL]
    assert isinstance(found, NumericProfile)
    assert found.mean_of(np.abs) == pytest.approx(np.abs(residuals).mean())
    assert found.moments.std == pytest.approx(residuals.std(ddof=1))


def test_one_day_gives_the_same_alone_and_in_a_range(scored: World) -> None:
    together, alone = run(scored, 6, 9, 20), run(scored, 8, 8, 20)
    columns = [PARTITION, "kind", "column", "profile", "scored_versions"]
    assert alone.select(columns).equals(together.filter(pl.col(PARTITION) == scored.key(8)).select(columns))


def test_labels_that_are_not_known_yet_come_with_the_next_profile(scored: World) -> None:
    early = run(scored, 6, 9, 10)
    assert early.filter(pl.col("kind") == "label")[PARTITION].to_list() == scored.keys(6, 8)
    assert early.filter(pl.col("kind") == "prediction").height == 4
    run(scored, 9, 9, 11)
    assert scored.lake.read("delay/profile").filter(pl.col("column") == "residual")[PARTITION].to_list() == scored.keys(6, 9)


def test_it_says_which_versions_scored_and_what_was_read(scored: World) -> None:
    rows = run(scored, 6, 7, 20)
    assert rows["scored_versions"].to_list() == [[1]] * 20
    assert json.loads(rows["inputs"][0]) == {
        name: scored.lake.version(name) for name in ("features/flights", "features/weather", "delay/scores", "delay/labels")
    }
    assert rows["profiled_at"][0] == scored.at(20)


def test_without_any_label_there_are_features_and_predictions(world: World) -> None:
    world.add_days(0, 9)
    world.add_labels(0, 6)
    world.train(6.5, 0.01)
    world.score(8, 9)
    rows = run(world, 8, 9, 20)
    assert sorted(rows["kind"].unique()) == ["feature", "prediction"]


def test_writing_again_replaces_and_does_not_add(scored: World) -> None:
    run(scored, 6, 9, 20)
    run(scored, 6, 9, 20)
    assert scored.lake.read("delay/profile").height == 4 * 10


def test_a_partition_that_is_not_scored_is_named(scored: World) -> None:
    with pytest.raises(NotReadyError, match=r"Model delay: partition 2013-03-06 \(1 in all\) is not scored; materialise delay/scores"):
        run(scored, 5, 6, 20)
    assert not scored.lake.exists("delay/profile")


def test_a_damaged_profile_is_an_error(scored: World) -> None:
    rows = run(scored, 6, 6, 20).with_columns(profile=pl.col("profile").str.head(40))
    with pytest.raises(DataError, match="damaged"):
        profile_from(rows)
