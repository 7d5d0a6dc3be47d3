"""Where two frames of the same rows differ, in words."""

from collections.abc import Sequence

import polars as pl

_TOLERANCE = 1e-9


def difference(one: pl.DataFrame, other: pl.DataFrame, key: Sequence[str]) -> str:
    """Return how two frames differ; nothing if they do not.

    Numbers are equal to nine digits: sums that are made in another order may differ in the last.

    Parameters:
        one: rows.
        other: rows that should be the same.
        key: the columns that identify a row.

    Examples:
        >>> one = pl.DataFrame({"id": [1, 2], "x": [0.1, 0.2]})
        >>> difference(one, one.reverse(), ["id"]), difference(one, one.with_columns(x=pl.lit(0.1)), ["id"])
        ('', 'column x in 1 of 2 rows, first 0.2 and 0.1')
    """
    if one.height != other.height:
        return f"{one.height} and {other.height} rows"
    left, right = one.sort(*key), other.select(one.columns).sort(*key)
    for name in left.columns:
        apart = _apart(left[name], right[name])
        if apart.any():
            row = int(apart.arg_true()[0])
            return f"column {name} in {apart.sum()} of {left.height} rows, first {left[name][row]} and {right[name][row]}"
    return ""


def _apart(left: pl.Series, right: pl.Series) -> pl.Series:
    if not (left.dtype.is_float() and right.dtype.is_numeric()):
        return left.ne_missing(right)
    values, others = left.fill_nan(None), right.cast(pl.Float64()).fill_nan(None)
    near = ((values - others).abs() <= _TOLERANCE * (1 + values.abs())).fill_null(value=False)
    return ~(near | (values.is_null() & others.is_null()) | values.eq_missing(others))
