"""No feature tells what was not known yet: features are made a second time in a world that ends at a moment, and compared."""

import tempfile
from datetime import datetime

import polars as pl

from mlworks_orchestration.conformance.declared import tables_of
from mlworks_orchestration.conformance.equal import difference
from mlworks_orchestration.data import Lake, build_features, feature_frame
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.graph import Trial
from mlworks_orchestration.spec import FeatureTable

_PARTITIONS_COMPARED = 5


def no_leakage(trial: Trial) -> str:
    """Compare the features of rows with those that are made of nothing but what was known at a moment among them, and look for the label itself.

    Rows of every table that came to be known later are taken away before transforms and joins, labels of these rows among them.
    """
    model, lake = trial.model, trial.lake
    scored = lake.partitions(f"{model.name}/scores")
    key = scored[len(scored) // 2]
    full = feature_frame(lake, trial.project.catalog, model, [key])
    moment: datetime = full[model.event_time].sort()[full.height // 2]
    with tempfile.TemporaryDirectory(prefix="mlworks-check-") as folder:
        then = _world_at(trial, moment, Lake(folder))
        known = feature_frame(then, trial.project.catalog, model, [key])
    before = full.filter(pl.col(model.event_time) <= moment)
    apart = difference(before, known, [*model.entity, model.event_time])
    if apart:
        message = (
            f"Features of partition {key} change when what came to be known after {moment:%Y-%m-%d %H:%M} UTC is taken away: {apart}. "
            "A source or transform looks ahead, or known_after is too short."
        )
        raise DataError(message)
    _check_not_the_label(trial)
    return f"{before.height} rows of {key} have the same features without what came to be known after {moment:%Y-%m-%d %H:%M} UTC"


def _world_at(trial: Trial, moment: datetime, lake: Lake) -> Lake:
    """Build the model's feature tables in another lake, of nothing but what was known at a moment."""
    made: dict[str, pl.DataFrame] = {}
    for table in tables_of(trial.project.catalog, trial.model):
        keys = trial.lake.partitions(f"features/{table.name}")
        if table.inputs:
            given: pl.DataFrame | dict[str, pl.DataFrame] = {name: made[name] for name in table.inputs}
        else:
            raw = trial.lake.read(f"raw/{table.name}", partitions=keys)
            given = raw.filter(pl.col(table.event_time) <= moment)
        rows = build_features(table.model_copy(update={"may_be_empty": True}), given)
        made[table.name] = _known(table, rows, moment)
        lake.write(f"features/{table.name}", made[table.name], partitions=keys)
    return lake


def _known(table: FeatureTable, rows: pl.DataFrame, moment: datetime) -> pl.DataFrame:
    since = pl.col(table.known_time) if table.known_time else pl.col(table.event_time) + table.known_after
    return rows.filter(since <= moment)


def _check_not_the_label(trial: Trial) -> None:
    model, lake = trial.model, trial.lake
    keys = lake.partitions(f"{model.name}/labels")[-_PARTITIONS_COMPARED:]
    spine = set(lake.partitions(f"features/{trial.project.catalog.spine(model).name}"))
    keys = [key for key in keys if key in spine]
    labels = lake.read(f"{model.name}/labels", partitions=keys).drop_nulls("label")
    rows = feature_frame(lake, trial.project.catalog, model, keys).join(
        labels.select(*model.entity, model.event_time, "label"), on=[*model.entity, model.event_time]
    )
    for name in model.feature_columns:
        if rows.schema[name].is_numeric() or rows.schema[name] == pl.Boolean():
            same = rows[name].cast(pl.Float64()).eq_missing(rows["label"].cast(pl.Float64()))
            if rows["label"].n_unique() > 1 and same.all():
                message = f"Feature {name!r} is the label {model.label.column!r} in all {rows.height} rows of {keys[0]} to {keys[-1]}; leave it out."
                raise DataError(message)
