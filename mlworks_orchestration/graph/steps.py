"""One way to make an asset: a plain function of a `Step` returns an `Outcome`, and Dagster's events are made of it here."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluationTargetMaterializationData as Target

from mlworks_orchestration import clock
from mlworks_orchestration.graph.names import RUN_NOW, RUN_TRIGGER, RUN_VERSION
from mlworks_orchestration.graph.processes import take_turn, write_process

if TYPE_CHECKING:
    from mlworks_orchestration.data import Lake

Metadata = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """What an asset's function is given.

    Parameters:
        lake: the Delta tables.
        registry: MLflow's models, opened when first asked for.
        partitions: the keys to build; empty for an asset without partitions.
        run_id: of the Dagster run.
        trigger: what asked for the run, in words.
        version: the model's version that the run is about; none where it is the newest.
    """

    lake: "Lake"
    registry: Any
    partitions: tuple[str, ...]
    run_id: str
    trigger: str
    version: int | None = None


@dataclass(frozen=True)
class Check:
    """The result of an asset check.

    Parameters:
        name: of the check, as declared beside the asset.
        passed: whether it holds.
        description: the result in words.
        partition: the partition it is about; none for an asset without partitions.
        severity: `error` or `warn`.
        metadata: numbers and rows to show.
    """

    name: str
    passed: bool
    description: str
    partition: str | None = None
    severity: str = "error"
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What an asset's function found.

    Parameters:
        metadata: of the whole.
        by_partition: numbers to plot, by partition.
        checks: results of the declared checks.
        refused: partitions that were left as they were, with the reason; the step fails when there are any.
    """

    metadata: Metadata = field(default_factory=dict)
    by_partition: Mapping[str, Metadata] = field(default_factory=dict)
    checks: Sequence[Check] = ()
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckDeclaration:
    """A check that stands beside an asset.

    Parameters:
        name: of the check.
        description: what it asserts.
        blocking: whether assets downstream wait for it.
    """

    name: str
    description: str
    blocking: bool = False


def later(module: str, name: str, *arguments: object) -> Callable[[Step], Outcome]:
    """Return an asset's function that is imported when it is first called, so that the code location loads without it.

    Parameters:
        module: of `graph.compute`.
        name: of the function in it.
        arguments: it is called with these, then the step.
    """

    def compute(step: Step) -> Outcome:
        function = getattr(import_module(f"mlworks_orchestration.graph.compute.{module}"), name)
        outcome: Outcome = function(*arguments, step)
        return outcome

    return compute


def asset(
    spec: dg.AssetSpec,
    compute: Callable[[Step], Outcome],
    checks: Sequence[CheckDeclaration] = (),
    resources: frozenset[str] = frozenset(),
    *,
    once: bool = False,
) -> dg.AssetsDefinition:
    """Make an asset of a plain function.

    Parameters:
        spec: the asset's key, partitions, dependencies and description.
        compute: does the work for all partitions of a run at once.
        checks: what is checked in the same step.
        resources: keys of resources needed beside the lake and the registry.
        once: whether, of several runs with the same run key, the first alone builds it.
    """
    declared = [
        dg.AssetCheckSpec(check.name, asset=spec.key, description=check.description, blocking=check.blocking, partitions_def=spec.partitions_def)
        for check in checks
    ]

    @dg.multi_asset(
        name="__".join(spec.key.path),
        specs=[spec],
        check_specs=declared,
        backfill_policy=dg.BackfillPolicy.single_run() if spec.partitions_def else None,
        required_resource_keys={"lake", "registry", *resources},
    )
    def definition(context: dg.AssetExecutionContext) -> Iterator[Any]:
        partitions = tuple(context.partition_keys) if context.has_partition_key or context.has_partition_key_range else ()
        tags = context.run.tags
        (take_turn if once else write_process)(context.instance, context.run)
        version = int(tags[RUN_VERSION]) if RUN_VERSION in tags else None
        step = Step(context.resources.lake, context.resources.registry, partitions, context.run.run_id, tags.get(RUN_TRIGGER, "manual"), version)
        with _run_time(tags):
            outcome = compute(step)
        yield from _events(context, spec, declared, outcome, partitions)

    return definition


