"""A registered version fitted again: equal, or the first difference and what caused it, each cause planted."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.training import Reproduction, reproduce
from mlworks_orchestration.training.reproduction import Record, first_difference, likely_causes
from tests.training import estimators
from tests.training.trips import Deployment, day, declare

NAME = "trip_delay"


def again(made: Deployment, version: int = 1, **changes: object) -> Reproduction:
    return reproduce(made.lake, made.catalog, declare(**changes)[1], made.registry, version)


def everything_in_mlflow(made: Deployment) -> tuple[list[str], int]:
    client = made.registry.client
    everywhere = [experiment.experiment_id for experiment in client.search_experiments()]
    return sorted(run.info.run_id for run in client.search_runs(everywhere)), len(made.registry.versions(NAME))


def test_a_version_comes_out_the_same_to_the_last_bit_and_nothing_is_left_behind(fresh: Deployment) -> None:
    fresh.fit(day(40))
    before, log = everything_in_mlflow(fresh), {table: fresh.lake.version(table) for table in fresh.lake.tables()}
    found = again(fresh)
    assert (found.equal, found.exact, found.causes, found.notes, found.rows) == (True, True, (), (), 200)
    assert set(found.metrics) == {f"{part}_{metric}" for part in ("train", "holdout") for metric in ("mae", "rmse", "r2")}
    assert "equal to the last bit: 6 metrics and 200 held-out predictions" in found.verdict
    assert everything_in_mlflow(fresh) == before
    assert {table: fresh.lake.version(table) for table in fresh.lake.tables()} == log


def test_it_is_fitted_with_what_its_run_was_and_not_with_what_is_declared_today(fresh: Deployment) -> None:
    fresh.fit(day(40))
    found = again(fresh, hyperparameters={"alpha": 500.0}, seed=8)
    assert found.equal
    assert found.notes == (
        "seed is declared as 8 now; it was fitted again with its own, 7.",
        "alpha is declared as 500.0 now; it was fitted again with its own, 0.5.",
    )


def test_rows_written_since_change_nothing(fresh: Deployment) -> None:
    fresh.fit(day(40))
    rewritten = fresh.lake.read("features/trips").with_columns(pl.col("distance") * 3)
    fresh.lake.write("features/trips", rewritten, partitions=rewritten["_partition"].unique().to_list())
    assert again(fresh).equal


def test_a_changed_estimator_is_found_in_its_parameters(fresh: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.fit(day(40))
    build = estimators.build
    monkeypatch.setattr(estimators, "build", lambda seed, alpha: build(seed=seed, alpha=alpha * 1000))
    found = again(fresh)
    assert not found.equal
    assert "holdout_mae was" in found.difference
    assert found.causes[0].kind == "code"
    assert "ridge__alpha=500.0; it was 0.5" in " ".join(cause.evidence for cause in found.causes)


def test_a_changed_source_file_is_told_even_outside_git(fresh: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "loose_estimator.py"
    text = "from tests.training.estimators import build as made\n\ndef build(seed, alpha):\n    return made(seed=seed, alpha=alpha * {})\n"
    file.write_text(text.format(1))
    monkeypatch.syspath_prepend(tmp_path)
    chosen = "loose_estimator:build"
    fresh.fit(day(40), declare(estimator=chosen)[1])
    assert again(fresh, estimator=chosen).equal
    file.write_text(text.format(1000))
    monkeypatch.delitem(__import__("sys").modules, "loose_estimator")
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    found = again(fresh, estimator=chosen)
    assert (found.equal, found.causes[0].kind) == (False, "code")
    assert found.causes[0].evidence == "The estimator's source file has changed since it was fitted."


def test_other_library_versions_are_the_cause_only_where_the_result_differs(fresh: Deployment) -> None:
    fresh.fit(day(40))
    [requirements] = (fresh.home / "artifacts").rglob("requirements.txt")
    requirements.write_text(requirements.read_text().replace("scikit-learn==", "scikit-learn==0."))
    equal = again(fresh)
    assert equal.equal
    assert "scikit-learn was 0." in equal.notes[0]
    run = fresh.registry.version(NAME, 1).run_id
    fresh.registry.client.log_metric(run, "holdout_mae", 1.25)
    found = again(fresh)
    assert found.difference.startswith("holdout_mae was 1.25 and is ")
    assert found.causes[0].kind == "libraries"
    assert "Install the versions of its requirements.txt" in found.causes[0].evidence


def test_an_estimator_that_ignores_its_seed_is_caught_by_fitting_twice(fresh: Deployment) -> None:
    chosen: dict[str, object] = {"estimator": "tests.training.estimators:restless", "hyperparameters": {}}
    fresh.fit(day(40), declare(**chosen)[1])
    found = again(fresh, **chosen)
    assert (found.equal, found.causes[0].kind) == (False, "non-determinism")
    assert "use the seed that it is given" in found.causes[0].evidence


def test_a_table_that_someone_vacuumed_is_named_with_its_version_and_what_to_do(fresh: Deployment) -> None:
    fresh.fit(day(40))
    version = fresh.lake.version("features/trips")
    rows = fresh.lake.read("features/trips").with_columns(pl.col("distance") * 3)
    fresh.lake.write("features/trips", rows, partitions=rows["_partition"].unique().to_list())
    fresh.lake.delta("features/trips").vacuum(0, dry_run=False, enforce_retention_duration=False)
    found = again(fresh)
    assert (found.equal, found.causes[0].kind) == (False, "data")
    assert f"Lake table features/trips at version {version} could not be read" in found.causes[0].evidence
    assert "restore the table's folder from a backup, or train again" in found.causes[0].evidence


def test_a_declaration_with_other_features_is_told(fresh: Deployment) -> None:
    fresh.fit(day(40))
    found = again(fresh, features=[{"table": "trips", "columns": ["carrier", "distance"]}])
    assert (found.equal, found.causes[0].kind) == (False, "declaration")
    assert "seats" in found.causes[0].evidence


def test_a_version_that_was_deleted_in_mlflow_is_named_with_the_nearest(fresh: Deployment) -> None:
    for _ in range(3):
        fresh.fit(day(40))
    fresh.registry.client.delete_model_version(NAME, "2")
    with pytest.raises(
        TrackingError, match=r"trip_delay has no version 2 in MLflow at .* any more: it was deleted; there are: 3, 1\. The nearest is 1"
    ):
        again(fresh, 2)
    with pytest.raises(TrackingError, match=r"no version 9 .*mlflow.db; there are: 3, 1\. The nearest is 3"):
        again(fresh, 9)


def test_a_version_whose_files_are_gone_or_that_no_training_made_is_unavailable(fresh: Deployment) -> None:
    fresh.fit(day(40))
    fresh.registry.client.create_model_version(NAME, str(fresh.home), fresh.registry.version(NAME, 1).run_id)
    by_hand = again(fresh, 2)
    assert (by_hand.equal, by_hand.causes[0].kind) == (False, "unavailable")
    assert "no tag `snapshot`" in by_hand.causes[0].evidence
    [requirements] = (fresh.home / "artifacts").rglob("requirements.txt")
    requirements.unlink()
    assert again(fresh).causes[0].kind == "unavailable"


def test_an_estimator_that_cannot_be_imported_any_more_is_the_code(fresh: Deployment) -> None:
    fresh.fit(day(40))
    found = again(fresh, estimator="tests.training.estimators:biuld")
    assert found.causes[0].kind == "code"
    assert "did you mean 'build'" in found.causes[0].evidence


def test_predictions_are_compared_too_and_rounding_is_no_difference() -> None:
    logged = Record({"holdout_mae": 1.0}, np.array([1.0, 2.0, 3.0]))
    assert first_difference(logged, Record({"holdout_mae": 1.0}, logged.predictions + 1e-12)) == ""
    other = Record({"holdout_mae": 1.0}, np.array([1.0, 2.5, 3.0]))
    assert first_difference(logged, other) == "1 of 3 held-out predictions differ, by 0.5 at most; the first, row 1, was 2.0 and is 2.5 now."


def test_without_any_trace_the_cause_is_said_to_be_unknown() -> None:
    logged, found = (Record({"holdout_mae": value}, np.zeros(1), commit="c" * 40) for value in (1.0, 2.0))
    assert [cause.kind for cause in likely_causes(logged, found, found)] == ["unknown"]


def test_a_moved_commit_and_uncommitted_files_come_last() -> None:
    logged = Record({"m": 1.0}, np.zeros(1), commit="a" * 40, dirty=True, source="s", libraries={"numpy": "1"})
    found = Record({"m": 2.0}, np.zeros(1), commit="b" * 40, source="s", libraries={"numpy": "2"})
    evidence = [cause.evidence for cause in likely_causes(logged, found, found)]
    assert [text.split(" was ")[0] for text in evidence] == ["numpy", "The git commit", "It"]
    assert "what it imports may not be" in evidence[1]
