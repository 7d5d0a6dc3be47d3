"""The inference log: what a model was given when it predicted, kept as it was given, whatever becomes of the feature tables later."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import MLModel

MODEL_VERSION, ROLE, SCORED_AT = "_model_version", "_role", "_scored_at"
"""The log's own columns; with an underscore before them, as no column of a user has, since a feature may be called `role`."""


class Served(NamedTuple):
    """Who predicted, as what, and when.

    Parameters:
        version: of the model.
        role: for example `champion`.
        at: the moment, aware.
    """

    version: int
    role: str
    at: datetime


def log_inference(lake: Lake, model: MLModel, features: pl.DataFrame, served: Served, partitions: Sequence[str]) -> int:
    """Write features as served to the table `<model>/inference_log`, in one commit that replaces the partitions.

    Call it before the scores are written, so that a score never lacks its log. Features that are declared later become new columns, and of rows
    logged before they are null.

    Parameters:
        lake: the Delta tables.
        model: that predicted.
        features: entity, event time, the features and `_partition`, the very rows that were predicted.
        served: who predicted, as what, and when.
        partitions: keys.

    Returns:
        The new Delta version of the table.

    Raises:
        LakeError: if a feature's type has changed so that its values cannot be held in the log's column.
    """
    rows = features.with_columns(
        pl.lit(served.version, dtype=pl.Int64).alias(MODEL_VERSION),
        pl.lit(served.role).alias(ROLE),
        pl.lit(served.at, dtype=pl.Datetime("us", "UTC")).alias(SCORED_AT),
    )
    return lake.write(log_table(model), rows, partitions=partitions, schema="merge")


def read_log(lake: Lake, model: MLModel, partitions: Sequence[str], role: str = "champion") -> pl.DataFrame:
    """Return what was served in some partitions; none of those that were scored before there was a log.

    Parameters:
        lake: the Delta tables.
        model: that predicted.
        partitions: keys.
        role: in which it predicted.

    Raises:
        NotReadyError: if nothing was ever logged.
    """
    if not lake.exists(log_table(model)):
        message = f"Model {model.name} has no inference log yet; materialise {model.name}/scores, which writes it."
        raise NotReadyError(message)
    return lake.read(log_table(model), partitions=partitions).filter(pl.col(ROLE) == role)


def log_table(model: MLModel) -> str:
    """Return what the lake calls a model's inference log."""
    return f"{model.name}/inference_log"
