"""What the model was given, kept as it was given."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from mlworks_orchestration.data import PARTITION, feature_frame
from mlworks_orchestration.errors import LakeError, NotReadyError, TrainingError
from mlworks_orchestration.scoring import Served, log_inference, read_log
from tests.scoring.world import World, empty_world


@pytest.fixture
def trained(tmp_path: Path) -> World:
    """Return a world with ten days and a champion."""
    world = empty_world(tmp_path / "lake")
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(7, 0.02)
    return world


def test_scoring_keeps_the_features_of_every_row_in_one_commit(trained: World) -> None:
    trained.score(7, 9)
    log = read_log(trained.lake, trained.model, trained.keys(7, 9))
    served = log.select("_model_version", "_role", "_scored_at").unique()
    assert served.rows() == [(1, "champion", trained.at(10))]
    assert trained.lake.version("delay/inference_log") == 1  # after the commit that creates the table
    given = feature_frame(trained.lake, trained.catalog, trained.model, trained.keys(7, 9))
    assert_frame_equal(log.select(given.columns).sort("flight_id"), given.sort("flight_id"))
    scores = trained.lake.read("delay/scores")
    assert scores.join(log, on=["flight_id", "at", PARTITION], how="anti").is_empty()


def test_the_log_keeps_what_was_served_when_the_table_changes(trained: World) -> None:
    trained.score(7, 7)
    before = read_log(trained.lake, trained.model, trained.keys(7, 7))
    trained.add_days(7, 7, distance=3000)
    assert read_log(trained.lake, trained.model, trained.keys(7, 7)).equals(before)
    trained.score(7, 7)
    assert (read_log(trained.lake, trained.model, trained.keys(7, 7))["distance"] - before["distance"]).mean() == pytest.approx(2000, abs=200)


def test_a_prediction_that_fails_logs_nothing(trained: World) -> None:
    trained.registry.estimators[1] = None
    with pytest.raises(TrainingError):
        trained.score(7, 7)
    assert not trained.lake.exists("delay/inference_log")


def test_a_crash_before_the_scores_leaves_a_log_that_the_next_run_replaces(trained: World) -> None:
    rows = feature_frame(trained.lake, trained.catalog, trained.model, trained.keys(7, 7))
    log_inference(trained.lake, trained.model, rows, Served(9, "champion", trained.at(8)), trained.keys(7, 7))
    trained.score(7, 7)
    log = read_log(trained.lake, trained.model, trained.keys(7, 7))
    assert log["_model_version"].unique().to_list() == [1]
    assert log.height == rows.height


def test_a_feature_declared_later_becomes_a_column_and_one_of_another_type_is_refused(trained: World) -> None:
    trained.score(7, 7)
    rows = feature_frame(trained.lake, trained.catalog, trained.model, trained.keys(8, 8))
    served = Served(2, "champion", trained.at(9))
    log_inference(trained.lake, trained.model, rows.with_columns(role=pl.lit("pilot")), served, trained.keys(8, 8))
    log = read_log(trained.lake, trained.model, trained.keys(7, 8))
    assert dict(log.group_by(PARTITION).agg(pl.col("role").first()).iter_rows()) == {trained.key(7): None, trained.key(8): "pilot"}
    with pytest.raises(LakeError, match="column 'distance' is Float64 in the table but String"):
        log_inference(trained.lake, trained.model, rows.with_columns(distance=pl.lit("far")), served, trained.keys(8, 8))


def test_only_the_asked_role_is_read_and_without_a_log_it_says_what_writes_it(trained: World) -> None:
    with pytest.raises(NotReadyError, match="Model delay has no inference log yet; materialise delay/scores"):
        read_log(trained.lake, trained.model, trained.keys(7, 7))
    trained.score(7, 7)
    assert read_log(trained.lake, trained.model, trained.keys(7, 7), role="shadow").is_empty()
