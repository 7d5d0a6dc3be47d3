"""Held-out rows with one column changed."""

import numpy as np
import numpy.typing as npt
import polars as pl


def with_value(rows: pl.DataFrame, column: str, value: float | str | bool) -> pl.DataFrame:  # noqa: FBT001 - a value of a column, not a switch
    """Return the rows with the same value in every row of a column.

    Parameters:
        rows: of a version.
        column: the feature.
        value: of its type.
    """
    return rows.with_columns(pl.lit(value).cast(rows.schema[column]).alias(column))


def shuffled(rows: pl.DataFrame, column: str, generator: np.random.Generator) -> pl.DataFrame:
    """Return the rows with the values of a column dealt out anew among them.

    Parameters:
        rows: of a version.
        column: the feature.
        generator: source of the order.
    """
    return rows.with_columns(rows[column].gather(generator.permutation(rows.height)).alias(column))


def blanked(rows: pl.DataFrame, column: str, share: float, generator: np.random.Generator) -> tuple[npt.NDArray[np.intp], pl.DataFrame]:
    """Return a share of the rows, at least one, without their value in a column, and their positions.

    Parameters:
        rows: of a version.
        column: the feature.
        share: of the rows, above 0 and at most 1.
        generator: which ones.
    """
    gone = np.sort(generator.permutation(rows.height)[: max(1, round(share * rows.height))])
    return gone, rows[gone].with_columns(pl.lit(None, rows.schema[column]).alias(column))
