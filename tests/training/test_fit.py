import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import Ridge

from mlworks_orchestration import clock
from mlworks_orchestration.errors import DeclarationError, TrackingError, TrainingError
from mlworks_orchestration.spec import Catalog, FeatureTable
from mlworks_orchestration.training import Measure, baseline, evaluate, fit_candidate, load_snapshot, take_snapshot
from mlworks_orchestration.training.provenance import git_state
from tests.training import estimators
from tests.training.trips import Deployment, day, declare

NAME = "trip_delay"


def runs(made: Deployment) -> list[str]:
    client = made.registry.client
    return [run.info.status for run in client.search_runs([made.registry.experiment(NAME)])]


def test_a_candidate_carries_all_that_tells_where_it_came_from(fresh: Deployment) -> None:
    candidate = fresh.fit(day(40))
    client, version = fresh.registry.client, fresh.registry.version(NAME, 1)
    run = client.get_run(candidate.run_id)
    assert (candidate.model, candidate.version, version.run_id, run.info.status) == (NAME, 1, candidate.run_id, "FINISHED")
    assert version.aliases == ("challenger",)
    assert version.tags["snapshot"] == candidate.snapshot.id
    assert json.loads(version.tags["snapshot_tables"]) == candidate.snapshot.tables
    assert version.tags["features"] == "carrier, distance, seats, rainy"
    assert (version.tags["dagster_run_id"], version.tags["trigger"]) == ("run-1", "test")
    commit, dirty = git_state(estimators.build)
    assert (version.tags["git_commit"], version.tags["git_dirty"]) == (commit, str(dirty).lower())
    assert version.tags.items() >= {key: value for key, value in run.data.tags.items() if not key.startswith(("mlflow.", "estimator"))}.items()


def test_parameters_metrics_and_what_it_cost_are_logged(fresh: Deployment) -> None:
    candidate = fresh.fit(day(40))
    data = fresh.registry.client.get_run(candidate.run_id).data
    assert data.params["declared_alpha"] == data.params["ridge__alpha"] == "0.5"
    assert data.params["declared_seed"] == data.params["ridge__random_state"] == "7"
    assert data.metrics["training_mean_absolute_error"] == pytest.approx(candidate.metrics["train_mae"])
    assert data.metrics.items() >= candidate.metrics.items()
    assert set(candidate.metrics) == {f"{part}_{metric}" for part in ("train", "holdout", "baseline") for metric in ("mae", "rmse", "r2")}
    assert candidate.software.rows == candidate.snapshot.rows
    assert data.metrics["training_seconds"] == candidate.software.duration_seconds > 0


def test_held_out_metrics_are_those_of_the_registered_model_and_of_the_best_constant(fresh: Deployment) -> None:
    candidate = fresh.fit(day(40))
    train, holdout = load_snapshot(fresh.lake, fresh.catalog, fresh.model, candidate.snapshot)
    truth, names = holdout["label"].to_numpy(), fresh.model.metrics.names
    predicted = fresh.registry.load(NAME, 1).predict(holdout)
    constant = np.full(truth.size, np.median(train["label"].to_numpy()))
    for part, guess in (("holdout", predicted), ("baseline", constant)):
        for name, value in evaluate(Measure("regression"), names, truth, guess).items():
            assert candidate.metrics[f"{part}_{name}"] == pytest.approx(value)
    assert float(fresh.registry.version(NAME, 1).tags["baseline"]) == constant[0]


def test_the_baseline_is_the_constant_that_is_best_by_the_primary_metric() -> None:
    labels = np.array([0.0, 1.0, 8.0])
    assert baseline(declare()[1], labels) == 1
    for metric in ("rmse", "mse", "r2"):
        assert baseline(declare(metrics={"primary": metric})[1], labels) == 3


def test_signature_example_snapshot_and_features_are_in_the_run(fresh: Deployment) -> None:
    candidate = fresh.fit(day(40))
    from mlflow.artifacts import load_dict  # noqa: PLC0415 - heavy
    from mlflow.models import Model  # noqa: PLC0415

    uri = fresh.registry.client.get_run(candidate.run_id).info.artifact_uri
    assert json.dumps(load_dict(f"{uri}/snapshot.json"), sort_keys=True) == candidate.snapshot.to_json()
    assert load_dict(f"{uri}/features.json") == {"features": fresh.model.feature_columns}
    model = Model.load(fresh.registry.client.get_model_version_download_uri(NAME, "1"))
    assert {each.name: each.type.name for each in model.signature.inputs.inputs} == {
        "carrier": "string",
        "distance": "double",
        "seats": "double",
        "rainy": "double",
        "trip_id": "long",
        "starts_at": "datetime",
    }
    assert model.saved_input_example_info is not None
    assert "serialization_format" in model.flavors["sklearn"]
    assert model.flavors["sklearn"]["serialization_format"] == "skops"


def test_the_same_snapshot_and_seed_give_the_same_model(fresh: Deployment) -> None:
    first, second = fresh.fit(day(40)), fresh.fit(day(40))
    assert (second.version, second.snapshot) == (2, first.snapshot)
    assert second.metrics == first.metrics
    assert fresh.registry.aliases(NAME) == {"challenger": 2}


def test_nothing_is_autologged_after_the_fit(fresh: Deployment) -> None:
    fresh.fit(day(40))
    Ridge().fit([[0.0], [1.0]], [0.0, 1.0])
    client = fresh.registry.client
    everywhere = [experiment.experiment_id for experiment in client.search_experiments()]
    assert len(client.search_runs(everywhere)) == 1


