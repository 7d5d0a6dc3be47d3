"""Realised performance: metrics, error quantiles and the number of the business a partition, on all rows and by slice, once the truth is known."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.monitoring.truth import labelled, read_scores, with_labels
from mlworks_orchestration.monitoring.worth import aggregate_worth, business_features, row_worth
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import Measure, Registry, evaluate, scale_of

_QUANTILES = {f"absolute_error_q{share}": pl.col("residual").abs().quantile(share / 100, interpolation="linear") for share in (50, 90, 95)}
BUSINESS = "business"
"""What the business's number is called among the metrics."""

_WORTH = "_business"

_SCHEMA = {
    PARTITION: pl.String(),
    "slice_column": pl.String(),
    "slice_value": pl.String(),
    "metric": pl.String(),
    "value": pl.Float64(),
    "rows": pl.Int64(),
    "model_version": pl.Int64(),
    "measured_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}


def performance(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, partitions: Sequence[str]) -> pl.DataFrame:
    """Measure the predictions of those partitions whose labels are known by now, and write the table `<model>/performance`, in one commit.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose predictions to measure.
        registry: MLflow's models, where the scale of MASE is kept.
        partitions: keys; those whose labels are not known yet get no rows (`labelled` says which have them).

    Returns:
        The rows written, one a partition, slice and metric: the model's metrics, of numbers also the quantiles 50, 90 and 95 % of the absolute error,
        and the business's number as `business`. All rows together have the `slice_column` "" and the `slice_value` ""; a null `slice_value` is that
        of rows whose feature is missing. A metric that is not defined (`r2` of a single row, `roc_auc` of one class) has no row.

    Raises:
        NotReadyError: naming a partition that has labels but is not scored.
        TrackingError: if MLflow does not hold a forecast's version.
    """
    known = labelled(lake, model, partitions)
    if not known:
        return pl.DataFrame(schema=_SCHEMA)
    needed = [*model.slices, *business_features(model)]
    tables = [f"features/{selection.table}" for selection in model.features] if needed else []
    inputs = {table: lake.version(table) for table in [*tables, f"{model.name}/scores", f"{model.name}/labels"]}
    scores = read_scores(lake, model, known, inputs[f"{model.name}/scores"])
    truth = with_labels(lake, model, scores, known, inputs[f"{model.name}/labels"])
    features = feature_frame(lake, catalog, model, known, inputs) if needed else None
    scales = {version: scale_of(model, registry, version) for version in truth["model_version"].unique()}
    frame = measure_slices(model, _with_features(model, truth, features), scales)
    frame = frame.with_columns(measured_at=pl.lit(clock.now()).dt.cast_time_unit("us"), inputs=pl.lit(json.dumps(inputs)))
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    lake.write(f"{model.name}/performance", frame, partitions=known)
    return frame


def measure_slices(model: MLModel, truth: pl.DataFrame, scales: Mapping[int, float] | None = None) -> pl.DataFrame:
    """Return all metrics of all partitions and slices.

    Parameters:
        model: its metrics and slices.
        truth: with `_partition`, `model_version`, `label`, `prediction`, `residual`, the slices' values as texts in `_slice_0`, `_slice_1`, …, and
            what a row is worth to the business in `_business`, where that is declared.
        scales: of MASE, by version.
    """
    whole = _measure(model, truth.with_columns(pl.lit("").alias("slice_value")), "", scales or {})
    parts = [_measure(model, truth.rename({_slice(i): "slice_value"}), name, scales or {}) for i, name in enumerate(model.slices)]
    return pl.concat([whole, *parts])


def _with_features(model: MLModel, truth: pl.DataFrame, features: pl.DataFrame | None) -> pl.DataFrame:
    valued = [row_worth(model.business).alias(_WORTH)] if model.business else []
    if features is None:
        return truth.with_columns(valued)
    keys = [*model.entity, model.event_time, PARTITION]
    # Slices are numbered, because a feature may be called as a column of ours is.
    sliced = [pl.col(name).cast(pl.String).alias(_slice(i)) for i, name in enumerate(model.slices)]
    values = features.select(*keys, *sliced, *(name for name in business_features(model) if name not in keys))
    return truth.join(values, on=keys, how="left").with_columns(valued)


def _measure(model: MLModel, truth: pl.DataFrame, slice_column: str, scales: Mapping[int, float]) -> pl.DataFrame:
    index = [PARTITION, "model_version", "slice_value"]
    aggregated = {} if model.classifies else dict(_QUANTILES)
    if model.business:
        aggregated[BUSINESS] = aggregate_worth(model.business, _WORTH)
    groups = truth.group_by(index).agg(pl.len().alias("rows"), "label", "prediction", **aggregated).sort(index)
    ends = np.cumsum(groups["rows"].to_numpy())
    labels, predictions = (np.split(groups[name].explode().to_numpy(), ends[:-1]) for name in ("label", "prediction"))
    measured = [
        evaluate(Measure.of(model, scales.get(version, float("nan"))), model.metrics.names, label, prediction)
        for version, label, prediction in zip(groups["model_version"], labels, predictions, strict=True)
    ]
    frame = groups.drop("label", "prediction").hstack(pl.DataFrame(measured, schema=dict.fromkeys(model.metrics.names, pl.Float64)))
    names = [*model.metrics.names, *aggregated]
    rows = frame.unpivot(on=names, index=[*index, "rows"], variable_name="metric").filter(pl.col("value").is_not_nan())
    return rows.with_columns(pl.lit(slice_column).alias("slice_column"))


def _slice(number: int) -> str:
    return f"_slice_{number}"
