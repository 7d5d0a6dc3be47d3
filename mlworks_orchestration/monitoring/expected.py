"""The performance of a window before its labels are known: what a model of the champion's errors expects of its rows."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame, text_features
from mlworks_orchestration.monitoring.estimates import (
    Estimate,
    LossEstimator,
    ProbabilityEstimator,
    fit_classifier_estimator,
    fit_loss_estimator,
    fit_probability_estimator,
    trust_words,
)
from mlworks_orchestration.monitoring.track_record import TrackRecord, track_record
from mlworks_orchestration.monitoring.truth import read_scores
from mlworks_orchestration.monitoring.unseen import snapshot_rows
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import LABEL, Registry

INSTEAD = {"r2": "rmse", "mase": "mae", "smape": "mae"}
"""What is estimated in the place of a metric that needs more than errors: the labels' own variance, a version's scale, the labels themselves."""

MOST_ROWS = 10_000
"""Rows from which a model of the errors, or of what the rows are like, is fitted, at most; more would hardly make it better, but later."""

_SCHEMA = {
    PARTITION: pl.String(),
    "metric": pl.String(),
    "value": pl.Float64(),
    "standard_error": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "trusted": pl.Boolean(),
    "reason": pl.String(),
    "alike": pl.Boolean(),
    "held": pl.Int64(),
    "known": pl.Int64(),
    "rows": pl.Int64(),
    "model_version": pl.Int64(),
    "estimated_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}


def expected_performance(  # noqa: PLR0913 - the three stores, the model, its version and the window are all different things
    lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, *, version: int, window: Sequence[str]
) -> pl.DataFrame:
    """Estimate the primary metric of a window by its features and predictions alone, and write the table `<model>/expected_performance`.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose predictions.
        registry: MLflow's models.
        version: whose errors on rows that it had not seen the estimate is learnt from; predictions of other versions in the window are left out.
        window: keys of its partitions; the estimate is stored under the last.

    Returns:
        One row: `value` with its interval from `low` to `high` (95 %), whether it is `trusted` and, in `reason`, when it is not; whether the window
        is `alike` to the labelled rows; and of how many earlier windows whose labels are `known` by now the interval `held` the realised metric. None
        if the version has no predictions in the window, or the metric is not defined for what is expected of it (one class alone).

    Raises:
        NotReadyError: naming a partition that has no features or is not scored.
    """
    tables = [*(f"features/{selection.table}" for selection in model.features), f"{model.name}/scores"]
    inputs = {table: lake.version(table) for table in tables}
    scores = read_scores(lake, model, window, inputs[f"{model.name}/scores"]).filter(pl.col("model_version") == version)
    keys = [*model.entity, model.event_time, PARTITION]
    rows = feature_frame(lake, catalog, model, window, inputs).join(scores.select(*keys, "prediction"), on=keys)
    if rows.is_empty():
        return pl.DataFrame(schema=_SCHEMA)
    estimator = _estimator(lake, catalog, model, registry, version)
    found = estimator.estimate(rows.select(model.feature_columns), rows["prediction"].to_numpy(), blocks=rows[PARTITION].n_unique())
    common = {"rows": rows.height, "model_version": version, "estimated_at": clock.now(), "inputs": json.dumps(inputs)}
    told = {PARTITION: max(window), **_told(found, _record(lake, model)), **common} if found else None
    frame = pl.DataFrame([told] if told else [], schema=_SCHEMA)
    lake.write(f"{model.name}/expected_performance", frame, partitions=[max(window)], schema="merge")
    return frame


def _record(lake: Lake, model: MLModel) -> TrackRecord:
    table = f"{model.name}/expected_performance"
    earlier = [lake.read(table)] if lake.exists(table) else []
    # A table of before the record was kept lacks its columns; what it holds does not count.
    return track_record(lake, model, pl.concat([pl.DataFrame(schema=_SCHEMA), *earlier], how="diagonal"))


def _told(found: Estimate, record: TrackRecord) -> dict[str, Any]:
    """Return what is stored of an estimate: a record that could hardly be chance speaks against it too."""
    words = record.words(found.metric)
    doubts, beside = ([*found.doubts, words], "") if record.doubtful else (found.doubts, words)
    numbers = {name: value for name, value in vars(found).items() if name != "doubts"}
    return numbers | {"trusted": not doubts, "reason": trust_words(doubts, beside), "alike": found.trusted, **record._asdict()}


def _estimator(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> LossEstimator | ProbabilityEstimator:
    """Return what was learnt of the errors of a version; in one process it is fitted once."""
    key = registry.tracking_uri, str(lake.root), model.model_dump_json(), version
    if key not in _fitted:
        rows = snapshot_rows(lake, catalog, model, registry, version).unseen
        _fitted.clear()
        _fitted[key] = (_of_classes if model.classifies else _of_errors)(catalog, model, rows)
    return _fitted[key]


def _of_classes(catalog: Catalog, model: MLModel, rows: pl.DataFrame) -> ProbabilityEstimator:
    labelled = rows["prediction"].to_numpy(), rows[LABEL].to_numpy(), _metric(model)
    classifier = fit_classifier_estimator(*labelled, threshold=model.threshold, blocks=_blocks(rows), seed=model.seed)
    thinned = _thinned(rows)
    features = thinned.select(model.feature_columns)
    return fit_probability_estimator(features, classifier, model.seed, texts=text_features(catalog, model), blocks=_blocks(thinned))


def _of_errors(catalog: Catalog, model: MLModel, rows: pl.DataFrame) -> LossEstimator:
    thinned = _thinned(rows)
    # Of a text no number could be made from which the size of an error follows.
    features = thinned.select(model.feature_columns).drop(text_features(catalog, model))
    labelled = features, thinned["prediction"].to_numpy(), thinned[LABEL].to_numpy()
    return fit_loss_estimator(*labelled, _metric(model), model.seed, blocks=_blocks(thinned))


def _metric(model: MLModel) -> str:
    return INSTEAD.get(model.metrics.primary, model.metrics.primary)


def _thinned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.gather_every(-(-rows.height // MOST_ROWS))


def _blocks(rows: pl.DataFrame) -> np.ndarray | None:
    return rows[PARTITION].to_numpy() if rows[PARTITION].n_unique() > 1 else None


_fitted: dict[tuple[str, str, str, int], LossEstimator | ProbabilityEstimator] = {}
