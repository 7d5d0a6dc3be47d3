"""How a version errs on rows that it was trained on, had it not been trained on them."""

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.tree import DecisionTreeRegressor

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.training import Predictor, cross_predict

RNG = np.random.default_rng(5)
ROWS = pl.DataFrame({"a": RNG.normal(size=103), "b": RNG.normal(size=103)}).with_columns((2 * pl.col("a") + RNG.normal(size=103)).alias("label"))


def predictor(estimator: object) -> Predictor:
    return Predictor("delay", 1, ("a", "b"), estimator)


def test_each_part_is_predicted_by_a_copy_that_has_not_seen_it() -> None:
    expected = cross_val_predict(LinearRegression(), ROWS.select("a", "b").to_numpy(), ROWS["label"].to_numpy(), cv=KFold(4))
    assert cross_predict(predictor(LinearRegression()), ROWS) == pytest.approx(expected)


def test_a_tree_that_knows_its_rows_by_heart_errs_on_those_that_it_has_not_seen() -> None:
    errors = np.abs(cross_predict(predictor(DecisionTreeRegressor(random_state=0)), ROWS) - ROWS["label"].to_numpy())
    assert errors.mean() > 0.5


def test_the_version_itself_is_left_as_it_is() -> None:
    fitted = DummyRegressor().fit([[0.0], [0.0]], [7.0, 7.0])
    cross_predict(predictor(fitted), ROWS)
    assert fitted.predict([[0.0]])[0] == 7.0


def test_a_copy_that_cannot_be_fitted_is_an_error_that_names_the_version() -> None:
    with pytest.raises(TrainingError, match="Model delay version 1, fitted without a part of its rows, could not be fitted"):
        cross_predict(predictor(LinearRegression()), ROWS.with_columns(pl.lit(None, dtype=pl.Float64).alias("label")))
