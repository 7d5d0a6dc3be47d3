"""A model's jobs and its schedule."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from mlworks_orchestration import clock
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.partitions import cron, range_tags
from mlworks_orchestration.graph.processes import runs_under_way
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import Catalog, MLModel

MAX_PARTITIONS = 31
"""Most partitions that one tick asks for, so that a long outage is caught up in pieces."""


def model_jobs(catalog: Catalog, model: MLModel) -> list[UnresolvedAssetJobDefinition]:
    """Return a model's jobs: `data` (tables and labels), `score`, `labels` and `train`.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
    """
    inputs = with_inputs(catalog, [selection.table for selection in model.features])
    truth = with_inputs(catalog, [model.label.table])
    watched = [names.of_model(model.name, asset) for asset in ("profile", "drift_report")]
    labels, performance = names.of_model(model.name, "labels"), names.of_model(model.name, "performance")
    selections = {
        "data": ([*_table_keys(catalog, [*inputs, *truth]), labels], "Feature tables and labels of past partitions, without scoring them."),
        "score": ([*_table_keys(catalog, inputs), names.of_model(model.name, "scores"), *watched], "Score new partitions and report drift."),
        "labels": ([*_table_keys(catalog, truth), labels, performance, *watched], "Take in labels that have arrived, and measure with them."),
        "train": ([names.of_model(model.name, asset) for asset in ("training_set", "candidate", "champion")], "Train a challenger and judge it."),
    }
    return [
        dg.define_asset_job(
            names.job(model.name, verb),
            selection=dg.AssetSelection.assets(*dict.fromkeys(keys)),
            description=description,
            tags={names.RUN_MODEL: model.name},
            executor_def=dg.in_process_executor,
        )
        for verb, (keys, description) in selections.items()
    ]


def scoring_schedule(model: MLModel, environment: Environment) -> dg.ScheduleDefinition:
    """Return the schedule that scores every partition that has ended and is not scored yet.

    Parameters:
        model: the model's declaration.
        environment: where the lake is.
    """

    @dg.schedule(
        name=f"{model.name}_schedule",
        job_name=names.job(model.name, "score"),
        cron_schedule=model.schedule or cron(model.partitions),
        execution_timezone=model.partitions.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if environment.automation else dg.DefaultScheduleStatus.STOPPED,
        description=f"Scores partitions of {model.name} as they end.",
    )
    def definition(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if runs_under_way(context.instance, names.job(model.name, "score")):
            return dg.SkipReason(f"A scoring run of {model.name} is under way; what has ended meanwhile is asked for at the next tick.")
        moment = context.scheduled_execution_time if context._scheduled_execution_time else clock.now()  # noqa: SLF001
        return score_request(model, open_lake(environment).partitions(f"{model.name}/scores"), model.partitions.keys(moment))

    return definition


def score_request(model: MLModel, scored: Sequence[str], ended: Sequence[str]) -> dg.RunRequest | dg.SkipReason:
    """Ask for the earliest ended partitions that come after the last scored one, in one run.

    Parameters:
        model: the model's declaration.
        scored: keys of the partitions that have scores.
        ended: keys of the partitions that have ended, in order.
    """
    last = max(scored, default="")
    pending = [key for key in ended if key > last]
    if not pending:
        return dg.SkipReason(f"Every ended partition of {model.name} is scored, up to {last or 'none'}.")
    wanted = pending[:MAX_PARTITIONS] if scored else pending[-1:]
    return dg.RunRequest(run_key=f"{wanted[0]}:{wanted[-1]}", tags=request_tags(wanted))


def request_tags(keys: Sequence[str]) -> dict[str, str]:
    """Return the tags that make a run build exactly `keys`, which follow each other."""
    return {"dagster/partition": keys[0]} if len(keys) == 1 else range_tags(keys)


def with_inputs(catalog: Catalog, tables: Sequence[str]) -> list[str]:
    """Return tables with all those that they are derived from, each once and inputs first.

    Parameters:
        catalog: all declarations.
        tables: names of the tables.
    """
    found: dict[str, None] = {}
    for name in tables:
        for upstream in (*with_inputs(catalog, catalog.tables[name].inputs), name):
            found[upstream] = None
    return list(found)


def _table_keys(catalog: Catalog, tables: Sequence[str]) -> list[dg.AssetKey]:
    keys = []
    for name in tables:
        keys += [names.features(name)] if catalog.tables[name].inputs else [names.raw(name), names.features(name)]
        keys += [names.online(name)] if catalog.tables[name].online else []
    return keys
