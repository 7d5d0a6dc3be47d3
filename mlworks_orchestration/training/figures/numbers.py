"""The numbers behind the figures, as JSON can hold them."""

from typing import Any, TypeAlias

import numpy as np
import polars as pl

from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.snapshot import LABEL

Figures: TypeAlias = dict[str, dict[str, Any]]
"""Numbers by name of the figure, each a list a name."""

QUANTILES = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99)
"""Of the absolute error, in per cent."""

MOST_POINTS = 1000
"""Rows or steps of a curve that are drawn at most, evenly spread."""

_BINS = 10
_MOMENTS = 60


def figures_of(model: MLModel, rows: pl.DataFrame, predicted: Vector) -> Figures:
    """Return what to draw of predictions.

    Of a number: residuals by prediction, and quantiles of the absolute error; of a forecast also forecast against actual over time. Of a
    classification: ROC and precision-recall curve, confusion matrix at the threshold, and reliability diagram (Murphy & Winkler 1977) in ten
    bins of equally many rows; a curve that needs both classes is left out where there is one alone.

    Parameters:
        model: the model's declaration.
        rows: with event time, features and `label`.
        predicted: of these rows, of shape (rows,).
    """
    actual = rows[LABEL].cast(pl.Float64).to_numpy()
    if model.classifies:
        curves = _curves(actual, predicted) if 0 < actual.sum() < actual.size else {}
        return {**curves, "confusion_matrix": _confusion(model.threshold, actual, predicted), "reliability": _reliability(actual, predicted)}
    found = {"residuals": _residuals(actual, predicted), "error_quantiles": _quantiles(actual, predicted)}
    return found | ({"forecast": _over_time(model, rows, predicted)} if model.task == "forecast" else {})


def _residuals(actual: Vector, predicted: Vector) -> dict[str, Any]:
    chosen = _spread(actual.size)
    return {"predicted": predicted[chosen].tolist(), "residual": (actual - predicted)[chosen].tolist(), "rows": actual.size}


def _quantiles(actual: Vector, predicted: Vector) -> dict[str, Any]:
    values = np.quantile(np.abs(actual - predicted), np.array(QUANTILES) / 100)
    return {"percent": list(QUANTILES), "absolute_error": values.tolist(), "rows": actual.size}


def _curves(actual: Vector, predicted: Vector) -> Figures:
    """Return the curves at every distinct probability, from the highest down."""
    from sklearn.metrics import precision_recall_curve, roc_curve  # noqa: PLC0415 - heavy

    false, true, _ = roc_curve(actual, predicted)
    precision, recall, _ = precision_recall_curve(actual, predicted)
    shown, steps = _spread(false.size), _spread(recall.size)
    return {
        "roc": {"false_positive_rate": false[shown].tolist(), "true_positive_rate": true[shown].tolist()},
        "precision_recall": {"recall": recall[steps].tolist(), "precision": precision[steps].tolist(), "base_rate": float(actual.mean())},
    }


def _confusion(threshold: float, actual: Vector, predicted: Vector) -> dict[str, Any]:
    flagged = predicted >= threshold
    cells = [(label, flag) for label in (0, 1) for flag in (0, 1)]
    return {
        "label": [label for label, _ in cells],
        "predicted": [flag for _, flag in cells],
        "rows": [int(np.count_nonzero((actual == label) & (flagged == bool(flag)))) for label, flag in cells],
        "threshold": threshold,
    }


def _reliability(actual: Vector, predicted: Vector) -> dict[str, Any]:
    parts = np.array_split(np.argsort(predicted, kind="stable"), min(_BINS, actual.size))
    return {
        "mean_probability": [float(predicted[part].mean()) for part in parts],
        "share_positive": [float(actual[part].mean()) for part in parts],
        "rows": [part.size for part in parts],
    }


def _over_time(model: MLModel, rows: pl.DataFrame, predicted: Vector) -> dict[str, Any]:
    """Return means over all entities at each event time; of neighbouring ones together, where there are many."""
    naive = {"naive": pl.col(model.forecast.naive).cast(pl.Float64)} if model.forecast else {}
    frame = rows.select(moment=model.event_time, actual=LABEL, **naive).with_columns(forecast=pl.Series(predicted)).sort("moment")
    place = pl.col("moment").rank("dense") - 1
    width = -(-frame["moment"].n_unique() // _MOMENTS)
    means = frame.group_by((place // width).alias("place")).agg(pl.col("moment").min(), pl.exclude("moment").mean()).sort("place").drop("place")
    return means.with_columns(pl.col("moment").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dict(as_series=False)


def _spread(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return at most so many positions as are drawn, evenly spread, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(np.int64))
