"""Batch scoring by the champion."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import DeclarationError, NotReadyError, TrainingError
from mlworks_orchestration.scoring import score
from mlworks_orchestration.training import Measured
from tests.scoring.world import World, empty_world


@pytest.fixture
def trained(tmp_path: Path) -> World:
    """Return a world with ten days and a champion."""
    world = empty_world(tmp_path / "lake")
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(7, 0.02)
    return world


def run(world: World, first: int, last: int) -> tuple[pl.DataFrame, Measured]:
    with clock.replaying(world.at(11)):
        return score(world.lake, world.catalog, world.model, world.registry, world.keys(first, last))


def test_every_row_of_the_range_gets_the_champions_prediction(trained: World) -> None:
    scores, _ = run(trained, 7, 9)
    flights = trained.lake.read("features/flights", partitions=trained.keys(7, 9))
    joined = scores.join(flights, on=["flight_id", "at", PARTITION])
    assert joined.height == flights.height == scores.height
    assert np.allclose(joined["prediction"].to_numpy(), 0.02 * joined["distance"].to_numpy())
    assert scores.select("model_version", "role", "scored_at").unique().rows() == [(1, "champion", trained.at(11))]


def test_the_range_is_one_commit_and_one_call(trained: World) -> None:
    calls = []

    class Counting:
        def predict(self, matrix: Any) -> Any:
            calls.append(len(matrix))
            return np.zeros(len(matrix))

    trained.registry.estimators[1] = Counting()
    run(trained, 5, 9)
    assert calls == [5 * 120]
    assert trained.lake.version("delay/scores") == 1  # after the commit that creates the table
    assert trained.lake.partitions("delay/scores") == trained.keys(5, 9)


def test_scoring_again_replaces_these_partitions_and_no_others(trained: World) -> None:
    run(trained, 5, 9)
    trained.train(9, 0.05)
    run(trained, 7, 8)
    stored = trained.lake.read("delay/scores")
    versions = dict(stored.group_by(PARTITION).agg(pl.col("model_version").unique()).iter_rows())
    assert [versions[key] for key in trained.keys(5, 9)] == [[1], [1], [2], [2], [1]]
    assert stored.height == 5 * 120


def test_what_it_cost_is_measured(trained: World) -> None:
    scores, measured = run(trained, 7, 9)
    assert measured.rows == scores.height == 360
    assert measured.duration_seconds > 0
    assert measured.rows_per_second > 0
    assert measured.peak_memory_mb > 10


def test_without_a_champion_it_says_what_to_do_first(trained: World) -> None:
    trained.registry.serving = None
    with pytest.raises(
        NotReadyError, match=r"Model delay has no champion; materialise delay/champion first, then delay/scores of 2013-03-08 … 2013-03-10"
    ):
        run(trained, 7, 9)
    with pytest.raises(NotReadyError, match=r"then delay/scores of 2013-03-08\."):
        run(trained, 7, 7)


def test_a_partition_without_features_is_named_and_nothing_is_written(trained: World) -> None:
    with pytest.raises(NotReadyError, match=r"partition 2013-03-11 of feature table flights.*Materialise features/flights"):
        run(trained, 9, 10)
    assert not trained.lake.exists("delay/scores")


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_prediction_that_is_no_number_is_an_error_and_nothing_is_written(trained: World, wrong: float) -> None:
    class Broken:
        def predict(self, matrix: Any) -> Any:
            return np.where(np.arange(len(matrix)) == 3, wrong, 1.0)

    run(trained, 7, 9)
    trained.registry.estimators[1] = Broken()
    before = trained.lake.version("delay/scores")
    with pytest.raises(TrainingError, match=r"Model delay version 1 .* 1 of them NaN or infinite"):
        run(trained, 7, 9)
    assert trained.lake.version("delay/scores") == before


def test_a_category_that_the_champion_cannot_take_is_an_error_with_partitions_and_remedy(trained: World) -> None:
    class Strict:
        def predict(self, matrix: Any) -> Any:
            message = f"Found unknown categories ['moon'] in column 0 of {len(matrix)} rows"
            raise ValueError(message)

    trained.registry.estimators[1] = Strict()
    said = r"delay/scores of 2013-03-08 … 2013-03-10: Model delay version 1 could not predict .* \['moon'\] in column 0 .*handle_unknown"
    with pytest.raises(TrainingError, match=said):
        run(trained, 7, 9)
    assert not trained.lake.exists("delay/scores")


@pytest.mark.parametrize("name", ["prediction", "role"])
def test_an_entity_called_as_a_column_of_ours_is_refused(trained: World, name: str) -> None:
    trained.model = trained.model.model_copy(update={"entity": [name]})
    with pytest.raises(DeclarationError, match=f"called '{name}', as one of its table of scores is; rename it"):
        run(trained, 7, 9)
