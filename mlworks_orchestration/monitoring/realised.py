"""Realised performance: metrics and error quantiles a partition, on all rows and by slice, once the truth is known."""

import json
from collections.abc import Sequence

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.monitoring.truth import labelled, read_scores, with_labels
from mlworks_orchestration.spec import Catalog, MLModel

_RESIDUAL, _LABEL = pl.col("residual"), pl.col("label")
_SQUARED = _RESIDUAL.pow(2)
# Labels that are all the same leave nothing to explain: 1 if they are met, else 0, as scikit-learn has it. One label has no variance at all.
_R2 = (
    pl.when(pl.len() == 1)
    .then(None)
    .when(_LABEL.min() == _LABEL.max())
    .then((_SQUARED.sum() == 0).cast(pl.Float64))
    .otherwise(1 - _SQUARED.mean() / _LABEL.var(ddof=0))
)
_METRICS: dict[str, dict[str, pl.Expr]] = {
    "regression": {"mae": _RESIDUAL.abs().mean(), "mse": _SQUARED.mean(), "rmse": _SQUARED.mean().sqrt(), "r2": _R2},
}
_QUANTILES = {f"absolute_error_q{share}": _RESIDUAL.abs().quantile(share / 100, interpolation="linear") for share in (50, 90, 95)}
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


def performance(lake: Lake, catalog: Catalog, model: MLModel, partitions: Sequence[str]) -> pl.DataFrame:
    """Measure the predictions of those partitions whose labels are known by now, and write the table `<model>/performance`, in one commit.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose predictions to measure.
        partitions: keys; those whose labels are not known yet get no rows (`labelled` says which have them).

    Returns:
        The rows written, one a partition, slice and metric: the model's metrics and the quantiles 50, 90 and 95 % of the absolute error. All rows
        together have the `slice_column` "" and the `slice_value` ""; a null `slice_value` is that of rows whose feature is missing. A metric that is
        undefined (`r2` of a single row) has no row.

    Raises:
        NotReadyError: naming a partition that has labels but is not scored.
    """
    known = labelled(lake, model, partitions)
    if not known:
        return pl.DataFrame(schema=_SCHEMA)
    sliced = [f"features/{selection.table}" for selection in model.features] if model.slices else []
    inputs = {table: lake.version(table) for table in [*sliced, f"{model.name}/scores", f"{model.name}/labels"]}
    scores = read_scores(lake, model, known, inputs[f"{model.name}/scores"])
    truth = with_labels(lake, model, scores, known, inputs[f"{model.name}/labels"])
    if model.slices:
        features = feature_frame(lake, catalog, model, known, inputs)
        # Slices are numbered, because a feature may be called as a column of ours is.
        named = [pl.col(name).cast(pl.String).alias(_slice(i)) for i, name in enumerate(model.slices)]
        keys = [*model.entity, model.event_time, PARTITION]
        truth = truth.join(features.select(*keys, *named), on=keys, how="left")
    frame = measure_slices(model, truth).with_columns(measured_at=pl.lit(clock.now()).dt.cast_time_unit("us"), inputs=pl.lit(json.dumps(inputs)))
    frame = frame.select(pl.col(name).cast(dtype) for name, dtype in _SCHEMA.items())
    lake.write(f"{model.name}/performance", frame, partitions=known)
    return frame


def measure_slices(model: MLModel, truth: pl.DataFrame) -> pl.DataFrame:
    """Return all metrics of all partitions and slices.

    Parameters:
        model: its metrics and slices.
        truth: with `_partition`, `model_version`, `label`, `residual`, and the slices' values as texts in `_slice_0`, `_slice_1`, ….
    """
    whole = _measure(model, truth.with_columns(pl.lit("").alias("slice_value")), "")
    parts = [_measure(model, truth.rename({_slice(i): "slice_value"}), name) for i, name in enumerate(model.slices)]
    return pl.concat([whole, *parts])


def _measure(model: MLModel, truth: pl.DataFrame, slice_column: str) -> pl.DataFrame:
    index = [PARTITION, "model_version", "slice_value"]
    metrics = {name: _METRICS[model.task][name] for name in model.metrics.names} | _QUANTILES
    measured = truth.group_by(index).agg(pl.len().alias("rows"), **metrics).sort(index)
    rows = measured.unpivot(on=list(metrics), index=[*index, "rows"], variable_name="metric").drop_nulls("value")
    return rows.with_columns(pl.lit(slice_column).alias("slice_column"))


def _slice(number: int) -> str:
    return f"_slice_{number}"
