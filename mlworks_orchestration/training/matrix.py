"""From the framework's frames to what an estimator takes: the same in training and in scoring."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from mlworks_orchestration.errors import TrainingError, nearest

if TYPE_CHECKING:
    import pandas as pd


def design_matrix(rows: pl.DataFrame, columns: Sequence[str], *, asked_by: str) -> "pd.DataFrame":
    """Return features as scikit-learn takes them: a pandas frame of float64 and text.

    Numbers and booleans become float64 with NaN where a value is missing, whether or not this very batch has missing ones, so that a
    column has one type for ever; text stays text, with None where missing.

    Parameters:
        rows: the features, with or without other columns.
        columns: the features to take, in this order.
        asked_by: who needs them, for the error.

    Raises:
        TrainingError: if a column is missing, or is neither a number, a boolean nor text.

    Examples:
        >>> rows = pl.DataFrame({"hour": [7, None], "carrier": ["UA", None]})
        >>> design_matrix(rows, ["carrier", "hour"], asked_by="Model delays").values.tolist()
        [['UA', 7.0], [None, nan]]
    """
    chosen: list[pl.Expr] = []
    for name in columns:
        dtype = rows.schema.get(name)
        if dtype is None:
            message = f"{asked_by} needs the feature {name!r}, which the rows do not have; {nearest(name, rows.columns)}."
            raise TrainingError(message)
        if dtype == pl.String():
            chosen.append(pl.col(name))
        elif dtype.is_numeric() or dtype in {pl.Boolean(), pl.Null()}:
            chosen.append(pl.col(name).cast(pl.Float64()))
        else:
            message = f"{asked_by}: the feature {name!r} is a {dtype}; derive a number, a boolean or text from it in its table's transform."
            raise TrainingError(message)
    return rows.select(chosen).to_pandas()
