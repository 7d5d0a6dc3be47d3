"""Profiles as rows of a lake table: one a column, its sketch as text beside the numbers that people look for."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, text_features
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import ColumnKey, ColumnProfile, NumericProfile, Profile, from_json, to_json
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel

COLUMN_SCHEMA: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "column": pl.String(),
    "type": pl.String(),
    "rows": pl.Int64(),
    "missing": pl.Int64(),
    "distinct": pl.Int64(),
    "mean": pl.Float64(),
    "std": pl.Float64(),
    "minimum": pl.Float64(),
    "maximum": pl.Float64(),
    "profile": pl.String(),
}
"""The columns of such a row."""

JOINT = "*"
"""What all features together are called."""

PREDICTION = ColumnKey(DriftKind.PREDICTION, "prediction")
RESIDUAL = ColumnKey(DriftKind.CONCEPT, "residual")
JOINT_KEY = ColumnKey(DriftKind.FEATURE, JOINT)


def feature_key(name: str) -> ColumnKey:
    """Return what a feature is called in a profile."""
    return ColumnKey(DriftKind.FEATURE, name)


def value_keys(catalog: Catalog, model: MLModel) -> dict[str, ColumnKey]:
    """Return what each feature that is a number, a category or a boolean is called in a profile; texts are profiled by their words instead."""
    texts = text_features(catalog, model)
    return {name: feature_key(name) for name in model.feature_columns if name not in texts}


def label_key(model: MLModel) -> ColumnKey:
    """Return what the label is called in a profile: as in the table that it comes from."""
    return ColumnKey(DriftKind.LABEL, model.label.column)


def relation_key(model: MLModel, feature: str) -> ColumnKey:
    """Return what the relation of a feature and the label is called in a profile."""
    return ColumnKey(DriftKind.CONCEPT, f"{feature} ~ {model.label.column}")


def column_rows(profile: Profile) -> Iterator[dict[str, Any]]:
    """Yield a row for each column of a profile.

    Parameters:
        profile: of any rows.
    """
    for key, column in profile.columns.items():
        moments = column.moments if isinstance(column, NumericProfile) else None
        yield {
            "kind": key.kind.value,
            "column": key.column,
            "type": column.type,
            "rows": column.rows,
            "missing": column.missing,
            "distinct": column.distinct,
            "mean": moments and moments.mean,
            "std": moments and moments.std,
            "minimum": moments and moments.minimum,
            "maximum": moments and moments.maximum,
            "profile": to_json(column),
        }


def profile_from(rows: pl.DataFrame) -> Profile:
    """Read a profile back from its rows.

    Parameters:
        rows: with the columns `kind`, `column` and `profile`, no column of a kind twice.

    Raises:
        DataError: if a stored profile is damaged, or of a version that this release does not know.
    """
    where = pl.col(PARTITION) if PARTITION in rows.columns else pl.lit(None)
    stored = rows.select("kind", "column", "profile", where).iter_rows()
    return Profile({ColumnKey(DriftKind(kind), column): read_column(text, f"{kind} {column}", partition) for kind, column, text, partition in stored})


def read_column(text: str, name: str, partition: str | None) -> ColumnProfile:
    """Read one column's stored profile.

    Parameters:
        text: what is stored of it.
        name: of the column, for the error.
        partition: whose rows they are, for the error; None where they are the reference's.

    Raises:
        DataError: naming both, if it is damaged, or of a version that this release does not know.
    """
    try:
        return from_json(text)
    except DataError as error:
        message = f"{name}, {f'partition {partition}' if partition else 'reference'}: {error}"
        raise DataError(message) from error
