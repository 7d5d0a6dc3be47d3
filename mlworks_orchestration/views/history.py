"""What became of a model month by month, against what would have been without retraining."""

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Measure, Registry, evaluate


def monthly_history(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry) -> pl.DataFrame:
    """Return one row a month: what was scored, how well, what drifted and what was done.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: the model's declaration.
        registry: its registered versions.

    Returns:
        Columns `month`, `rows`, the primary metric of the champions (`champion`) and of the first model never retrained (`first_model`),
        alarms by kind (`<kind>_alarms`, partitions whose report drifted), `retrainings`, `promoted` and `rejected` (versions, as text).

    Raises:
        NotReadyError: if nothing is scored yet.
    """
    if not lake.exists(f"{model.name}/scores"):
        message = f"Model {model.name} has no scores yet; run `mlworks replay {model.name}` or materialise {model.name}/scores."
        raise NotReadyError(message)
    errors = _errors(lake, catalog, model, registry)
    months = errors.group_by("month").agg(pl.len().alias("rows"))
    measured = [
        {"month": month, **{column: _primary(model, rows, column) for column in ("champion", "first_model")}}
        for (month,), rows in errors.filter(pl.col("label").is_not_null()).group_by("month")
    ]
    history = months.join(
        pl.DataFrame(measured, schema={"month": pl.String, "champion": pl.Float64, "first_model": pl.Float64}), on="month", how="left"
    )
    history = history.join(_alarms(lake, model), on="month", how="left").join(_verdicts(lake, model), on="month", how="full", coalesce=True)
    counted = [f"{kind}_alarms" for kind in DriftKind] + ["retrainings", "rows"]
    return history.with_columns(pl.col(counted).fill_null(0), pl.col("promoted", "rejected").fill_null("")).sort("month")


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


def _errors(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry) -> pl.DataFrame:
    """Return month, label, and the predictions of the champions and of the first model, for every scored row."""
    keys = model.entity
    partitions = lake.partitions(f"{model.name}/scores")
    scores = lake.read(f"{model.name}/scores", columns=[*keys, model.event_time, "prediction", PARTITION])
    features = feature_frame(lake, catalog, model, partitions)
    first = registry.load(model.name, first_champion(lake, model)).predict(features.select(model.feature_columns))
    rows = scores.join(features.select(*keys, model.event_time, pl.Series("first_model", first)), on=[*keys, model.event_time], how="left")
    if lake.exists(f"{model.name}/labels"):
        labels = lake.read(f"{model.name}/labels", columns=[*keys, model.event_time, "label"])
    else:
        labels = scores.clear().select(*keys, model.event_time, pl.lit(None, pl.Float64).alias("label"))
    month = pl.col(PARTITION).str.slice(0, 7).alias("month")
    return rows.join(labels, on=[*keys, model.event_time], how="left").select(month, "label", pl.col("prediction").alias("champion"), "first_model")


def _primary(model: MLModel, rows: pl.DataFrame, column: str) -> float:
    name = model.metrics.primary
    return evaluate(Measure.of(model), [name], rows["label"].cast(pl.Float64).to_numpy(), rows[column].to_numpy())[name]


def _alarms(lake: Lake, model: MLModel) -> pl.DataFrame:
    columns = {f"{kind}_alarms": pl.col("kind").eq(kind.value).sum().cast(pl.Int64) for kind in DriftKind}
    if not lake.exists(f"{model.name}/drift_report"):
        return pl.DataFrame(schema={"month": pl.String, **dict.fromkeys(columns, pl.Int64)})
    report = lake.read(f"{model.name}/drift_report", columns=[PARTITION, "kind", "column", "drifted"])
    drifted = report.filter((pl.col("column") == "") & pl.col("drifted"))
    return drifted.group_by(pl.col(PARTITION).str.slice(0, 7).alias("month")).agg(**columns)


def _verdicts(lake: Lake, model: MLModel) -> pl.DataFrame:
    """Return retrainings by month; the first training is none."""
    schema = {"month": pl.String, "retrainings": pl.Int64, "promoted": pl.String, "rejected": pl.String}
    if not lake.exists(f"{model.name}/verdicts"):
        return pl.DataFrame(schema=schema)
    verdicts = lake.read(f"{model.name}/verdicts").filter(pl.col("champion").is_not_null()).sort("decided_at")
    version = pl.format("v{}", "challenger")
    local = pl.col("decided_at").dt.convert_time_zone(model.partitions.timezone)
    return verdicts.group_by(local.dt.strftime("%Y-%m").alias("month")).agg(
        retrainings=pl.len().cast(pl.Int64),
        promoted=version.filter("promoted").str.join(", "),
        rejected=version.filter(~pl.col("promoted")).str.join(", "),
    )
