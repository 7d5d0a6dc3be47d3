from datetime import date

import polars as pl
import pytest

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.training.matrix import design_matrix

ROWS = pl.DataFrame({"seats": [3, 4], "rainy": [True, None], "carrier": ["A", None], "day": [date(2024, 1, 1), None]})


def test_a_column_has_one_type_whether_or_not_a_batch_has_missing_values() -> None:
    with_gaps = ROWS.with_columns(pl.Series("seats", [None, 4]))
    for rows in (ROWS, with_gaps, ROWS.with_columns(pl.lit(None).alias("seats"))):
        assert design_matrix(rows, ["seats", "rainy", "carrier"], asked_by="x").dtypes.astype(str).tolist() == ["float64", "float64", "object"]


def test_missing_text_is_none_and_missing_numbers_are_nan() -> None:
    matrix = design_matrix(ROWS, ["carrier", "rainy"], asked_by="x")
    assert matrix["carrier"].tolist() == ["A", None]
    assert matrix["rainy"].isna().tolist() == [False, True]


def test_a_feature_that_is_missing_is_named_with_the_nearest_column() -> None:
    with pytest.raises(TrainingError, match=r"Model x version 3 needs the feature 'seat'.*did you mean 'seats'"):
        design_matrix(ROWS, ["seat"], asked_by="Model x version 3")


def test_a_feature_of_a_type_that_no_estimator_takes_is_refused() -> None:
    with pytest.raises(TrainingError, match="'day' is a Date"):
        design_matrix(ROWS, ["day"], asked_by="Model x")
