"""The sensor that acts on approvals: once enough people approve, it asks for the gate to be run for their version."""

from datetime import datetime
from typing import TYPE_CHECKING

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.training import Mandate


def approval_sensor(model: MLModel, environment: Environment) -> dg.SensorDefinition:
    """Return the sensor that lets a version take over once it is approved.

    Parameters:
        model: the declaration of a model whose gate is manual.
        environment: where the lake is.
    """

    @dg.sensor(
        name=f"{model.name}_approval_sensor",
        job_name=names.job(model.name, "train"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if environment.automation else dg.DefaultSensorStatus.STOPPED,
        description=f"Lets a version of {model.name} take over once it is approved; who said what is in {model.name}/approvals.",
    )
    def definition(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from mlworks_orchestration.training import approvals_version, approved  # noqa: PLC0415 - costs what the code location need not pay to load

        lake = open_lake(environment)
        # Read before the approvals: one that lands in between is looked at twice rather than never.
        version = approvals_version(lake, model.name)
        if version == context.cursor:
            return dg.SensorResult(
                skip_reason=f"Nobody has said anything about a version of {model.name} since the last look.", cursor=context.cursor
            )
        return approval_answer(model, approved(lake, model), version, context.cursor, clock.now())

    return definition


def approval_answer(model: MLModel, found: "tuple[Mandate, int] | None", version: str | None, cursor: str | None, now: datetime) -> dg.SensorResult:
    """Ask for the asset `champion` to be materialised for an approved version.

    The cursor moves on only when nothing is left to be done, so that a run that fails is asked for again an hour later: the hour is part of
    its run key, and so is the number of the last word, for a version that was rejected meanwhile may be approved anew.

    Parameters:
        model: the model's declaration.
        found: the approved version, with the number of the last word about it; none if there is none.
        version: the Delta version of the table of approvals.
        cursor: that of the last look.
        now: the current moment.
    """
    if found is None:
        return dg.SensorResult(skip_reason=f"No version of {model.name} has the approvals that it needs and still waits.", cursor=version)
    given, word = found
    request = dg.RunRequest(
        run_key=f"{model.name}:approved:{given.version}:{word}@{now:%Y-%m-%dT%H}",
        asset_selection=[names.of_model(model.name, "champion")],
        tags={names.RUN_VERSION: str(given.version), names.RUN_TRIGGER: f"version {given.version} was approved by {given.by}"},
    )
    return dg.SensorResult(run_requests=[request], cursor=cursor)