@pytest.fixture
def callers_run(fresh: Deployment) -> Iterator[str]:
    """An MLflow run that the caller has begun, as dagster-mlflow's resource does."""
    experiment = fresh.registry.experiment(NAME)
    import mlflow  # noqa: PLC0415 - heavy

    mlflow.set_tracking_uri(fresh.registry.tracking_uri)
    yield mlflow.start_run(experiment_id=experiment).info.run_id
    mlflow.end_run()


def test_the_callers_run_is_used_and_left_open(fresh: Deployment, callers_run: str) -> None:
    candidate = fresh.fit(day(40))
    assert candidate.run_id == callers_run
    assert runs(fresh) == ["RUNNING"]


def test_the_callers_run_is_ended_as_failed_when_the_fit_fails(fresh: Deployment, callers_run: str) -> None:
    with pytest.raises(TrainingError):
        fresh.fit(day(40), declare(estimator="tests.training.estimators:failing", hyperparameters={})[1])
    assert fresh.registry.client.get_run(callers_run).info.status == "FAILED"


@pytest.mark.parametrize(
    ("estimator", "hyperparameters", "said"),
    [
        ("failing", {}, r"trip_delay could not be fitted on 600 rows: ValueError: could not convert string to float"),
        ("silent", {}, r"trip_delay gave predictions of shape \(600,\) for 600 rows, 600 of them NaN"),
        ("wrong_type", {}, r"estimators:wrong_type returned a dict without fit"),
        ("not_storable", {}, r"cannot be stored.*top level of a module"),
        ("build", {"alhpa": 1.0}, r"estimators:build could not be called with seed=7 and the hyperparameters \{'alhpa': 1.0\}.*unexpected keyword"),
    ],
)
def test_a_fit_that_fails_says_why_ends_its_run_as_failed_and_registers_nothing(
    fresh: Deployment, estimator: str, hyperparameters: dict[str, float], said: str
) -> None:
    _, model = declare(estimator=f"tests.training.estimators:{estimator}", hyperparameters=hyperparameters)
    with pytest.raises(TrainingError, match=said):
        fresh.fit(day(40), model)
    assert runs(fresh) == ["FAILED"]
    assert fresh.registry.versions(NAME) == []
    fresh.fit(day(40))
    assert fresh.registry.aliases(NAME) == {"challenger": 1}


def test_a_fit_that_the_user_interrupts_ends_its_run_as_killed(fresh: Deployment) -> None:
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(day(40), declare(estimator="tests.training.estimators:interrupted", hyperparameters={})[1])
    assert runs(fresh) == ["KILLED"]


def test_an_estimator_that_does_not_exist_is_named(fresh: Deployment) -> None:
    with pytest.raises(DeclarationError, match=r"trip_delay: estimator: module .* has no 'biuld'; did you mean 'build'"):
        fresh.fit(day(40), declare(estimator="tests.training.estimators:biuld")[1])


def test_more_features_than_a_tag_holds_are_cut_in_the_tag_and_whole_in_the_run(fresh: Deployment) -> None:
    names = [f"column_{number:02d}_{'x' * 180}" for number in range(30)]
    wide = fresh.lake.read("features/trips").with_columns(pl.col("distance").alias(name) for name in names)
    keys = wide["_partition"].unique().to_list()
    fresh.lake.write("features/trips", wide, partitions=keys, schema="merge")
    catalog, model = declare(features=[{"table": "trips", "columns": ["carrier", "distance", "seats", "rainy", *names]}])
    fields = catalog.tables["trips"].model_dump()
    fields["columns"] |= dict.fromkeys(names, "float")
    catalog = Catalog.of([*catalog.tables.values(), FeatureTable.model_validate(fields)], [model])
    with clock.replaying(day(40)):
        snapshot = take_snapshot(fresh.lake, catalog, model, day(40))
        candidate = fit_candidate(fresh.lake, catalog, model, snapshot, fresh.registry, tags={}, trigger="test")
    tag = fresh.registry.version(NAME, candidate.version).tags["features"]
    assert len(tag) == 5000
    assert tag.endswith("…")
    assert len(fresh.registry.load(NAME, candidate.version).columns) == 34


def test_mlflow_going_away_is_an_error_that_names_it(fresh: Deployment) -> None:
    snapshot = take_snapshot(fresh.lake, fresh.catalog, fresh.model, day(40))
    fresh.registry.experiment(NAME)
    (fresh.home / "mlflow.db").write_bytes(b"")
    with pytest.raises(TrackingError, match=r"mlflow.db did not answer"):
        fit_candidate(fresh.lake, fresh.catalog, fresh.model, snapshot, fresh.registry, tags={}, trigger="test")


def test_code_outside_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loose_code.py").write_text("def build():\n    return None\n")
    monkeypatch.syspath_prepend(tmp_path)
    import loose_code  # type: ignore[import-not-found]  # noqa: PLC0415 - made just now

    assert git_state(loose_code.build) == ("", False)


def test_code_that_differs_from_its_commit_is_dirty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*command: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(["git", *who, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    (tmp_path / "kept_code.py").write_text("def build():\n    return None\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    monkeypatch.syspath_prepend(tmp_path)
    import kept_code  # type: ignore[import-not-found]  # noqa: PLC0415 - made just now

    assert git_state(kept_code.build) == (git("rev-parse", "HEAD"), False)
    (tmp_path / "kept_code.py").write_text("def build():\n    return 1\n")
    assert git_state(kept_code.build).dirty
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(estimators.build).commit == ""
