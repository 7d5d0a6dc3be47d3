"""Continuous integration: build assets in a throw-away place and collect what every asset check says."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from mlworks_orchestration.errors import MLWorksError, nearest
from mlworks_orchestration.graph.jobs import request_tags, with_inputs
from mlworks_orchestration.graph.names import features, raw
from mlworks_orchestration.graph.nobody_there import stand_in
from mlworks_orchestration.graph.replay import QUIET, Progress, Replay, failure
from mlworks_orchestration.graph.resources import open_lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import WEEK, Catalog, FeatureTable, MLModel, first_training

FORTNIGHT = timedelta(weeks=2)


@dataclass(frozen=True)
class CheckReport:
    """The worst result of an asset check over all partitions that were built.

    Parameters:
        asset: the asset's key.
        check: the check's name.
        evaluations: how many partitions it was evaluated on.
        failed: how many of them failed.
        severity: `ERROR` or `WARN`, of the worst failure; empty when none failed.
        description: the worst failure in words, or the last result.
    """

    asset: str
    check: str
    evaluations: int
    failed: int
    severity: str
    description: str

    @property
    def is_error(self) -> bool:
        """Whether it must stop a merge."""
        return self.severity == dg.AssetCheckSeverity.ERROR.value


def integrate(  # noqa: PLR0913 - each is another part of the throw-away place
    project: Project,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    *,
    select: str,
    report: Callable[[Progress], None],
    until: datetime | None = None,
) -> list[CheckReport]:
    """Build the selected assets, with all that they need, and report their checks.

    Parameters:
        project: the deployment; its environment is the throw-away place.
        definitions: the code location's definitions.
        instance: a throw-away Dagster instance.
        select: a model or a table by its name, or assets in Dagster's selection syntax.
        report: is told of every step.
        until: the last moment that the data reach; by default that of `slice_end` for each model.

    Raises:
        MLWorksError: if nothing is selected, or if an asset cannot be built.
    """
    graph = definitions.resolve_asset_graph()
    chosen = _chosen(select, definitions, project.catalog)
    needed = dg.AssetSelection.assets(*chosen).upstream().resolve(graph)
    models = [model for model in project.catalog.models.values() if any(key.path[0] == model.name for key in needed)]
    for model in models:
        Replay(model, definitions, instance, open_lake(project.environment), until or slice_end(model), stand_in(project, model)).run(report)
    _build_tables(project, definitions, instance, needed, until)
    return _collect(definitions, instance, chosen)


def _chosen(select: str, definitions: dg.Definitions, catalog: Catalog) -> set[dg.AssetKey]:
    graph = definitions.resolve_asset_graph()
    try:
        selection = dg.AssetSelection.groups(select) if select in catalog.models else dg.AssetSelection.from_string(select)
        chosen = dg.AssetSelection.assets(features(select)).resolve(graph) if select in catalog.tables else selection.resolve(graph)
    except dg.DagsterError as error:
        message = f"--select {select!r} is no model, no table and no asset: {nearest(select, [*catalog.models, *catalog.tables])}."
        raise MLWorksError(message) from error
    if not chosen:
        message = f"--select {select!r} chooses no asset; try '*', a model, a table, or 'key:\"features/*\"'."
        raise MLWorksError(message)
    return set(chosen)


def slice_end(model: MLModel) -> datetime:
    """Return how far a slice of a model's data must reach, so that all of its life is seen once.

    That is two weeks after the first training, or longer, where it takes longer until a partition that the first champion scored has ended, its
    labels are known, and a week has passed in which they are taken in.

    Parameters:
        model: the model's declaration.

    Examples:
        A label that is known a day later is waited for within the two weeks; one that is known a month later is waited for before the first training
        and again after it:

        >>> declared = dict(name="a", description="", task="regression", owners={"data_science": "team:a"}, entity=["id"], event_time="at",
        ...     partitions={"every": "day", "start": "2024-01-01"}, features=[{"table": "t", "columns": ["x"]}],
        ...     estimator="a:build", metrics={"primary": "mae"}, retraining={"window": "60d"})
        >>> [f"{slice_end(MLModel(label={'table': 'l', 'column': 'y', 'delay': delay}, **declared)):%Y-%m-%d}" for delay in ("1d", "30d")]
        ['2024-03-15', '2024-05-08']
    """
    first = first_training(model).astimezone(UTC)
    cut = model.partitions
    return max(first + FORTNIGHT, cut.window(cut.key_of(first)).end + model.label.delay + WEEK)


def table_end(catalog: Catalog, table: FeatureTable) -> datetime:
    """Return how far a slice of a table must reach: as far as the models that read it, else to the end of the partition two weeks after its start.

    Parameters:
        catalog: all declarations.
        table: the table's declaration.
    """
    cut = table.partitions
    fortnight = datetime.combine(cut.start, datetime.min.time(), cut.zone).astimezone(UTC) + FORTNIGHT
    readers = [model for model in catalog.models.values() if table.name in with_inputs(catalog, model.tables)]
    return max((slice_end(model) for model in readers), default=cut.window(cut.key_of(fortnight)).end)


def _build_tables(
    project: Project, definitions: dg.Definitions, instance: dg.DagsterInstance, needed: Iterable[dg.AssetKey], until: datetime | None
) -> None:
    """Build the needed tables that no model's replay has built."""
    lake, wanted = open_lake(project.environment), set(needed)
    for table in (project.catalog.tables[name] for name in with_inputs(project.catalog, list(project.catalog.tables))):
        keys = [key for key in (raw(table.name), features(table.name)) if key in wanted]
        built = set(lake.partitions(f"features/{table.name}"))
        missing = [key for key in table.partitions.keys(until or table_end(project.catalog, table)) if key not in built]
        if not keys or not missing:
            continue
        job = definitions.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(run_config=QUIET, instance=instance, asset_selection=keys, tags=request_tags(missing), raise_on_error=False)
        if not result.success:
            message = f"features/{table.name} could not be built: {failure(result)}"
            raise MLWorksError(message)


