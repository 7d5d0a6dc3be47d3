"""The profile of each partition: features, predictions and, once they are known, labels and residuals."""

import json
from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame, text_features
from mlworks_orchestration.monitoring.drift import ColumnKey, JointProfile, Profile, RelationProfile, TextProfile
from mlworks_orchestration.monitoring.tables import (
    COLUMN_SCHEMA,
    JOINT_KEY,
    PREDICTION,
    RESIDUAL,
    column_rows,
    feature_key,
    label_key,
    relation_key,
    value_keys,
)
from mlworks_orchestration.monitoring.truth import labelled, read_scores, with_labels
from mlworks_orchestration.spec import Catalog, MLModel

_SCHEMA = {
    PARTITION: pl.String(),
    **COLUMN_SCHEMA,
    "scored_versions": pl.List(pl.Int64()),
    "profiled_at": pl.Datetime("us", "UTC"),
    "inputs": pl.String(),
}


def profile(lake: Lake, catalog: Catalog, model: MLModel, partitions: Sequence[str]) -> pl.DataFrame:
    """Profile partitions and write the table `<model>/profile`, in one commit.

    Labels and residuals are part of it as far as they are known now; when they arrive later, profile the partition again.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose rows to profile.
        partitions: keys.

    Returns:
        The rows written, one a partition, kind and column, with `inputs`, the Delta versions that were read.

    Raises:
        NotReadyError: naming a partition that has no features or is not scored.
        DataError: if a column cannot be profiled.
    """
    known = labelled(lake, model, partitions)
    tables = [*(f"features/{selection.table}" for selection in model.features), f"{model.name}/scores", *([f"{model.name}/labels"] if known else [])]
    inputs = {table: lake.version(table) for table in tables}
    features = feature_frame(lake, catalog, model, partitions, inputs)
    scores = read_scores(lake, model, partitions, inputs[f"{model.name}/scores"])
    truth = with_labels(lake, model, scores, known, inputs.get(f"{model.name}/labels"))
    versions = dict(scores.group_by(PARTITION).agg(pl.col("model_version").unique().sort()).iter_rows())
    common = {"profiled_at": clock.now(), "inputs": json.dumps(inputs)}
    keys = [*model.entity, model.event_time, PARTITION]
    with_features = truth.select(*keys, "label").join(features, on=keys)
    profiles = merge_by_partition(
        feature_profiles(catalog, model, features),
        prediction_profiles(scores),
        label_profiles(catalog, model, with_features),
        residual_profiles(truth),
    )
    rows = [{PARTITION: key, **row, "scored_versions": versions[key], **common} for key, found in profiles.items() for row in column_rows(found)]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    lake.write(f"{model.name}/profile", frame, partitions=partitions)
    return frame


def feature_profiles(catalog: Catalog, model: MLModel, features: pl.DataFrame) -> dict[str, Profile]:
    """Return the profile of all features, by partition.

    Parameters:
        catalog: declares the features.
        model: whose features.
        features: with `_partition` and the model's features.
    """
    return merge_by_partition(by_partition((features, value_keys(catalog, model))), *of_features(catalog, model, features))


def label_profiles(catalog: Catalog, model: MLModel, truth: pl.DataFrame) -> dict[str, Profile]:
    """Return the profile of the labels and of how they go with the features, by partition.

    Parameters:
        catalog: declares the features.
        model: whose labels.
        truth: rows whose label is known, with `_partition`, the model's features and `label`.
    """
    return merge_by_partition(by_partition((truth, {"label": label_key(model)})), relation_profiles(catalog, model, truth))


def prediction_profiles(scores: pl.DataFrame) -> dict[str, Profile]:
    """Return the profile of predictions, by partition.

    Parameters:
        scores: with `_partition` and `prediction`.
    """
    return by_partition((scores, {"prediction": PREDICTION}))


def residual_profiles(truth: pl.DataFrame) -> dict[str, Profile]:
    """Return the profile of residuals, by partition.

    Parameters:
        truth: rows whose label is known, with `_partition` and `residual`, by which the label exceeds the prediction.
    """
    return by_partition((truth, {"residual": RESIDUAL}))


def by_partition(*parts: tuple[pl.DataFrame, Mapping[str, ColumnKey]]) -> dict[str, Profile]:
    """Return the profile of each partition, in order.

    Parameters:
        parts: rows with `_partition`, and which of their columns to profile under which key; a partition has the columns of those parts that
            have rows of it.

    Raises:
        DataError: if a column cannot be profiled.
    """
    found: dict[str, list[Profile]] = {}
    for frame, columns in parts:
        for (key,), rows in frame.partition_by(PARTITION, as_dict=True).items():
            found.setdefault(str(key), []).append(Profile.of(rows, columns))
    return {key: Profile.merged(found[key]) for key in sorted(found)}


def of_features(catalog: Catalog, model: MLModel, features: pl.DataFrame) -> tuple[dict[str, Profile], dict[str, Profile]]:
    """Return, by partition, the profile of all features together that are no texts, and the profiles of the texts.

    Parameters:
        catalog: declares the features.
        model: whose features.
        features: with `_partition` and the model's features.
    """
    values, texts = list(value_keys(catalog, model)), text_features(catalog, model)
    parts = {str(key): rows for (key,), rows in features.partition_by(PARTITION, as_dict=True).items()}
    joint = {key: Profile({JOINT_KEY: JointProfile.of(rows.select(values), _generator(model, key))} if values else {}) for key, rows in parts.items()}
    words = {
        key: Profile({feature_key(name): TextProfile.of(rows[name], _generator(model, key, name)) for name in texts}) for key, rows in parts.items()
    }
    return joint, words


def _generator(model: MLModel, *names: str) -> np.random.Generator:
    """Return the generator of a partition's sample: no two of them may be in the same state."""
    return np.random.default_rng([model.seed, *(crc32(name.encode()) for name in names)])


def relation_profiles(catalog: Catalog, model: MLModel, truth: pl.DataFrame) -> dict[str, Profile]:
    """Return, by partition, how the label goes with each feature that is no text.

    Parameters:
        catalog: declares the features.
        model: whose features.
        truth: with `_partition`, the model's features and `label`.
    """
    return {
        str(key): Profile({relation_key(model, name): RelationProfile.of(rows[name], rows["label"]) for name in value_keys(catalog, model)})
        for (key,), rows in truth.partition_by(PARTITION, as_dict=True).items()
    }


def merge_by_partition(*parts: Mapping[str, Profile]) -> dict[str, Profile]:
    """Return all columns of each partition, in order.

    Parameters:
        parts: profiles by partition, of different columns.
    """
    keys = sorted(set().union(*parts))
    return {key: Profile({name: column for part in parts if key in part for name, column in part[key].columns.items()}) for key in keys}
