"""What became of a model month by month, against what would have been without retraining."""

from math import isfinite

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring import aggregate_worth, business_features, row_worth
from mlworks_orchestration.retraining import Outcome, read_history
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Measure, Registry, evaluate, moves, scale_of, verdicts

_OUTCOMES = ("promoted", "rejected", "waiting", "dry_run", "rolled_back")
"""What came of retrainings, each a column of versions as text."""

_SIDES = ("champion", "first_model")
"""What served, and the first model never retrained."""


def monthly_history(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry) -> pl.DataFrame:
    """Return one row a month: what was scored, how well, what drifted and what was done.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
        registry: its registered versions.

    Returns:
        Columns `month`, `rows`, the primary metric of the champions (`champion`) and of the first model never retrained (`first_model`),
        where it is declared the business's number of both (`champion_business`, `first_model_business`), alarms by kind (`<kind>_alarms`, partitions
        whose report drifted), `retrainings`, and as text the versions that were `promoted` (some of them later `rolled_back`, and to which),
        `rejected`, are `waiting` for approval, or would have been promoted without `dry_run`.

    Raises:
        NotReadyError: if nothing is scored yet.
    """
    if not lake.exists(f"{model.name}/scores"):
        message = f"Model {model.name} has no scores yet; run `mlworks replay {model.name}` or materialise {model.name}/scores."
        raise NotReadyError(message)
    errors = _errors(lake, catalog, model, registry)
    months = errors.group_by("month").agg(pl.len().alias("rows"))
    known = errors.filter(pl.col("label").is_not_null())
    measured = [{"month": month, **_metrics(model, rows)} for (month,), rows in known.group_by("month")]
    history = months.join(pl.DataFrame(measured, schema={"month": pl.String, **dict.fromkeys(_SIDES, pl.Float64)}), on="month", how="left")
    if model.business:
        valued = {business_column(side): aggregate_worth(model.business, business_column(side)) for side in _SIDES}
        history = history.join(known.group_by("month").agg(**valued), on="month", how="left")
    history = history.join(_alarms(lake, model), on="month", how="left").join(_verdicts(lake, model), on="month", how="full", coalesce=True)
    counted = [f"{kind}_alarms" for kind in DriftKind] + ["retrainings", "rows"]
    return history.with_columns(pl.col(counted).fill_null(0), pl.col(*_OUTCOMES).fill_null("")).sort("month")


def first_champion(lake: Lake, model: MLModel) -> int:
    """Return the version that was champion first.

    Raises:
        NotReadyError: if there never was one.
    """
    champions = lake.read(f"{model.name}/aliases").filter(pl.col("alias") == "champion").sort("held_from", maintain_order=True)
    if champions.is_empty():
        message = f"Model {model.name} never had a champion; materialise {model.name}/champion."
        raise NotReadyError(message)
    return int(champions["version"][0])


def business_column(side: str) -> str:
    """Return what the business's number of `champion` or `first_model` is called."""
    return f"{side}_business"


def _errors(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry) -> pl.DataFrame:
    """Return month, label, and for every scored row predictions, scales and worth of the champions and of the first model."""
    keys = [*model.entity, model.event_time]
    partitions = lake.partitions(f"{model.name}/scores")
    scores = lake.read(f"{model.name}/scores", columns=[*keys, "prediction", "model_version", PARTITION])
    # Ours are called as no feature may be: a feature's name never begins with an underscore.
    scores = scores.select(*keys, pl.col("prediction").alias("_champion"), pl.col("model_version").alias("_version"), PARTITION)
    features = feature_frame(lake, catalog, model, partitions)
    first = first_champion(lake, model)
    predicted = pl.Series("_first_model", registry.load(model.name, first).predict(features.select(model.feature_columns)))
    read = [name for name in business_features(model) if name not in keys]
    rows = scores.join(features.select(*keys, *read, predicted), on=keys, how="left").join(_labels(lake, model, keys, scores), on=keys, how="left")
    scales = {version: scale_of(model, registry, version) for version in {first, *scores["_version"]}}
    if model.business:
        both = {business_column(side): rows.with_columns(prediction=f"_{side}").select(row_worth(model.business)).to_series() for side in _SIDES}
        rows = rows.with_columns(**both)
    return rows.select(
        pl.col(PARTITION).str.slice(0, 7).alias("month"),
        "label",
        *(pl.col(f"_{side}").alias(side) for side in _SIDES),
        pl.col("_version").replace_strict(scales, return_dtype=pl.Float64).alias(_scale("champion")),
        pl.lit(scales[first]).alias(_scale("first_model")),
        *(business_column(side) for side in _SIDES if model.business),
    )


