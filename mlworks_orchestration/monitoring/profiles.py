"""The profile of each partition: features, predictions and, once they are known, labels and residuals."""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.monitoring.drift import ColumnKey, Profile
from mlworks_orchestration.monitoring.tables import COLUMN_SCHEMA, PREDICTION, RESIDUAL, column_rows, feature_keys, label_key
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
    profiles = by_partition(
        (features, feature_keys(model)),
        (scores, {"prediction": PREDICTION}),
        (truth, {"label": label_key(model), "residual": RESIDUAL}),
    )
    rows = [{PARTITION: key, **row, "scored_versions": versions[key], **common} for key, found in profiles.items() for row in column_rows(found)]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    lake.write(f"{model.name}/profile", frame, partitions=partitions)
    return frame


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
