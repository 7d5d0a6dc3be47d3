import subprocess
import sys
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.retraining import History, promotion
from mlworks_orchestration.training import holder, load_snapshot, moves, served_at
from mlworks_orchestration.training.snapshot import find_snapshot
from tests.training.trips import Deployment, day, declare

NAME = "trip_delay"


def held(made: Deployment, moment: datetime) -> dict[str, int | None]:
    return {alias: holder(made.lake, NAME, alias, moment) for alias in ("champion", "challenger", "previous")}


def test_a_model_that_was_never_trained_has_no_versions(fresh: Deployment) -> None:
    assert fresh.registry.champion(NAME) is fresh.registry.challenger(NAME) is None
    assert fresh.registry.versions(NAME) == []
    assert fresh.registry.aliases(NAME) == {}
    assert held(fresh, day(99)) == {"champion": None, "challenger": None, "previous": None}
    with pytest.raises(TrackingError, match=r"has no version in MLflow at sqlite.*materialise trip_delay/candidate"):
        fresh.registry.latest(NAME)
    with pytest.raises(TrackingError, match=r"no version 1 .*there are: none yet"):
        fresh.registry.version(NAME, 1)


def test_versions_come_newest_first_with_aliases_and_tags(challenged: Deployment) -> None:
    first, second = challenged.registry.version(NAME, 1), challenged.registry.version(NAME, 2)
    assert challenged.registry.versions(NAME) == [second, first]
    assert challenged.registry.latest(NAME) == second == challenged.registry.challenger(NAME)
    assert challenged.registry.champion(NAME) == first
    assert (first.aliases, second.aliases) == (("champion",), ("challenger",))
    assert first.tags["gate"] == "promoted"


def test_who_held_an_alias_at_a_moment_is_a_query_of_the_lake(challenged: Deployment) -> None:
    with clock.replaying(day(50)):
        challenged.registry.promote(NAME, 2, why="it is better", moved_by="anna")
    with clock.replaying(day(55)):
        challenged.registry.promote(NAME, 1, why="back again", moved_by="anna")
    assert held(challenged, day(23)) == {"champion": None, "challenger": None, "previous": None}
    assert held(challenged, day(30)) == {"champion": 1, "challenger": None, "previous": None}
    assert held(challenged, day(47)) == {"champion": 1, "challenger": 2, "previous": None}
    assert held(challenged, day(50)) == {"champion": 2, "challenger": None, "previous": 1}
    assert held(challenged, day(56)) == {"champion": 1, "challenger": None, "previous": 2}
    assert challenged.registry.aliases(NAME) == {"champion": 1, "previous": 2}
    last = moves(challenged.lake, NAME).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["why"], last["moved_by"], last["recorded_at"]) == ("back again", "anna", day(55))


def test_a_move_recorded_after_the_clock_went_back_counts_from_its_time_on_whatever_a_wrong_clock_had_put_after_it(challenged: Deployment) -> None:
    with clock.replaying(day(500)):
        challenged.registry.promote(NAME, 2, why="it is better")
    with clock.replaying(day(50)):
        challenged.registry.promote(NAME, 1, why="back again", moved_by="anna")
    assert [held(challenged, day(when))["champion"] for when in (30, 51, 501)] == [1, 1, 1]
    assert [served_at(challenged.lake, NAME, day(when)).why for when in (51, 501)] == ["back again", "back again"]
    assert promotion(moves(challenged.lake, NAME), History(), day(501)) is None, "a version that came back is no new promotion"
    with clock.replaying(day(60)):
        challenged.registry.promote(NAME, 2, why="yet again")
    assert held(challenged, day(501)) == {"champion": 2, "challenger": None, "previous": 1}


def test_a_promotion_done_again_changes_nothing(challenged: Deployment) -> None:
    with clock.replaying(day(50)):
        challenged.registry.promote(NAME, 2, why="once")
        rows = moves(challenged.lake, NAME)
        challenged.registry.promote(NAME, 2, why="twice")
    assert moves(challenged.lake, NAME).equals(rows)
    assert challenged.registry.aliases(NAME) == {"champion": 2, "previous": 1}


def test_an_alias_moved_by_hand_in_mlflow_is_recorded_before_it_moves_on(challenged: Deployment) -> None:
    challenged.registry.client.set_registered_model_alias(NAME, "champion", "2")
    with clock.replaying(day(50)):
        challenged.registry.promote(NAME, 1, why="that was a mistake")
    champions = moves(challenged.lake, NAME).filter(pl.col("alias") == "champion")
    assert champions["version"].to_list() == [1, 2, 1]
    assert champions["why"].to_list()[1:] == ["found so in MLflow", "that was a mistake"]
    assert holder(challenged.lake, NAME, "champion", day(50)) == 1


