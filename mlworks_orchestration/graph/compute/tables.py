"""What the assets of a feature table do."""

from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, QualityResult, build_features, given_before, load_raw, record_quality, validate
from mlworks_orchestration.data.online import open_store, publish
from mlworks_orchestration.graph.compute.reading import read_ready
from mlworks_orchestration.graph.steps import Check, Metadata, Outcome, Step
from mlworks_orchestration.graph.tables import declared_checks
from mlworks_orchestration.spec import Catalog, FeatureTable


def materialize_raw(table: FeatureTable, step: Step) -> Outcome:
    """Ask the source for the partitions and keep what it gave."""
    before = given_before(step.lake, table, step.partitions)
    frame = load_raw(table, table.partitions.span(step.partitions), list(step.partitions), before=before)
    version = step.lake.write(f"raw/{table.name}", frame, partitions=step.partitions, metadata={"dagster_run": step.run_id}, schema="merge")
    return Outcome({"delta_version": version}, _row_counts(frame, step.partitions))


def materialize_features(catalog: Catalog, table: FeatureTable, step: Step) -> Outcome:
    """Type and validate raw rows; partitions that fail a blocking expectation are refused, the others written."""
    frame = build_features(table, _inputs(catalog, table, step))
    results = validate(table, frame, step.partitions)
    record_quality(step.lake, table, results, step.partitions, {"dagster_run": step.run_id})
    refused = _refused(table, results)
    kept = [key for key in step.partitions if key not in refused]
    counts = _row_counts(frame, step.partitions)
    metadata: Metadata = {}
    if kept:
        good = frame.filter(pl.col(PARTITION).is_in(kept))
        metadata["delta_version"] = step.lake.write(f"features/{table.name}", good, partitions=kept, metadata={"dagster_run": step.run_id})
    return Outcome(metadata, counts, _checks(table, results), refused)


def materialize_online(table: FeatureTable, address: str, step: Step) -> Outcome:
    """Publish the partitions."""
    published = publish(step.lake, table, open_store(address), clock.now(), step.partitions)
    return Outcome(
        {"store": published.store, "entities": published.entities, "delta_version": published.version, "newest": published.newest or "none"}
    )


def _inputs(catalog: Catalog, table: FeatureTable, step: Step) -> pl.DataFrame | Mapping[str, pl.DataFrame]:
    if table.inputs:
        return {name: read_ready(step.lake, f"features/{name}", catalog.tables[name], step.partitions) for name in table.inputs}
    return read_ready(step.lake, f"raw/{table.name}", table, step.partitions)


def _row_counts(frame: pl.DataFrame, partitions: Sequence[str]) -> dict[str, Metadata]:
    counts = dict(frame.group_by(PARTITION).len().iter_rows())
    return {key: {"dagster/partition_row_count": counts.get(key, 0)} for key in partitions}


def _refused(table: FeatureTable, results: Sequence[QualityResult]) -> dict[str, str]:
    """Return, by partition, why it must not be written."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.blocking and not result.passed:
            reasons.setdefault(result.partition, []).append(f"{result.expectation} ({result.unexpected_count} of {result.rows} rows)")
    return {
        key: f"features/{table.name}, partition {key}: blocking expectation failed: {'; '.join(found)}. "
        "The table keeps what it had. Correct the source, or the expectation, and materialise the partition again."
        for key, found in reasons.items()
    }


def _checks(table: FeatureTable, results: Sequence[QualityResult]) -> list[Check]:
    """Fold the results of a partition into one check, or two where some of them block."""
    checks = []
    for declared in declared_checks(table):
        of_check = [result for result in results if result.blocking == declared.blocking]
        by_partition: dict[str, list[QualityResult]] = {}
        for result in of_check:
            by_partition.setdefault(result.partition, []).append(result)
        checks += [_check(declared.name, partition, found) for partition, found in by_partition.items()]
    return checks


def _check(name: str, partition: str, results: Sequence[QualityResult]) -> Check:
    failed = [result for result in results if not result.passed]
    if not failed:
        return Check(name, passed=True, description=f"All {len(results)} expectations hold.", partition=partition)
    return Check(
        name,
        passed=False,
        description="; ".join(f"{result.expectation}: {result.unexpected_count} of {result.rows} rows, {result.observed}" for result in failed),
        partition=partition,
        severity="error" if any(result.severity == "error" for result in failed) else "warn",
        metadata={
            "unexpected_count": sum(result.unexpected_count for result in failed),
            "samples": dg.MetadataValue.json({result.expectation: result.samples for result in failed}),
        },
    )
