"""Whatever two sides hold, their comparison ends with a result that can be written and shown, or with an error that says what to do."""

import json
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.page import analysis_content, drift_page

MOST = 400
NAMES = ["x", "y", "*", "^a$", "label"]
GENERATOR = np.random.default_rng(1)
NUMBERS = GENERATOR.normal(size=MOST)

COLUMNS: dict[str, pl.Series] = {
    "null": pl.Series([None] * MOST),
    "normal": pl.Series(NUMBERS),
    "constant": pl.Series([7.0] * MOST),
    "infinite": pl.Series([float("inf"), float("-inf"), float("nan"), 1.0] * (MOST // 4)),
    "small integers": pl.Series(GENERATOR.integers(-5, 5, MOST), dtype=pl.Int8),
    "large integers": pl.Series(GENERATOR.integers(0, 2**62, MOST), dtype=pl.UInt64),
    "huge": pl.Series(1e300 * NUMBERS),
    "far from zero": pl.Series(1e9 + NUMBERS, dtype=pl.Float32),
    "decimal": pl.Series(["1.25", None] * (MOST // 2)).cast(pl.Decimal(12, 2)),
    "categories": pl.Series(GENERATOR.choice(["a", "b", ""], MOST).tolist()),
    "categorical": pl.Series(GENERATOR.choice(["u", "v"], MOST).tolist(), dtype=pl.Categorical),
    "ids": pl.Series([f"id{row}" for row in range(MOST)]),
    "texts": pl.Series([f"the quick word{row} jumps over it" for row in range(MOST)]),
    "booleans": pl.Series([True, False, None, True] * (MOST // 4)),
    "times": pl.Series([datetime(2020, 1, 1) + timedelta(hours=int(hour)) for hour in GENERATOR.integers(0, 9999, MOST)]),  # noqa: DTZ001 - a column
    "lists": pl.Series([[1]] * MOST),
    "durations": pl.Series([timedelta(hours=1)] * MOST),
}

rows = st.sampled_from([0, 1, 2, 99, 120, MOST])
kinds = st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=len(NAMES))
roles = st.none() | st.sampled_from(NAMES)
options = st.fixed_dictionaries({"label": roles, "prediction": roles, "by": roles, "exact": st.booleans()})


def side(of: list[str], height: int) -> pl.DataFrame:
    return pl.DataFrame({name: COLUMNS[kind][:height] for name, kind in zip(NAMES, of, strict=False)})


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(kinds, st.none() | kinds, rows, rows, options)
@example(["null"], ["texts"], 120, 120, {})
@example(["normal", "categories", "ids", "small integers"], None, 120, 0, {"label": "^a$"})
def test_any_two_sides_are_compared_or_refused(
    before: list[str], after: list[str] | None, rows_before: int, rows_after: int, options: dict[str, Any]
) -> None:
    sides = side(before, rows_before), side(after or before, rows_after)
    with suppress(DataError):
        found = analyze(*sides, **options)
        json.dumps(found.to_dict(), allow_nan=False)
        drift_page(analysis_content(found))
