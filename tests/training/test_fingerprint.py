import hashlib
import json
from datetime import UTC, date, datetime

import polars as pl
import pytest

from mlworks_orchestration.training.fingerprint import fingerprint

ROWS = pl.DataFrame(
    {
        "number": [1, None, 3],
        "part": [0.5, float("nan"), None],
        "text": ["a", "", None],
        "yes": [True, None, False],
        "day": [date(2024, 1, 1), None, date(2024, 1, 2)],
        "moment": [datetime(2024, 1, 1, tzinfo=UTC), None, datetime(2024, 1, 2, tzinfo=UTC)],
    }
)


@pytest.mark.parametrize(
    "changed",
    [
        ROWS.reverse(),
        ROWS.head(2),
        ROWS.rename({"number": "count"}),
        ROWS.with_columns(pl.col("number").fill_null(0)),
        ROWS.with_columns(pl.col("part").fill_nan(None)),
        ROWS.with_columns(pl.col("text").fill_null("")),
        ROWS.with_columns(pl.col("yes").fill_null(value=False)),
        ROWS.with_columns(pl.col("moment").dt.offset_by("1us")),
        ROWS.with_columns(pl.col("number").cast(pl.Float64)),
        ROWS.with_columns(pl.Series("text", ["", "a", None])),
    ],
)
def test_any_change_of_rows_changes_the_hash(changed: pl.DataFrame) -> None:
    assert fingerprint(changed) != fingerprint(ROWS)


def test_how_rows_lie_in_memory_does_not_matter() -> None:
    assert fingerprint(pl.concat([ROWS.head(1), ROWS.tail(2)], rechunk=False)) == fingerprint(ROWS)


def test_the_hash_is_made_as_documented_so_that_it_outlives_libraries() -> None:
    rows = pl.DataFrame({"n": [1, None], "t": ["é", ""]})
    written = json.dumps([["n", "Int64"], ["t", "String"]]).encode()
    written += bytes([0, 1]) + (1).to_bytes(8, "little") + (0).to_bytes(8, "little")
    written += bytes([0, 0]) + (2).to_bytes(8, "little") + (0).to_bytes(8, "little") + "é".encode()
    assert fingerprint(rows) == hashlib.sha256(written).hexdigest()