def _collect(definitions: dg.Definitions, instance: dg.DagsterInstance, chosen: Iterable[dg.AssetKey]) -> list[CheckReport]:
    """Return a report a declared check of the chosen assets, also of those that were never evaluated."""
    wanted = set(chosen)
    latest: dict[tuple[str, str], dict[str | None, dg.AssetCheckEvaluation]] = {}
    for check in definitions.resolve_asset_graph().asset_check_keys:
        if check.asset_key in wanted:
            latest[check.asset_key.to_user_string(), check.name] = {}
    ordered = sorted(instance.get_run_records(), key=lambda record: record.create_timestamp)
    for record in ordered:
        for event in instance.get_records_for_run(record.dagster_run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records:
            evaluation = event.event_log_entry.get_dagster_event().event_specific_data
            if isinstance(evaluation, dg.AssetCheckEvaluation) and evaluation.asset_key in wanted:
                latest[evaluation.asset_key.to_user_string(), evaluation.check_name][evaluation.partition] = evaluation
    return [_report(asset, check, list(found.values())) for (asset, check), found in sorted(latest.items())]


def _report(asset: str, check: str, evaluations: Sequence[dg.AssetCheckEvaluation]) -> CheckReport:
    failed = [item for item in evaluations if not item.passed]
    worst = next((item for item in failed if item.severity is dg.AssetCheckSeverity.ERROR), failed[0] if failed else None)
    shown = worst or (evaluations[-1] if evaluations else None)
    where = f"{shown.partition}: " if shown and shown.partition else ""
    return CheckReport(
        asset,
        check,
        len(evaluations),
        len(failed),
        worst.severity.value if worst else "",
        f"{where}{shown.description or ''}" if shown else "never evaluated",
    )