def shown(metadata: Metadata) -> Metadata:
    """Return metadata as people read them: floats with six significant digits; the lake and MLflow keep the whole number.

    Examples:
        >>> shown({"mae": 21.170179570522723, "rows": 28834})
        {'mae': 21.1702, 'rows': 28834}
    """
    return {name: float(f"{value:.6g}") if isinstance(value, float) else value for name, value in metadata.items()}


def _run_time(tags: Mapping[str, str]) -> AbstractContextManager[None]:
    """Let the clock stand where a replayed run's tag says."""
    return clock.replaying(datetime.fromisoformat(tags[RUN_NOW])) if RUN_NOW in tags else nullcontext()


def _events(
    context: dg.AssetExecutionContext, spec: dg.AssetSpec, declared: Sequence[dg.AssetCheckSpec], outcome: Outcome, partitions: tuple[str, ...]
) -> Iterator[Any]:
    if outcome.refused:
        yield from _refusal(context, spec, declared, outcome, partitions)
        return
    for partition, metadata in outcome.by_partition.items():
        context.add_asset_metadata(shown(metadata), asset_key=spec.key, partition_key=partition)
    yield dg.MaterializeResult(asset_key=spec.key, metadata=shown(outcome.metadata))
    for check in declared:
        yield dg.Output(None, output_name=check.get_python_identifier())
    yield from _evaluations(context, spec, declared, outcome, partitions)


def _refusal(
    context: dg.AssetExecutionContext, spec: dg.AssetSpec, declared: Sequence[dg.AssetCheckSpec], outcome: Outcome, partitions: tuple[str, ...]
) -> Iterator[Any]:
    """Record what was built and checked, then fail the step with the reasons."""
    for partition in partitions:
        if partition not in outcome.refused:
            context.log_event(dg.AssetMaterialization(spec.key, metadata=shown(outcome.by_partition.get(partition, {})), partition=partition))
    yield from _evaluations(context, spec, declared, outcome, partitions)
    raise dg.Failure("\n".join(outcome.refused.values()), allow_retries=False)


def _evaluations(
    context: dg.AssetExecutionContext, spec: dg.AssetSpec, declared: Sequence[dg.AssetCheckSpec], outcome: Outcome, partitions: tuple[str, ...]
) -> Iterator[dg.AssetCheckEvaluation]:
    """Give each result the materialisation that it is about; without one, Dagster shows a partition's check as never evaluated."""
    if not outcome.checks:
        return
    blocking = {check.name: check.blocking for check in declared}
    built = [partition for partition in partitions if partition not in outcome.refused]
    targets = {key: target for group in (built, *([key] for key in outcome.refused)) for key, target in _newest(context, spec.key, group).items()}
    for check in outcome.checks:
        yield dg.AssetCheckEvaluation(
            asset_key=spec.key,
            check_name=check.name,
            passed=check.passed,
            metadata=shown(check.metadata),
            target_materialization_data=targets.get(check.partition),
            severity=dg.AssetCheckSeverity.ERROR if check.severity == "error" else dg.AssetCheckSeverity.WARN,
            description=check.description,
            blocking=blocking[check.name],
            partition=check.partition,
        )


def _newest(context: dg.AssetExecutionContext, asset: dg.AssetKey, partitions: Sequence[str]) -> dict[str | None, Target]:
    """Return the newest materialisation of each partition, or of the asset when it has none; just built, these are the asset's newest."""
    wanted = dg.AssetRecordsFilter(asset, asset_partitions=list(partitions) or None)
    found: dict[str | None, Target] = {}
    for record in context.instance.fetch_materializations(wanted, limit=max(len(partitions), 1)).records:
        found.setdefault(record.partition_key, Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp))
    return found