def test_a_version_that_does_not_exist_is_not_promoted(challenged: Deployment) -> None:
    with pytest.raises(TrackingError, match=r"no version 9 .*there are: 2, 1"):
        challenged.registry.promote(NAME, 9, why="a slip")
    assert challenged.registry.aliases(NAME) == {"challenger": 2, "champion": 1}


def test_an_experiment_is_made_once_with_its_artifacts_beside_it(fresh: Deployment) -> None:
    number = fresh.registry.experiment("other")
    assert fresh.registry.experiment("other") == number
    assert fresh.registry.client.get_experiment(number).artifact_location == str(fresh.home / "artifacts" / "other")


def test_a_deleted_experiment_is_an_error_with_the_way_back(fresh: Deployment) -> None:
    number = fresh.registry.experiment("other")
    fresh.registry.client.delete_experiment(number)
    with pytest.raises(TrackingError, match=f"restore --experiment-id {number}"):
        fresh.registry.experiment("other")


def test_a_version_is_loaded_once_and_predicts_from_a_polars_frame(challenged: Deployment) -> None:
    predictor = challenged.registry.load(NAME, 2)
    assert challenged.registry.load(NAME, 2) is predictor
    assert predictor.columns == ("carrier", "distance", "seats", "rainy")
    snapshot = find_snapshot(challenged.lake, challenged.model, challenged.registry.version(NAME, 2).tags["snapshot"])
    _, holdout = load_snapshot(challenged.lake, challenged.catalog, challenged.model, snapshot)
    predicted = predictor.predict(holdout.select(reversed(holdout.columns)))
    assert predicted.dtype == "float64"
    assert abs(predicted - holdout["label"].to_numpy()).mean() < 2
    assert predictor.predict(holdout.clear()).shape == (0,)


def test_a_version_predicts_categories_and_gaps_that_it_never_saw(challenged: Deployment) -> None:
    rows = pl.DataFrame({"carrier": ["new", None], "distance": [None, 1.0], "seats": [1, None], "rainy": [None, None]})
    assert challenged.registry.load(NAME, 2).predict(rows).shape == (2,)


def test_a_missing_feature_is_named_with_model_and_version(challenged: Deployment) -> None:
    with pytest.raises(TrainingError, match="Model trip_delay version 2 needs the feature 'seats'"):
        challenged.registry.load(NAME, 2).predict(pl.DataFrame({"carrier": ["A"], "distance": [1.0]}))


def test_an_estimator_that_cannot_predict_is_an_error_with_model_and_version(fresh: Deployment) -> None:
    fresh.fit(day(40), declare(estimator="tests.training.estimators:strict", hyperparameters={})[1])
    rows = pl.DataFrame({"carrier": ["new"], "distance": [1.0], "seats": [1], "rainy": [None]})
    with pytest.raises(TrainingError, match=r"trip_delay version 1 could not predict 1 rows: ValueError: Found unknown categories"):
        fresh.registry.load(NAME, 1).predict(rows)


def test_a_version_whose_file_is_broken_is_an_error(fresh: Deployment) -> None:
    fresh.fit(day(40))
    folder = fresh.registry.client.get_model_version_download_uri(NAME, "1")
    (Path(folder) / "model.skops").write_bytes(b"broken")
    with pytest.raises(TrainingError, match=r"version 1 cannot be loaded: BadZipFile.*requirements.txt"):
        fresh.registry.load(NAME, 1)


def test_a_version_without_its_files_is_an_error(challenged: Deployment) -> None:
    registry = challenged.registry
    registry.client.create_model_version(NAME, str(challenged.home / "gone"))
    with pytest.raises(TrackingError, match=r"version 3: its files at .*gone could not be read.*promote another version"):
        registry.load(NAME, 3)


def test_a_version_loads_in_a_clean_process_without_the_module_of_its_estimator(challenged: Deployment) -> None:
    program = f"""
import sys
sys.path = [entry for entry in sys.path if "tests" not in entry]
import mlflow
mlflow.set_tracking_uri({challenged.registry.tracking_uri!r})
import pandas as pd
model = mlflow.pyfunc.load_model("models:/{NAME}/2")
rows = pd.DataFrame({{"carrier": ["A", None], "distance": [1.0, None], "seats": [1.0, 2.0], "rainy": [1.0, 0.0]}})
assert len(model.predict(rows)) == 2
assert not any("estimators" in name for name in sys.modules if name.startswith("tests"))
assert [each.name for each in model.metadata.signature.inputs.inputs] == ["carrier", "distance", "seats", "rainy", "trip_id", "starts_at"]
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False, cwd=challenged.home)
    assert done.returncode == 0, done.stderr
