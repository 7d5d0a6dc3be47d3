"""The sensor that closes the loop: evidence, `decide()`, at most one run."""

from typing import TYPE_CHECKING

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.jobs import runs_under_way
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.retraining import Decision


class InstanceRuns:
    """What a Dagster instance knows of a model's trainings.

    Parameters:
        instance: the Dagster instance.
        model: the model's name.
    """

    def __init__(self, instance: dg.DagsterInstance, model: str) -> None:
        self._instance = instance
        self._job = names.job(model, "train")

    def in_progress(self) -> bool:
        """Return whether a training of the model is queued or under way."""
        return runs_under_way(self._instance, self._job)

    def launched(self, run_key: str) -> bool:
        """Return whether a run with this key was ever launched."""
        return bool(self._instance.get_runs_count(dg.RunsFilter(job_name=self._job, tags={"dagster/run_key": run_key})))


def retraining_sensor(model: MLModel, environment: Environment) -> dg.SensorDefinition:
    """Return the sensor that asks for a retraining when drift lasts and the policy allows it.

    Parameters:
        model: the model's declaration.
        environment: where the lake is.
    """

    @dg.sensor(
        name=f"{model.name}_retraining_sensor",
        job_name=names.job(model.name, "train"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if environment.automation else dg.DefaultSensorStatus.STOPPED,
        description=f"Retrains {model.name} when drift lasts; every decision is a row of {model.name}/decisions.",
    )
    def definition(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from mlworks_orchestration.retraining import consider  # noqa: PLC0415 - costs what the code location need not pay to load

        decision, cursor = consider(open_lake(environment), model, InstanceRuns(context.instance, model.name), context.cursor)
        return answer(model, decision, cursor)

    return definition


def answer(model: MLModel, decision: "Decision | None", cursor: str | None) -> dg.SensorResult:
    """Turn a decision into what Dagster is told.

    Parameters:
        model: the model's declaration.
        decision: none if there was nothing new to decide about.
        cursor: for the next look.
    """
    if decision is None:
        return dg.SensorResult(skip_reason=f"No drift report of {model.name} has come since the last look.", cursor=cursor)
    if decision.action != "retrain":
        return dg.SensorResult(skip_reason=f"{decision.action}: {decision.reason}", cursor=cursor)
    request = dg.RunRequest(run_key=decision.run_key, tags={names.RUN_TRIGGER: decision.reason})
    return dg.SensorResult(run_requests=[request], cursor=cursor)
