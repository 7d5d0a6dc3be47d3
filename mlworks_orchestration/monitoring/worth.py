"""What predictions are worth to the business, by the model's own expression of label, prediction and features."""

import polars as pl

from mlworks_orchestration.spec import Business, MLModel


def business_features(model: MLModel) -> list[str]:
    """Return the feature columns that the business's expression reads."""
    return [name for name in model.business.columns if name in model.feature_columns] if model.business else []


def row_worth(business: Business) -> pl.Expr:
    """Return the expression of what a row is worth, of rows with `label`, `prediction` and the features that it reads."""
    return pl.sql_expr(business.expression).cast(pl.Float64)


def aggregate_worth(business: Business, column: str) -> pl.Expr:
    """Return the expression that makes one number of the rows' worth; rows whose worth is null do not count.

    Parameters:
        business: the declaration.
        column: that holds the worth of each row.
    """
    return pl.col(column).sum() if business.aggregate == "sum" else pl.col(column).mean()