def _labels(lake: Lake, model: MLModel, keys: list[str], scores: pl.DataFrame) -> pl.DataFrame:
    if lake.exists(f"{model.name}/labels"):
        return lake.read(f"{model.name}/labels", columns=[*keys, "label"])
    return scores.clear().select(*keys, pl.lit(None, pl.Float64).alias("label"))


def _scale(side: str) -> str:
    return f"{side}_scale"


def _metrics(model: MLModel, rows: pl.DataFrame) -> dict[str, float | None]:
    """Return the primary metric of either side; None where it is not defined."""
    name, label = model.metrics.primary, rows["label"].cast(pl.Float64).to_numpy()
    found = {side: evaluate(Measure.of(model, rows[_scale(side)].to_numpy()), [name], label, rows[side].to_numpy())[name] for side in _SIDES}
    return {side: value if isfinite(value) else None for side, value in found.items()}


def _alarms(lake: Lake, model: MLModel) -> pl.DataFrame:
    columns = {f"{kind}_alarms": pl.col("kind").eq(kind.value).sum().cast(pl.Int64) for kind in DriftKind}
    if not lake.exists(f"{model.name}/drift_report"):
        return pl.DataFrame(schema={"month": pl.String, **dict.fromkeys(columns, pl.Int64)})
    report = lake.read(f"{model.name}/drift_report", columns=[PARTITION, "kind", "column", "drifted"])
    drifted = report.filter((pl.col("column") == "") & pl.col("drifted"))
    return drifted.group_by(pl.col(PARTITION).str.slice(0, 7).alias("month")).agg(**columns)


def _verdicts(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return retrainings by month, and what came of them; the first training is none."""
    texts = dict.fromkeys(_OUTCOMES, pl.String())
    if not lake.exists(f"{model.name}/verdicts"):
        return pl.DataFrame(schema={"month": pl.String(), "retrainings": pl.Int64(), **texts})
    outcomes = {attempt.version: attempt.outcome.value for attempt in read_history(lake, model.name).attempts if attempt.version is not None}
    judged = verdicts(lake, model.name).filter(pl.col("champion").is_not_null()).sort("decided_at")
    outcome, version = pl.col("challenger").replace_strict(outcomes, return_dtype=pl.String), pl.format("v{}", "challenger")
    became = {
        "promoted": [Outcome.PROMOTED, Outcome.ROLLED_BACK],
        "rejected": [Outcome.REJECTED],
        "waiting": [Outcome.WAITING],
        "dry_run": [Outcome.DRY_RUN],
    }
    by_month = judged.group_by(_month(model, "decided_at")).agg(
        retrainings=pl.len().cast(pl.Int64),
        **{name: version.filter(outcome.is_in([each.value for each in found])).str.join(", ") for name, found in became.items()},
    )
    return by_month.join(_rollbacks(lake, model), on="month", how="full", coalesce=True)


def _rollbacks(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return, by month, which versions gave way to one that had served before, and to which."""
    terms = moves(lake, model.name).filter(pl.col("alias") == "champion", pl.col("version").is_not_null())
    versions = terms["version"].to_list()
    back = [f"v{versions[term - 1]} to v{version}" if version in versions[:term] else None for term, version in enumerate(versions)]
    told = terms.with_columns(pl.Series("rolled_back", back, dtype=pl.String)).drop_nulls("rolled_back")
    return told.group_by(_month(model, "held_from")).agg(pl.col("rolled_back").str.join(", "))


def _month(model: MLModel, column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone(model.partitions.timezone).dt.strftime("%Y-%m").alias("month")
