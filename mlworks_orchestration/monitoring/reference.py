"""What a champion is compared with: the profile of its own training data, built once a version."""

import json

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.drift import Profile
from mlworks_orchestration.monitoring.tables import COLUMN_SCHEMA, PREDICTION, RESIDUAL, column_rows, feature_keys, label_key, profile_from
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training import Registry, find_snapshot, load_snapshot

_SCHEMA = {
    "version": pl.Int64(),
    **COLUMN_SCHEMA,
    "snapshot": pl.String(),
    "built_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}


def build_reference(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> Profile:
    """Return the reference of a model's version; the first time, build it and append it to the table `<model>/reference`.

    Features, label and predictions are those of the rows that the version was trained on. Residuals are those of its hold-out window: on rows that it
    was trained on a model errs less than it ever will again, so against them each window would look like concept drift.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose reference.
        registry: MLflow's models.
        version: the registered version.

    Raises:
        TrackingError: if the registry does not hold the version.
        TrainingError: if its snapshot is gone, or gives other rows than it was trained on.
    """
    table = f"{model.name}/reference"
    stored = lake.read(table).filter(pl.col("version") == version) if lake.exists(table) else pl.DataFrame()
    if stored.height:
        # Two runs may have built it at the same moment; both built the same.
        return profile_from(stored.unique(["kind", "column"], keep="first", maintain_order=True))
    snapshot = find_snapshot(lake, model, registry.version(model.name, version).tags["snapshot"])
    training, holdout = load_snapshot(lake, catalog, model, snapshot)
    profile = _profile(model, registry, version, training, holdout)
    common = {"version": version, "snapshot": snapshot.id, "built_at": clock.now(), "inputs": json.dumps(snapshot.tables)}
    lake.append(table, pl.DataFrame([row | common for row in column_rows(profile)], schema=_SCHEMA))
    return profile


def _profile(model: MLModel, registry: Registry, version: int, training: pl.DataFrame, holdout: pl.DataFrame) -> Profile:
    predictor = registry.load(model.name, version)
    predictions, held_out = (pl.Series(predictor.predict(rows.select(model.feature_columns))) for rows in (training, holdout))
    parts = [
        Profile.of(training, feature_keys(model)),
        Profile.of(training.select("label"), {"label": label_key(model)}),
        Profile.of(pl.DataFrame({"prediction": predictions}), {"prediction": PREDICTION}),
        Profile.of(pl.DataFrame({"residual": holdout["label"] - held_out}), {"residual": RESIDUAL}),
    ]
    return Profile.merged(parts)
