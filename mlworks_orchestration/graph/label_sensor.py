"""The sensor that notices labels whose time has come."""

from collections.abc import Collection, Sequence
from datetime import datetime

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.jobs import MAX_PARTITIONS, request_tags
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import MLModel, format_duration


def label_sensor(model: MLModel, environment: Environment) -> dg.SensorDefinition:
    """Return the sensor that asks for labels and performance of scored partitions once `label.delay` has passed.

    Parameters:
        model: the model's declaration.
        environment: where the lake is.
    """

    @dg.sensor(
        name=f"{model.name}_label_sensor",
        job_name=names.job(model.name, "labels"),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING if environment.automation else dg.DefaultSensorStatus.STOPPED,
        description=f"Takes in labels of {model.name} as they become known.",
    )
    def definition(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        del context
        lake = open_lake(environment)
        return labels_request(model, lake.partitions(f"{model.name}/scores"), lake.partitions(f"{model.name}/performance"), clock.now())

    return definition


def labels_request(model: MLModel, scored: Sequence[str], measured: Collection[str], now: datetime) -> dg.RunRequest | dg.SkipReason:
    """Ask for the earliest run of consecutive scored partitions whose labels are known by `now` and not measured yet.

    A request that fails is asked for again an hour later: the hour is part of its run key.

    Parameters:
        model: the model's declaration.
        scored: keys of partitions with scores.
        measured: keys of partitions with performance.
        now: the current moment.
    """
    due = [key for key in sorted(scored) if model.partitions.window(key).end + model.label.delay <= now]
    pending = [key for key in due if key not in set(measured)]
    if not pending:
        waiting = len(scored) - len(due)
        delay = format_duration(model.label.delay)
        return dg.SkipReason(f"No labels of {model.name} are due: {len(due)} scored partitions have theirs, {waiting} wait for {delay}.")
    first = due.index(pending[0])
    wanted = [key for key, expected in zip(due[first:], pending, strict=False) if key == expected][:MAX_PARTITIONS]
    return dg.RunRequest(run_key=f"{wanted[0]}:{wanted[-1]}@{now:%Y-%m-%dT%H}", tags=request_tags(wanted))
