"""The sensor that closes the loop, for all models: evidence, `decide()`, at most one run a model."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.target import AutomationTarget

from mlworks_orchestration import clock
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.processes import FAILED, runs_under_way
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.retraining import Decision

RETRAINING_SENSOR = "retraining_sensor"


class InstanceRuns:
    """What a Dagster instance knows of a model's trainings and rollbacks.

    Parameters:
        instance: the Dagster instance.
        model: the model's name.
    """

    def __init__(self, instance: dg.DagsterInstance, model: str) -> None:
        self._instance = instance
        self._model = model

    def in_progress(self) -> bool:
        """Return whether a training of the model is queued or under way."""
        return runs_under_way(self._instance, names.job(self._model, "train"))

    def rolling_back(self) -> bool:
        """Return whether a rollback of the model is queued or under way."""
        return runs_under_way(self._instance, names.ROLLBACK, {names.RUN_MODEL: self._model})

    def launched(self, run_key: str) -> bool:
        """Return whether a run with this key was ever launched; one at which a replay stopped is to be done again by it."""
        found = self._instance.get_runs(dg.RunsFilter(tags={names.RUN_KEY: run_key}))
        return any(names.REPLAYED not in run.tags or run.status not in FAILED for run in found)

    def failed(self, run_key: str) -> bool:
        """Return whether every run with this key failed by itself: none goes on, was done, or was stopped by a person."""
        found = self._instance.get_runs(dg.RunsFilter(tags={names.RUN_KEY: run_key}))
        return bool(found) and all(run.status is dg.DagsterRunStatus.FAILURE for run in found)


class RetrainingSensor(dg.SensorDefinition):
    """One sensor for all models: a sensor a model would cost the daemon a call and a tick each, every half minute, however quiet the models are.

    Parameters:
        models: the declarations.
        environment: where the lake is.
    """

    def __init__(self, models: Sequence[MLModel], environment: Environment) -> None:
        self.models = tuple(models)
        self._environment = environment
        super().__init__(
            name=RETRAINING_SENSOR,
            evaluation_fn=self._tick,
            minimum_interval_seconds=30,
            default_status=dg.DefaultSensorStatus.RUNNING if environment.automation else dg.DefaultSensorStatus.STOPPED,
            description="Retrains a model when its policy says so, and rolls back; every decision is a row of <model>/decisions.",
        )
        # Dagster takes the names of jobs that are defined elsewhere one a sensor only.
        self._targets = [AutomationTarget(job) for job in [*(names.job(model.name, "train") for model in self.models), names.ROLLBACK]]

    def of(self, models: Sequence[MLModel]) -> "RetrainingSensor":
        """Return the same sensor for some models only.

        Parameters:
            models: the declarations.
        """
        return RetrainingSensor(models, self._environment)

    def _tick(self, context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from mlworks_orchestration.retraining.tick import consider, with_news  # noqa: PLC0415 - costs what the code location need not pay to load

        lake, marks = open_lake(self._environment), read_marks(context.cursor)
        told: dict[str, Decision] = {}
        wrong: dict[str, Exception] = {}
        for model in with_news(lake, self.models, marks, clock.now()):
            try:
                decision, mark = consider(lake, model, InstanceRuns(context.instance, model.name), marks.get(model.name))
            except Exception as error:
                wrong[model.name] = error
                context.log.exception("%s could not be decided about.", model.name)
                continue
            if decision is not None:
                told[model.name], marks[model.name] = decision, mark
        if wrong and not told:
            message = "; ".join(f"{name}: {error}" for name, error in wrong.items())
            raise MLWorksError(message) from next(iter(wrong.values()))
        return answer(told, json.dumps(marks))


def retraining_sensor(models: Sequence[MLModel], environment: Environment) -> RetrainingSensor:
    """Return the sensor that asks for retrainings and rollbacks.

    Parameters:
        models: the declarations.
        environment: where the lake is.
    """
    return RetrainingSensor(models, environment)


def read_marks(cursor: str | None) -> dict[str, Any]:
    """Return what the last look at each model saw; nothing, so that all are looked at afresh, where the cursor is none of ours.

    Parameters:
        cursor: as Dagster kept it.

    Examples:
        >>> read_marks('{"airline_delay": {"drift_report": 7}}'), read_marks("an older release's"), read_marks(None)
        ({'airline_delay': {'drift_report': 7}}, {}, {})
    """
    try:
        found = json.loads(cursor or "{}")
    except json.JSONDecodeError:
        return {}
    return {name: mark for name, mark in found.items() if isinstance(mark, dict)} if isinstance(found, dict) else {}


def answer(told: "Mapping[str, Decision]", cursor: str) -> dg.SensorResult:
    """Turn decisions into what Dagster is told.

    Parameters:
        told: the decisions by model; none of models of which there was nothing new.
        cursor: for the next look.
    """
    requests = [request_of(model, decision) for model, decision in told.items() if decision.run_key is not None]
    if requests:
        return dg.SensorResult(run_requests=requests, cursor=cursor)
    said = "\n".join(f"{model}: {decision.action}: {decision.reason}" for model, decision in told.items())
    return dg.SensorResult(skip_reason=said or "Nothing to decide about has come since the last look.", cursor=cursor)


def request_of(model: str, decision: "Decision") -> dg.RunRequest:
    """Return the run that a decision asks for.

    Parameters:
        model: the model's name.
        decision: to retrain or to roll back.
    """
    if decision.action == "retrain":
        return dg.RunRequest(decision.run_key, job_name=names.job(model, "train"), tags={names.RUN_TRIGGER: decision.reason})
    tags = {names.RUN_MODEL: model, names.RUN_FROM: f"{decision.champion}", names.RUN_VERSION: f"{decision.to}", names.RUN_TRIGGER: decision.reason}
    return dg.RunRequest(decision.run_key, job_name=names.ROLLBACK, tags=tags)
