"""The performance of a window before its labels are known: what a model of the champion's errors expects of its rows."""

import json
from collections.abc import Sequence

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame, text_features
from mlworks_orchestration.monitoring.estimates import LossEstimator, ProbabilityEstimator, fit_loss_estimator, fit_probability_estimator
from mlworks_orchestration.monitoring.truth import read_scores
from mlworks_orchestration.monitoring.unseen import snapshot_rows
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import LABEL, Registry

INSTEAD = {"r2": "rmse", "mase": "mae", "smape": "mae"}
"""What is estimated in the place of a metric that needs more than errors: the labels' own variance, a version's scale, the labels themselves."""

MOST_ROWS = 10_000
"""Rows from which a model of the errors is fitted, at most; more would hardly make it better, but later."""

_SCHEMA = {
    PARTITION: pl.String(),
    "metric": pl.String(),
    "value": pl.Float64(),
    "standard_error": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "trusted": pl.Boolean(),
    "reason": pl.String(),
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
        One row: `value` with its interval from `low` to `high` (95 %), whether it is `trusted` and, in `reason`, when it is not. None if the version
        has no predictions in the window, or the metric is not defined for what is expected of it (one class alone).

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
    frame = pl.DataFrame([{PARTITION: max(window), **vars(found), **common}] if found else [], schema=_SCHEMA)
    lake.write(f"{model.name}/expected_performance", frame, partitions=[max(window)])
    return frame


def _estimator(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> LossEstimator | ProbabilityEstimator:
    """Return what was learnt of the errors of a version; in one process it is fitted once."""
    key = registry.tracking_uri, str(lake.root), model.model_dump_json(), version
    if key not in _fitted:
        rows = snapshot_rows(lake, catalog, model, registry, version).unseen
        thinned = rows.gather_every(-(-rows.height // MOST_ROWS))
        metric = INSTEAD.get(model.metrics.primary, model.metrics.primary)
        texts = text_features(catalog, model)
        labelled = thinned.select(model.feature_columns), thinned["prediction"].to_numpy(), thinned[LABEL].to_numpy()
        blocks = thinned[PARTITION].to_numpy() if thinned[PARTITION].n_unique() > 1 else None
        _fitted.clear()
        if model.classifies:
            _fitted[key] = fit_probability_estimator(*labelled, metric, model.seed, threshold=model.threshold, texts=texts)
        else:
            # Of a text no number could be made from which the size of an error follows.
            _fitted[key] = fit_loss_estimator(labelled[0].drop(texts), *labelled[1:], metric, model.seed, blocks=blocks)
    return _fitted[key]


_fitted: dict[tuple[str, str, str, int], LossEstimator | ProbabilityEstimator] = {}
