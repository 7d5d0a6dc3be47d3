"""Predictions beside what turned out to be true, as far as it is known now."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import MLModel


def read_scores(lake: Lake, model: MLModel, partitions: Sequence[str], version: int | None = None) -> pl.DataFrame:
    """Return the champion's predictions.

    Parameters:
        lake: the Delta tables.
        model: whose predictions.
        partitions: keys.
        version: of the table of scores; the newest by default.

    Returns:
        entity, event time, `prediction`, `model_version` and `_partition`.

    Raises:
        NotReadyError: naming the first partition that is not scored.
    """
    table = f"{model.name}/scores"
    columns = [*model.entity, model.event_time, "prediction", "model_version", "role", PARTITION]
    scores = lake.read(table, columns=columns, partitions=partitions, version=version).filter(pl.col("role") == "champion").drop("role")
    missing = sorted(set(partitions) - set(scores[PARTITION].unique()))
    if missing:
        message = f"Model {model.name}: partition {missing[0]} ({len(missing)} in all) is not scored; materialise {table} for it first."
        raise NotReadyError(message)
    return scores


def labelled(lake: Lake, model: MLModel, partitions: Sequence[str]) -> list[str]:
    """Return those of the partitions whose labels are in the lake and could all be known by now, the label's delay after the partition's end.

    Parameters:
        lake: the Delta tables.
        model: whose labels.
        partitions: keys.
    """
    now = clock.now()
    stored = set(lake.partitions(f"{model.name}/labels"))
    return [key for key in partitions if key in stored and model.partitions.window(key).end + model.label.delay <= now]


def with_labels(lake: Lake, model: MLModel, scores: pl.DataFrame, partitions: Sequence[str], version: int | None = None) -> pl.DataFrame:
    """Return the predictions whose label is known, with it as `label` and what it exceeds the prediction by as `residual`.

    Parameters:
        lake: the Delta tables.
        model: whose labels.
        scores: as `read_scores` returns them.
        partitions: keys of partitions that are `labelled`.
        version: of the table of labels; the newest by default.
    """
    keys = [*model.entity, model.event_time, PARTITION]
    if partitions:
        labels = lake.read(f"{model.name}/labels", columns=[*keys, "label"], partitions=partitions, version=version)
    else:
        labels = scores.clear().select(*keys, pl.col("prediction").alias("label"))
    return scores.join(labels, on=keys, how="inner").with_columns((pl.col("label") - pl.col("prediction")).alias("residual"))
