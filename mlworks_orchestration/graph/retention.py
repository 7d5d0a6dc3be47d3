"""The job that takes care of the lake's files, and its schedule, which starts switched off."""

from datetime import timedelta

import dagster as dg

from mlworks_orchestration.project import Project

_SUNDAY_NIGHT = "0 3 * * 0"


class Retention(dg.Config):
    """What the job may be told.

    Parameters:
        older_than_hours: for how long a file must have been of no use before it is deleted; longer than any run takes.
        dry_run: only tell what would be done.
    """

    older_than_hours: int = 24
    dry_run: bool = False


def retention_definitions(project: Project) -> dg.Definitions:
    """Return the job `retention` and its schedule, for all tables of the lake.

    Parameters:
        project: the deployment.
    """

    @dg.op(required_resource_keys={"lake", "registry"}, description="Merges small files and deletes those that no registered model needs.")
    def retain_tables(context: dg.OpExecutionContext, config: Retention) -> None:
        from mlworks_orchestration.training import retain  # noqa: PLC0415 - costs what the code location need not pay to load

        older_than = timedelta(hours=config.older_than_hours)
        found = []
        for item in retain(context.resources.lake, project.catalog, context.resources.registry, older_than=older_than, dry_run=config.dry_run):
            context.log.info(
                "%s: %d files merged, %d deleted, %d bytes. %s", item.table, item.merged, item.freed_files, item.freed_bytes, item.trouble
            )
            found.append(item)
        freed, troubled = sum(item.freed_bytes for item in found), [item.table for item in found if item.trouble]
        tables = dg.MetadataValue.json([item.to_dict() for item in found])
        context.add_output_metadata({"tables": tables, "freed_bytes": freed, "troubled": ", ".join(troubled) or "none"})

    @dg.job(name="retention", description="Takes care of the lake's files; keeps every version that a registered model was trained on.")
    def retention() -> None:
        retain_tables()

    schedule = dg.ScheduleDefinition(
        name="retention_schedule",
        job=retention,
        cron_schedule=_SUNDAY_NIGHT,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Off until somebody switches it on, for it deletes files.",
    )
    return dg.Definitions(jobs=[retention], schedules=[schedule])
