"""What predictions are worth to the business, by the model's own expression of label, prediction and features."""

import polars as pl

from mlworks_orchestration.spec import Business, MLModel

WORTH = "_business"
"""The column that holds what each row is worth."""


def business_features(model: MLModel) -> list[str]:
    """Return the feature columns that the business's expression reads."""
    return [name for name in model.business.columns if name in model.feature_columns] if model.business else []


def with_business(model: MLModel, rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with what each is worth, as `_business`; as they are if the model declares no business.

    Parameters:
        model: the model's declaration.
        rows: with `label`, `prediction` and the features that the expression reads.
    """
    return rows.with_columns(pl.sql_expr(model.business.expression).cast(pl.Float64).alias(WORTH)) if model.business else rows


def aggregate(business: Business) -> pl.Expr:
    """Return the expression that makes one number of the rows' worth; rows whose worth is null do not count."""
    return pl.col(WORTH).sum() if business.aggregate == "sum" else pl.col(WORTH).mean()
