"""Tuning: trials on training rows alone, recorded in MLflow, found again after a stop."""

import json

import pytest
from mlflow.entities import Run
from pydantic import ValidationError

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Candidate, reproduce, trials
from mlworks_orchestration.training.trials import Trials
from tests.training.trips import Deployment, day, declare

SEARCH = {"alpha": {"low": 0.01, "high": 1e6, "log": True}}


def tuning(**fields: object) -> MLModel:
    hyperparameters = {} if "search" in fields else {"alpha": 100_000.0}
    return declare(tune={"search": SEARCH, "trials": 4, **fields}, hyperparameters=hyperparameters, metrics={"primary": "mae"})[1]


def nested(made: Deployment, candidate: Candidate | None = None) -> list[Run]:
    client = made.registry.client
    experiment = made.registry.experiment("trip_delay")
    found = client.search_runs([experiment], "tags.tuning != ''", order_by=["attributes.start_time ASC"])
    return [run for run in found if candidate is None or run.data.tags["mlflow.parentRunId"] == candidate.run_id]


def test_each_trial_is_a_nested_run_and_the_version_is_fitted_with_the_best(fresh: Deployment) -> None:
    made = fresh.fit(day(24), tuning())
    runs = nested(fresh, made)
    assert [run.info.status for run in runs] == ["FINISHED"] * 4
    assert float(runs[0].data.params["alpha"]) == 100_000.0, "the first trial is of the declared hyperparameters"
    best = min(runs, key=lambda run: run.data.metrics["mae"])
    assert best.data.metrics["mae"] < runs[0].data.metrics["mae"]
    training = fresh.registry.client.get_run(made.run_id).data
    assert training.params["declared_alpha"] == best.data.params["alpha"]
    assert training.metrics["tuning_best_mae"] == best.data.metrics["mae"]
    assert training.metrics["tuning_trials"] == 4


def test_the_rows_of_the_gate_are_never_seen_by_a_trial(fresh: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    cut = trials.Trials.record

    def watch(self: Trials, number: int, parameters: dict[str, object]) -> object:
        seen.append(parameters)
        return cut(self, number, parameters)

    monkeypatch.setattr(trials.Trials, "record", watch)
    first = fresh.fit(day(24), tuning())
    scores = [run.data.metrics["mae"] for run in nested(fresh, first)]
    rows = fresh.lake.read("trip_delay/labels")
    later = rows["starts_at"] >= first.snapshot.holdout.start
    fresh.lake.write("trip_delay/labels", rows.with_columns(label=rows["label"] + later * 500.0), partitions=rows["_partition"].unique().to_list())
    second = fresh.fit(day(24), tuning())
    assert second.snapshot.id != first.snapshot.id
    assert [run.data.metrics["mae"] for run in nested(fresh, second)] == scores
    assert len(seen) == 8


def test_a_search_that_was_stopped_goes_on_from_the_trials_that_mlflow_has(fresh: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    record = Trials.record

    def killed(self: Trials, number: int, parameters: dict[str, object]) -> object:
        if number == 2:
            raise KeyboardInterrupt
        return record(self, number, parameters)

    monkeypatch.setattr(Trials, "record", killed)
    with pytest.raises(KeyboardInterrupt):
        fresh.fit(day(24), tuning())
    monkeypatch.undo()
    made = fresh.fit(day(24), tuning())
    runs = nested(fresh)
    assert [run.info.run_name for run in runs] == ["trial 1", "trial 2", "trial 3", "trial 4"]
    assert len(nested(fresh, made)) == 2
    assert len({run.data.tags["tuning_parameters"] for run in runs}) == 4, "no trial is done twice"


def test_a_trial_that_a_killed_process_left_under_way_does_not_count(fresh: Deployment) -> None:
    first = fresh.fit(day(24), tuning())
    run = nested(fresh, first)[-1]
    fresh.registry.client.update_run(run.info.run_id, status="RUNNING")
    made = fresh.fit(day(24), tuning())
    assert fresh.registry.client.get_run(run.info.run_id).info.status == "KILLED"
    assert len(nested(fresh, made)) == 1


def test_time_that_is_spent_stays_spent(fresh: Deployment) -> None:
    model = tuning(time_limit="1s", trials=10).model_copy(update={"estimator": "tests.training.estimators:slow"})
    made = fresh.fit(day(24), model)
    assert len(nested(fresh, made)) == 1
    assert nested(fresh, fresh.fit(day(24), model)) == []


def test_another_snapshot_or_another_search_begins_anew(fresh: Deployment) -> None:
    fresh.fit(day(24), tuning())
    assert len(nested(fresh, fresh.fit(day(25), tuning()))) == 4
    assert len(nested(fresh, fresh.fit(day(25), tuning(search={"alpha": {"choices": [0.5, 5.0]}}, trials=2)))) == 2


def test_a_trial_that_fails_is_recorded_and_the_search_goes_on(fresh: Deployment) -> None:
    made = fresh.fit(day(24), tuning(search={"alpha": {"choices": [-1.0, 0.5]}}, trials=6))
    runs = nested(fresh, made)
    failed = [run for run in runs if run.info.status == "FAILED"]
    assert failed
    assert {json.loads(run.data.tags["tuning_parameters"])["alpha"] for run in failed} == {-1.0}
    assert "alpha" in failed[0].data.tags["tuning_reason"]
    assert fresh.registry.client.get_run(made.run_id).data.params["declared_alpha"] == "0.5"


def test_if_every_trial_fails_the_training_fails_with_the_reason(fresh: Deployment) -> None:
    with pytest.raises(TrainingError, match=r"each of 3 trials of tuning failed, the last one so: .*alpha"):
        fresh.fit(day(24), tuning(search={"alpha": {"choices": [-1.0, -2.0]}}, trials=3))


def test_a_holdout_as_long_as_the_training_rows_leaves_nothing_to_compare(fresh: Deployment) -> None:
    with pytest.raises(TrainingError, match=r"older than the last 30d.*make tune\.holdout shorter"):
        fresh.fit(day(24), tuning(holdout="30d"))


def test_a_tuned_version_is_reproduced_with_its_own_hyperparameters(fresh: Deployment) -> None:
    model = tuning()
    made = fresh.fit(day(24), model)
    again = reproduce(fresh.lake, fresh.catalog, model, fresh.registry, made.version)
    assert again.exact
    assert again.notes == ()


def test_declared_hyperparameters_outside_the_search_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"tune\.search\.alpha: the declared 100000\.0, tried first, is not in it"):
        declare(tune={"search": {"alpha": {"low": 0.1, "high": 1.0}}}, hyperparameters={"alpha": 100_000.0})
