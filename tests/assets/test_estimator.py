"""The estimator of the reference model, on the committed slice."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from assets.airline_delay.estimator import CATEGORIES, build
from assets.flight_outcomes.source import load as load_outcomes
from assets.flights.source import features, load
from assets.weather.source import load as load_weather
from mlworks_orchestration.data import as_of_join
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, load_object, read_declarations

CATALOG = read_declarations(project_root() / "assets").require_healthy()
MODEL = CATALOG.models["airline_delay"]
NUMBERS = [name for name in MODEL.feature_columns if name not in CATEGORIES]


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    """Return January's flights with their features, and the label of those that have one."""
    days = MODEL.partitions
    window = TimeWindow(days.window("2013-01-02").start, days.window("2013-01-31").end)
    flights = features(load(window))
    weather = CATALOG.tables["weather"]
    joined = as_of_join(
        flights,
        weather,
        load_weather(window),
        MODEL.features[1].columns,
        event_time=MODEL.event_time,
        max_age=MODEL.features[1].max_age,
    )
    return joined.join(load_outcomes(window).select("flight_id", "arr_delay"), on="flight_id").drop_nulls("arr_delay")


@pytest.fixture(scope="module")
def matrix(rows: pl.DataFrame) -> pd.DataFrame:
    """Return the features as a pipeline takes them."""
    return rows.select(pl.col(name).cast(pl.Float64) if name in NUMBERS else pl.col(name) for name in MODEL.feature_columns).to_pandas()


@pytest.fixture(scope="module")
def pipeline(matrix: pd.DataFrame, rows: pl.DataFrame) -> Any:
    """Return the declared estimator, fitted."""
    return declared().fit(matrix, rows["arr_delay"].to_numpy())


def declared() -> Any:
    return load_object(MODEL.estimator, field="estimator")(MODEL.seed, **MODEL.hyperparameters)


def test_the_fitted_pipeline_is_better_than_the_median_on_its_own_rows(pipeline: Any, matrix: pd.DataFrame, rows: pl.DataFrame) -> None:
    actual = rows["arr_delay"].to_numpy()
    assert np.abs(actual - pipeline.predict(matrix)).mean() < 0.98 * np.abs(actual - np.median(actual)).mean()


def test_the_same_seed_gives_the_same_predictions(pipeline: Any, matrix: pd.DataFrame, rows: pl.DataFrame) -> None:
    again = declared().fit(matrix, rows["arr_delay"].to_numpy())
    np.testing.assert_array_equal(again.predict(matrix), pipeline.predict(matrix))


def test_categories_that_training_has_not_seen_count_as_missing(pipeline: Any, matrix: pd.DataFrame) -> None:
    unseen, missing = matrix.head(50).copy(), matrix.head(50).copy()
    unseen[CATEGORIES], missing[CATEGORIES] = "ZZZ", None
    found = pipeline.predict(unseen)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, pipeline.predict(missing))


def test_rows_without_any_value_are_predicted(pipeline: Any, matrix: pd.DataFrame) -> None:
    nothing = matrix.head(3).copy()
    nothing[CATEGORIES], nothing[NUMBERS] = None, np.nan
    assert np.isfinite(pipeline.predict(nothing)).all()


def test_each_category_is_a_text_feature_of_the_model_and_no_other_feature_is() -> None:
    types = {name: CATALOG.tables[selection.table].columns[name].type for selection in MODEL.features for name in selection.columns}
    assert [name for name, kind in types.items() if kind == "string"] == CATEGORIES


def test_the_declared_hyperparameters_are_the_defaults_of_the_function() -> None:
    assert build(MODEL.seed).get_params()["trees"].get_params() == declared().get_params()["trees"].get_params()


def test_the_readme_of_the_model_tells_its_label_tables_and_owner() -> None:
    text = (Path(__file__).parents[2] / "assets" / MODEL.name / "README.md").read_text(encoding="utf-8")
    for said in (MODEL.label.column, MODEL.owners.data_science, *(f"assets/{table}" for table in MODEL.tables)):
        assert re.search(rf"\b{re.escape(said)}\b", text), said
