"""The assets of a model at work: `labels`, `scores`, `profile`, `drift_report`, `performance`."""

from functools import partial

import dagster as dg
import polars as pl

from mlworks_orchestration.data import PARTITION, build_labels
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.common import model_spec
from mlworks_orchestration.graph.partitions import looking_back
from mlworks_orchestration.graph.steps import Check, CheckDeclaration, Metadata, Outcome, Step, asset
from mlworks_orchestration.graph.tables import read_ready
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel


def watching_assets(catalog: Catalog, model: MLModel) -> list[dg.AssetsDefinition]:
    """Return the assets that score, and that watch what comes of it.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
    """
    return [
        _labels(catalog, model),
        _scores(catalog, model),
        _profile(catalog, model),
        _drift_report(catalog, model),
        _performance(catalog, model),
    ]


def _labels(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "labels",
        f"Ground truth: `{model.label.column}`, known {model.label.delay} after the event.",
        deps=[names.features(model.label.table)],
        kinds={"deltalake", "polars"},
        persona="data_engineering",
        partitioned=True,
    )
    return asset(spec, partial(_materialize_labels, catalog, model))


def _scores(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    joined = [
        dg.AssetDep(names.features(selection.table), partition_mapping=looking_back(model.partitions, selection.max_age))
        if selection.max_age
        else dg.AssetDep(names.features(selection.table))
        for selection in model.features
    ]
    spec = model_spec(
        model,
        "scores",
        "Predictions of the champion, with its version.",
        deps=[*joined, dg.AssetDep(names.of_model(model.name, "champion"))],
        kinds={"deltalake", "mlflow"},
        persona="ml_engineering",
        partitioned=True,
    )
    return asset(spec, partial(_materialize_scores, catalog, model))


def _profile(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "profile",
        "A mergeable sketch of features, predictions, and labels as far as they are known.",
        deps=[names.of_model(model.name, "scores"), names.of_model(model.name, "labels")],
        kinds={"deltalake", "numpy"},
        persona="data_science",
        partitioned=True,
    )
    return asset(spec, partial(_materialize_profile, catalog, model))


def _drift_report(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    profiles = dg.AssetDep(names.of_model(model.name, "profile"), partition_mapping=looking_back(model.partitions, model.drift.window))
    spec = model_spec(
        model,
        "drift_report",
        f"The profiles of the last {model.drift.window} against the champion's own training data.",
        deps=[profiles, names.of_model(model.name, "champion")],
        kinds={"deltalake", "scipy"},
        persona="support",
        partitioned=True,
    )
    checks = [CheckDeclaration(f"{kind}_drift", f"No {kind} drift in the window that ends with the partition.") for kind in DriftKind]
    return asset(spec, partial(_materialize_report, catalog, model), checks=checks)


def _performance(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "performance",
        f"{', '.join(model.metrics.names)} and error quantiles once labels are there, on all rows and by slice.",
        deps=[names.of_model(model.name, "scores"), names.of_model(model.name, "labels")],
        kinds={"deltalake", "polars"},
        persona="data_science",
        partitioned=True,
    )
    return asset(spec, partial(_materialize_performance, catalog, model))


def _materialize_labels(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    outcomes = read_ready(step.lake, f"features/{model.label.table}", catalog.tables[model.label.table], step.partitions)
    labels = build_labels(model, catalog, outcomes)
    version = step.lake.write(f"{model.name}/labels", labels, partitions=step.partitions, metadata={"dagster_run": step.run_id})
    found = labels.group_by(PARTITION).agg(pl.len(), pl.col("label").mean().alias("mean"))
    by_partition = {key: {"dagster/partition_row_count": rows, "mean_label": mean} for key, rows, mean in found.iter_rows()}
    return Outcome({"delta_version": version}, by_partition)


def _materialize_scores(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.scoring import score  # noqa: PLC0415 - heavy

    scores, measured = score(step.lake, catalog, model, step.registry, step.partitions)
    found = scores.group_by(PARTITION).agg(pl.len(), pl.col("prediction").mean().alias("mean"))
    by_partition = {key: {"dagster/partition_row_count": rows, "mean_prediction": mean} for key, rows, mean in found.iter_rows()}
    return Outcome(
        {
            "model_version": int(scores["model_version"][0]),
            "seconds": measured.duration_seconds,
            "peak_memory_mb": measured.peak_memory_mb,
            "rows_per_second": measured.rows_per_second,
        },
        by_partition,
    )


def _materialize_profile(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.monitoring import profile  # noqa: PLC0415 - heavy

    rows = profile(step.lake, catalog, model, step.partitions)
    counts = rows.group_by(PARTITION).agg(pl.col("rows").max()).iter_rows()
    return Outcome(by_partition={key: {"dagster/partition_row_count": count} for key, count in counts})


def _materialize_report(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.monitoring import drift_report  # noqa: PLC0415 - heavy

    rows = drift_report(step.lake, catalog, model, step.registry, step.partitions)
    kinds = rows.filter(pl.col("column") == "")
    by_partition: dict[str, Metadata] = {}
    checks = []
    for row in kinds.iter_rows(named=True):
        if row["effect"] is not None:
            by_partition.setdefault(row[PARTITION], {})[f"{row['kind']}_effect"] = row["effect"]
        if row["drifted"] is not None:
            checks.append(_drift_check(row, rows))
    return Outcome({"reference_version": int(rows["reference_version"][0])}, by_partition, checks)


def _drift_check(row: dict[str, object], rows: pl.DataFrame) -> Check:
    """Make a check of the row that sums up one kind; a kind that could not be judged has none."""
    columns = rows.filter((pl.col(PARTITION) == row[PARTITION]) & (pl.col("kind") == row["kind"]) & pl.col("drifted") & (pl.col("column") != ""))
    found = columns.select("column", "statistic", "value", "p_adjusted", "effect", "threshold").to_dicts()
    return Check(
        f"{row['kind']}_drift",
        passed=not row["drifted"],
        description=str(row["reason"]),
        partition=str(row[PARTITION]),
        severity="warn",
        metadata={"drifted": dg.MetadataValue.json(found)} if found else {},
    )


def _materialize_performance(catalog: Catalog, model: MLModel, step: Step) -> Outcome:
    from mlworks_orchestration.monitoring import performance  # noqa: PLC0415 - heavy

    rows = performance(step.lake, catalog, model, step.partitions)
    by_partition: dict[str, Metadata] = {}
    for row in rows.filter(pl.col("slice_column") == "").iter_rows(named=True):
        by_partition.setdefault(row[PARTITION], {"rows": row["rows"]})[row["metric"]] = row["value"]
    return Outcome(by_partition=by_partition)
