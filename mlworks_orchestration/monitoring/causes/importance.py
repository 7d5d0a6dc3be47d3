"""How much a champion needs each feature: permutation importance on the rows that were held out from its training."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.causes.jackknife import Estimate, jackknife
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import LABEL, Measure, Predictor, Registry, evaluate, find_snapshot, load_snapshot, scale_of

Floats = NDArray[np.float64]

REPEATS = 5
"""How often each feature is shuffled."""

_MOST_ROWS = 10_000
_SCHEMA = {
    "version": pl.Int64(),
    "column": pl.String(),
    "metric": pl.String(),
    "importance": pl.Float64(),
    "standard_error": pl.Float64(),
    "share": pl.Float64(),
    "rows": pl.Int64(),
    "repeats": pl.Int64(),
    "snapshot": pl.String(),
    "built_at": pl.Datetime("us", "UTC"),
}


@dataclass(frozen=True)
class Importance:
    """What a model loses without a feature.

    Parameters:
        column: the feature.
        metric: the model's primary one.
        importance: by how much worse it is when the feature's values are shuffled, in the metric's unit; noise can make it negative.
        standard_error: of that, from leaving out blocks of rows.
        share: of the importances of all features, negative ones counting as none; 0 to 1.
    """

    column: str
    metric: str
    importance: float
    standard_error: float
    share: float


def build_importance(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> list[Importance]:
    """Return the importance of each feature of a version; the first time, measure it and append it to the table `<model>/importance`.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose features.
        registry: MLflow's models.
        version: the registered version.

    Returns:
        One a feature, in the order of the version's training.

    Raises:
        TrackingError: if the registry does not hold the version.
        TrainingError: if its snapshot is gone, or gives other rows than it was trained on.
    """
    table = f"{model.name}/importance"
    stored = lake.read(table).filter(pl.col("version") == version) if lake.exists(table) else pl.DataFrame()
    if stored.height:
        # Two runs may have measured it at the same moment; both measured the same.
        rows = stored.unique("column", keep="first", maintain_order=True).select(*Importance.__dataclass_fields__)
        return [Importance(**row) for row in rows.iter_rows(named=True)]
    snapshot = find_snapshot(lake, model, registry.version(model.name, version).tags["snapshot"])
    _, holdout = load_snapshot(lake, catalog, model, snapshot)
    used = thinned(holdout)
    scale = scale_of(model, registry, version)
    found = permutation_importance(model, registry.load(model.name, version), used, np.random.default_rng(model.seed), scale=scale)
    common = {"version": version, "rows": used.height, "repeats": REPEATS, "snapshot": snapshot.id, "built_at": clock.now()}
    lake.append(table, pl.DataFrame([vars(one) | common for one in found], schema=_SCHEMA))
    return found


def thinned(rows: pl.DataFrame) -> pl.DataFrame:
    """Return at most ten thousand of the rows, evenly spread, in their order."""
    return rows.gather_every(-(-rows.height // _MOST_ROWS))


def permutation_importance(
    model: MLModel, predictor: Predictor, rows: pl.DataFrame, generator: np.random.Generator, *, scale: float = float("nan")
) -> list[Importance]:
    """Measure by how much the primary metric gets worse when a feature's values are shuffled among the rows.

    Breiman 2001, Random Forests (Machine Learning 45), and Fisher, Rudin & Dominici 2019, All Models are Wrong, but Many are Useful (JMLR 20): the
    difference of the two losses. Of features that tell nearly the same, each stands in for the other, and both look less important than they are.

    Parameters:
        model: its task and primary metric.
        predictor: the version.
        rows: that it was not trained on: its features and `label`, in time order.
        generator: shuffles.
        scale: of MASE, in the label's unit.

    Returns:
        One a feature, in the order of the version's training; an importance of NaN where the metric is not defined on the rows.
    """
    features = rows.select(predictor.columns)
    actual = rows[LABEL].cast(pl.Float64).to_numpy()
    predicted = predictor.predict(features)
    tiled = pl.concat([features] * REPEATS)
    found = {}
    for column in predictor.columns:
        donors = np.stack([generator.permutation(rows.height) for _ in range(REPEATS)])
        constant = features[column].n_unique() == 1
        shuffled = predicted if constant else predictor.predict(tiled.with_columns(features[column].gather(donors.ravel())))
        found[column] = _loss(
            model, Measure.of(model, scale), actual, predicted, _Shuffled(donors, np.broadcast_to(shuffled.reshape(-1, rows.height), donors.shape))
        )
    positive = {column: one.value if one.value > 0 else 0.0 for column, one in found.items()}
    total = sum(positive.values())
    shares = {column: value / total if total else 0.0 for column, value in positive.items()}
    return [Importance(column, model.metrics.primary, one.value, one.error, shares[column]) for column, one in found.items()]


class _Shuffled(NamedTuple):
    """Predictions with a shuffled feature, of shape (repeats, rows), and the rows that gave its values, of the same shape."""

    donors: NDArray[np.int64]
    predicted: Floats


def _loss(model: MLModel, how: Measure, actual: Floats, predicted: Floats, shuffled: _Shuffled) -> Estimate:
    """Return by how much the metric is worse with a shuffled feature than without.

    A row that is left out neither gives nor takes values: the loss is a mean over pairs of rows, and both make its error.
    """
    if (shuffled.predicted == predicted).all():
        return Estimate(0.0, 0.0, 0.0)
    metric = model.metrics.primary
    sign = 1.0 if model.primary_metric.lower_is_better else -1.0

    def worse(kept: NDArray[np.int64]) -> float:
        flags = np.zeros(len(actual), dtype=np.bool_)
        flags[kept] = True
        pairs = flags & flags[shuffled.donors]
        before = evaluate(how, [metric], actual[kept], predicted[kept])[metric]
        after = evaluate(how, [metric], np.broadcast_to(actual, pairs.shape)[pairs], shuffled.predicted[pairs])[metric]
        return sign * (after - before)

    return jackknife(worse, len(actual))
