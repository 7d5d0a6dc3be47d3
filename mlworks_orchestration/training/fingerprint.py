"""The content hash of rows: the same rows give the same hash on every machine and under every version of every library."""

import hashlib
import json

import polars as pl


def fingerprint(rows: pl.DataFrame) -> str:
    """Return the SHA-256 of the values of rows, in their order.

    Hashed are, column by column, the name and type, which values are missing, and the values: numbers as little-endian 64 bits, moments as
    microseconds, text as UTF-8 with its lengths. No library's file format takes part, for those change.

    Parameters:
        rows: numbers, booleans, text, dates and timestamps.

    Examples:
        >>> rows = pl.DataFrame({"a": [1, 2]})
        >>> fingerprint(rows) == fingerprint(rows.clone()), fingerprint(rows) == fingerprint(rows.reverse())
        (True, False)
    """
    digest = hashlib.sha256(json.dumps([[name, str(dtype)] for name, dtype in rows.schema.items()]).encode())
    for column in rows:
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype == pl.String():
            text = column.fill_null("")
            digest.update(text.str.len_bytes().to_numpy().astype("<u8").tobytes())
            digest.update("".join(text.to_list()).encode())
        else:
            digest.update(_numbers(column).to_numpy().astype("<f8" if column.dtype.is_float() else "<i8").tobytes())
    return digest.hexdigest()


def _numbers(column: pl.Series) -> pl.Series:
    if column.dtype.is_float():
        return column.fill_null(0.0)
    return column.to_physical().cast(pl.Int64()).fill_null(0)
