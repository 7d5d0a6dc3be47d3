"""What the champions predicted beside what the first model would have, never retrained, and what one retrained at every step would have."""

from collections.abc import Sequence
from datetime import datetime
from math import isfinite

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.monitoring import aggregate_worth, business_features, row_worth
from mlworks_orchestration.retraining.backtest import EveryStep
from mlworks_orchestration.spec import METRICS, Business, Catalog, MLModel
from mlworks_orchestration.training import Measure, Registry, evaluate, scale_of

SIDES = ("champion", "first_model", "every_step")
"""What served, the first model never retrained, and what would have served if it had been retrained at every step."""


def business_column(side: str) -> str:
    """Return what the business's number of one of `SIDES` is called."""
    return f"{side}_business"


def hindsight(  # noqa: PLR0913 - the three stores, the model, its first champion, and what is beside them
    lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, *, first: int, since: datetime, beside: EveryStep | None = None
) -> pl.DataFrame:
    """Return the scored rows since a moment with predictions, scales and worth of each side.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
        registry: its registered versions.
        first: the version that was champion first.
        since: the event time from which on rows count.
        beside: what retraining at every step would have predicted; without it that side's predictions are null.

    Returns:
        Columns `month`, `label` (null where it is not known), and of each side the prediction, the scale of MASE (`<side>_scale`) and, where it is
        declared, the worth (`<side>_business`).
    """
    keys = [*model.entity, model.event_time]
    partitions = [key for key in lake.partitions(f"{model.name}/scores") if model.partitions.window(key).end > since]
    scores = lake.read(f"{model.name}/scores", columns=[*keys, "prediction", "model_version", PARTITION], partitions=partitions)
    scores = scores.filter(pl.col(model.event_time) >= since)
    # Ours are called as no feature may be: a feature's name never begins with an underscore.
    scores = scores.select(*keys, pl.col("prediction").alias("_champion"), pl.col("model_version").alias("_version"), PARTITION)
    features = feature_frame(lake, catalog, model, partitions)
    predicted = pl.Series("_first_model", registry.load(model.name, first).predict(features.select(model.feature_columns)))
    read = [name for name in business_features(model) if name not in keys]
    rows = scores.join(features.select(*keys, *read, predicted), on=keys, how="left").join(_labels(lake, model, keys, scores), on=keys, how="left")
    rows = rows.join(_beside(beside, keys, scores), on=keys, how="left")
    scales = {version: scale_of(model, registry, version) for version in {first, *scores["_version"]}}
    if model.business:
        worth = {business_column(side): rows.with_columns(prediction=f"_{side}").select(row_worth(model.business)).to_series() for side in SIDES}
        rows = rows.with_columns(**worth)
    return rows.select(
        pl.col(PARTITION).str.slice(0, 7).alias("month"),
        "label",
        *(pl.col(f"_{side}").alias(side) for side in SIDES),
        pl.col("_version").replace_strict(scales, return_dtype=pl.Float64).alias(_scale("champion")),
        pl.lit(scales[first]).alias(_scale("first_model")),
        pl.col("_every_step_scale").alias(_scale("every_step")),
        *(business_column(side) for side in SIDES if model.business),
    )


def compare(model: MLModel, rows: pl.DataFrame) -> pl.DataFrame:
    """Return each metric of all sides, the business's number last, over all rows whose label is known.

    Parameters:
        model: the model's declaration.
        rows: as `hindsight` gives them.

    Returns:
        Columns `metric`, `unit`, `rows`, `champion`, `first_model`, `every_step`, `gain` over the first model and `gain_over_every_step`, which are
        positive where the champions were better; numbers are null where they are not defined.
    """
    known, business = rows.filter(pl.col("label").is_not_null()), model.business
    names = model.metrics.names
    lower = [METRICS[model.task][name].lower_is_better for name in names]
    columns = [measured(model, names, known, side) if known.height else [None] * len(names) for side in SIDES]
    units = [""] * len(names)
    if business:
        names, lower, units = [*names, business.name], [*lower, business.lower_is_better], [*units, business.unit]
        values = [known.select(total_worth(business, side)).item() if known.height else None for side in SIDES]
        columns = [[*found, value] for found, value in zip(columns, values, strict=True)]
    schema = {"metric": pl.String, "unit": pl.String, **dict.fromkeys(SIDES, pl.Float64), "lower": pl.Boolean}
    champion, first, every = map(pl.col, SIDES)
    others = {"gain": first, "gain_over_every_step": every}
    gains = {name: pl.when("lower").then(other - champion).otherwise(champion - other) for name, other in others.items()}
    table = pl.DataFrame([names, units, *columns, lower], schema=schema)
    return table.select("metric", "unit", pl.lit(known.height).alias("rows"), *SIDES, **gains)


def total_worth(business: Business, side: str) -> pl.Expr:
    """Return the business's number of a side over rows; null where it has no prediction of one of them."""
    return pl.when(pl.col(side).null_count() == 0).then(aggregate_worth(business, business_column(side))).alias(business_column(side))


def measured(model: MLModel, names: Sequence[str], rows: pl.DataFrame, side: str) -> list[float | None]:
    """Return metrics of labelled rows, in the order of their names; None where one is not defined, or where a row has no prediction.

    Parameters:
        model: the model's declaration.
        names: of the metrics.
        rows: as `hindsight` gives them, each with a label.
        side: whose predictions.
    """
    if rows[side].null_count():
        return [None] * len(names)
    how = Measure.of(model, rows[_scale(side)].to_numpy())
    found = evaluate(how, names, rows["label"].cast(pl.Float64).to_numpy(), rows[side].to_numpy())
    return [found[name] if isfinite(found[name]) else None for name in names]


def _labels(lake: Lake, model: MLModel, keys: list[str], scores: pl.DataFrame) -> pl.DataFrame:
    if lake.exists(f"{model.name}/labels"):
        return lake.read(f"{model.name}/labels", columns=[*keys, "label"])
    return scores.clear().select(*keys, pl.lit(None, pl.Float64).alias("label"))


def _beside(found: EveryStep | None, keys: list[str], scores: pl.DataFrame) -> pl.DataFrame:
    if found is None or found.untold:
        return scores.clear().select(*keys, _every_step=pl.lit(None, pl.Float64), _every_step_scale=pl.lit(None, pl.Float64))
    return found.predictions.rename({"prediction": "_every_step", "scale": "_every_step_scale"})


def _scale(side: str) -> str:
    return f"{side}_scale"
