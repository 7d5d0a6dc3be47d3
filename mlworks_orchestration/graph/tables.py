"""The assets of a feature table: `raw/<name>`, what the source gave, and `features/<name>`, typed and validated."""

from collections.abc import Mapping, Sequence
from functools import partial

import dagster as dg
import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, QualityResult, build_features, load_raw, validate
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.partitions import definition
from mlworks_orchestration.graph.steps import Check, CheckDeclaration, Metadata, Outcome, Step, asset
from mlworks_orchestration.spec import Catalog, FeatureTable

BLOCKING, QUALITY = "blocking_quality", "quality"


def table_assets(catalog: Catalog, table: FeatureTable) -> list[dg.AssetsDefinition]:
    """Return the assets of a feature table; a derived one has no raw asset.

    Parameters:
        catalog: all declarations.
        table: its declaration.
    """
    built = [] if table.inputs else [_raw_asset(table)]
    return [*built, _features_asset(catalog, table)]


def read_ready(lake: Lake, name: str, table: FeatureTable, partitions: Sequence[str]) -> pl.DataFrame:
    """Read partitions that must be in the lake by now.

    Parameters:
        lake: the Delta tables.
        name: of the lake's table.
        table: the feature table that it belongs to; only where it may be empty may a partition be missing.
        partitions: their keys.

    Raises:
        NotReadyError: naming the partitions that are not there.
    """
    missing = sorted(set(partitions) - set(lake.partitions(name)))
    if missing and not table.may_be_empty:
        message = f"{name} has no rows for partition {', '.join(missing[:3])}{' …' * (len(missing) > 3)}; materialise {name} for it first."  # noqa: PLR2004
        raise NotReadyError(message)
    return lake.read(name, partitions=partitions)


def _common(table: FeatureTable, kind: str) -> dict[str, object]:
    return {
        "group_name": "feature_tables",
        "partitions_def": definition(table.partitions),
        "owners": [table.owner],
        "kinds": {"deltalake", kind},
        "tags": {"domain": table.domain, "persona": "data_engineering"},
    }


def _raw_asset(table: FeatureTable) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        names.raw(table.name),
        description=f"What the source of {table.name} gave, as it came, one Delta commit a run. Source: `{table.source}`.",
        **_common(table, "python"),  # type: ignore[arg-type]
    )
    return asset(spec, partial(_materialize_raw, table))


def _features_asset(catalog: Catalog, table: FeatureTable) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        names.features(table.name),
        description=table.description,
        deps=[names.features(name) for name in table.inputs] or [names.raw(table.name)],
        metadata={"dagster/column_schema": _column_schema(table), "entity": ", ".join(table.entity), "event_time": table.event_time},
        **_common(table, "polars"),  # type: ignore[arg-type]
    )
    return asset(spec, partial(_materialize_features, catalog, table), checks=_declared_checks(table))


def _declared_checks(table: FeatureTable) -> list[CheckDeclaration]:
    blocking = [expected for expected in table.expectations if expected.blocking]
    checks = []
    if blocking:
        checks.append(CheckDeclaration(BLOCKING, "Great Expectations that must hold before the partition is written.", blocking=True))
    if len(blocking) < len(table.expectations):
        checks.append(CheckDeclaration(QUALITY, "Great Expectations on the partition; a failure is reported and does not block."))
    return checks


def _column_schema(table: FeatureTable) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(column.type),
                description=f"{column.description} [{column.unit}]" if column.unit else column.description,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for name, column in table.columns.items()
        ]
    )


def _materialize_raw(table: FeatureTable, step: Step) -> Outcome:
    frame = load_raw(table, table.partitions.span(step.partitions), list(step.partitions))
    version = step.lake.write(f"raw/{table.name}", frame, partitions=step.partitions, metadata={"dagster_run": step.run_id}, schema="merge")
    return Outcome({"delta_version": version}, _row_counts(frame, step.partitions))


def _materialize_features(catalog: Catalog, table: FeatureTable, step: Step) -> Outcome:
    frame = build_features(table, _inputs(catalog, table, step))
    results = validate(table, frame, step.partitions)
    refused = _refused(table, results)
    kept = [key for key in step.partitions if key not in refused]
    counts = _row_counts(frame, step.partitions)
    metadata: Metadata = {}
    if kept:
        good = frame.filter(pl.col(PARTITION).is_in(kept))
        metadata["delta_version"] = step.lake.write(f"features/{table.name}", good, partitions=kept, metadata={"dagster_run": step.run_id})
    return Outcome(metadata, counts, _checks(table, results), refused)


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
    for declared in _declared_checks(table):
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
