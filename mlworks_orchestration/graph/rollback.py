"""The job that lets the version before serve again, asked for by the retraining sensor."""

from contextlib import nullcontext
from datetime import datetime

import dagster as dg

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.processes import write_process
from mlworks_orchestration.project import Project


def rollback_definitions(project: Project) -> dg.Definitions:
    """Return the job `rollback`, for all models; the run's tags say which model, to which version and why.

    Parameters:
        project: the deployment.
    """

    @dg.op(required_resource_keys={"lake", "registry"}, description="Lets the version before serve again, from the next scored row on.")
    def roll_back_champion(context: dg.OpExecutionContext) -> None:
        from mlworks_orchestration.training import roll_back_from  # noqa: PLC0415 - costs what the code location need not pay to load

        write_process(context.instance, context.run)
        tags = context.run.tags
        model, to = project.model(tags[names.RUN_MODEL]), int(tags[names.RUN_VERSION])
        judged = int(tags[names.RUN_FROM])
        moment = tags.get(names.RUN_NOW)
        with clock.replaying(datetime.fromisoformat(moment)) if moment else nullcontext():
            done = roll_back_from(context.resources.lake, model, context.resources.registry, judged, to, by="breaker", why=tags[names.RUN_TRIGGER])
        said = f"Version {to} serves instead of version {judged}." if done else f"Version {judged} serves no longer, so nothing was done."
        context.log.info(said)
        context.add_output_metadata({"model": model.name, "from": judged, "to": to, "done": done, "said": said})

    @dg.job(
        name=names.ROLLBACK,
        description="Lets a model's version before serve again, asked for by the retraining sensor; by hand: `mlworks rollback`.",
        executor_def=dg.in_process_executor,
    )
    def rollback() -> None:
        roll_back_champion()

    return dg.Definitions(jobs=[rollback])
