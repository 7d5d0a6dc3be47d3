"""A file of texts makes a model of task text, a file of series one of task forecast, each with what its task needs."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from click.testing import Result

from mlworks_orchestration.data import build_features, load_raw
from mlworks_orchestration.spec import ColumnType, FeatureTable
from tests.graph.world import World

New = Callable[..., Result]
FUTURE = datetime(2200, 1, 1, tzinfo=UTC)
WEEKS = 160


@pytest.fixture
def letters(rides: pl.DataFrame) -> pl.DataFrame:
    """Letters of customers, some without text, who are happy or not."""
    chance, words = np.random.default_rng(5), ["late", "clean", "driver", "price", "bus", "seat", "music", "road", "stop", "rain"]
    happy = chance.integers(0, 2, rides.height)
    texts = [f"The {' '.join(chance.choice(words, 6))} was {'lovely' if good else 'awful'}" for good in happy]
    texts[3] = ""
    return rides.select("ride_id", "started_at", "zone", "distance", text=pl.Series(texts), happy=pl.Series(happy))


def sales(shops: int = 2) -> pl.DataFrame:
    """Weekly sales of shops, which grow and know seasons."""
    weeks = pl.date_range(date(2020, 1, 6), date(2020, 1, 6) + timedelta(weeks=WEEKS - 1), "1w", eager=True)
    rows = pl.DataFrame({"week": weeks, "n": range(WEEKS)}).join(pl.DataFrame({"shop": [f"shop {n}" for n in range(shops)]}), how="cross")
    return rows.with_columns((100 + pl.col("n") + 20 * (pl.col("n") % 52 / 52)).alias("sold")).drop("n")


def built(world: World, name: str) -> pl.DataFrame:
    table: FeatureTable = world.project.catalog.tables[name]
    keys = table.partitions.keys(FUTURE)
    return build_features(table, load_raw(table, table.partitions.span(keys), keys))


def test_a_yes_or_no_of_texts_is_read_as_words(project: World, new: New, letters: pl.DataFrame) -> None:
    result = new(letters, "--label", "happy", "--time", "started_at")
    assert result.exit_code == 0, (result.output, result.exception)
    model = project.project.declarations.require_healthy().model("fare")
    assert (model.task, model.metrics.primary) == ("text", "roc_auc")
    assert project.project.catalog.tables["fare_inputs"].columns["text"].type is ColumnType.TEXT
    assert {"text", "zone", "distance"} <= set(model.feature_columns)


def test_sentences_identify_no_rows_though_each_is_there_once(project: World, new: New, letters: pl.DataFrame) -> None:
    alone = letters.select("started_at", "zone", "happy", text=pl.format("{} letter {}", "text", pl.int_range(letters.height)))
    result = new(alone, "--label", "happy", "--time", "started_at")
    assert result.exit_code == 0, (result.output, result.exception)
    model = project.project.declarations.require_healthy().model("fare")
    assert (model.task, model.entity) == ("text", ["row_id"])
    assert "text" in model.feature_columns


def test_the_estimator_of_texts_learns_what_the_words_tell(project: World, new: New, letters: pl.DataFrame) -> None:
    assert new(letters, "--label", "happy", "--time", "started_at").exit_code == 0
    scope: dict[str, Callable[..., object]] = {}
    exec((project.root / "assets" / "fare" / "estimator.py").read_text(), scope)  # noqa: S102 - our own template
    rows, truth = built(project, "fare_inputs"), built(project, "fare_outcomes")["happy"]
    assert rows["text"].null_count() == 0
    fitted = scope["build"](0).fit(rows.to_pandas(), truth.to_numpy())  # type: ignore[attr-defined]
    assert fitted.score(rows.to_pandas(), truth.to_numpy()) > 0.9


def test_texts_can_be_left_to_a_binary_model_that_does_not_read_them(project: World, new: New, letters: pl.DataFrame) -> None:
    result = new(letters, "--label", "happy", "--time", "started_at", "--task", "binary")
    assert "different texts: an identifier, or free text" in result.output
    assert project.project.model("fare").task == "binary"


def test_without_texts_there_is_no_task_text(project: World, new: New, letters: pl.DataFrame) -> None:
    said = str(new(letters.drop("text"), "--label", "happy", "--time", "started_at", "--task", "text").exception)
    assert "has no column of texts" in said
    assert "leave --task text out" in said
    assert not (project.root / "assets" / "fare").exists()


def test_a_file_of_series_alone_is_forecast(project: World, new: New) -> None:
    result = new(sales(), "--label", "sold")
    assert result.exit_code == 0, (result.output, result.exception)
    model = project.project.declarations.require_healthy().model("fare")
    assert (model.task, model.entity, model.metrics.primary) == ("forecast", ["shop"], "rmse")
    assert model.forecast is not None
    assert model.forecast.naive == "sold_52w_before"
    assert set(model.feature_columns) == {"shop", "month", "sold_52w_before", "last_sold"}


def test_the_naive_forecast_is_the_value_of_a_year_before_and_the_newest_value_is_known_only_later(project: World, new: New) -> None:
    assert new(sales(), "--label", "sold").exit_code == 0
    given = {(row["shop"], row["week"]): row["sold"] for row in sales().iter_rows(named=True)}
    for row in built(project, "fare_inputs").iter_rows(named=True):
        assert row["sold_52w_before"] == given.get((row["shop"], row["week"].date() - timedelta(weeks=52)))
        assert "sold" not in row
    history = project.project.catalog.tables["fare_history"]
    assert history.known_after == project.project.model("fare").label.delay == timedelta(weeks=1)


def test_one_series_without_a_name_is_given_one(project: World, new: New) -> None:
    assert new(sales(1).drop("shop"), "--label", "sold").exit_code == 0
    assert project.project.model("fare").entity == ["series"]
    assert set(built(project, "fare_inputs")["series"]) == {"fare"}


def test_a_label_that_is_known_after_a_season_has_the_newest_value_for_its_naive_forecast(project: World, new: New) -> None:
    assert new(sales(), "--label", "sold", "--label-delay", "400d").exit_code == 0
    forecast = project.project.model("fare").forecast
    assert forecast is not None
    assert forecast.naive == "last_sold"


@pytest.mark.parametrize("shops", [1, 2, 40])
def test_the_windows_of_sparse_series_hold_enough_rows_to_compare_and_to_hold_out(project: World, new: New, shops: int) -> None:
    assert new(sales(shops), "--label", "sold").exit_code == 0
    model = project.project.model("fare")
    weeks = [span / timedelta(weeks=1) for span in (model.drift.window, model.retraining.holdout, model.retraining.window)]
    assert weeks[0] * shops >= 20
    assert weeks[1] * shops >= 20
    assert (weeks[2] - weeks[1]) * shops >= 50
    assert weeks[2] <= 0.6 * WEEKS + weeks[0]


def test_columns_of_the_time_that_is_forecast_are_left_out_unless_they_are_chosen(project: World, new: New) -> None:
    rows = sales().with_columns((pl.col("sold") * 7 % 11).alias("visitors"), (pl.col("sold") * 5 % 3).alias("promotion"))
    result = new(rows, "--label", "sold", "--task", "forecast", "--feature", "promotion", "--feature", "shop")
    assert result.exit_code == 0, (result.output, result.exception)
    assert "'visitors': is of the time that is forecast" in result.output
    assert "promotion" in project.project.model("fare").feature_columns
    assert "visitors" not in project.project.catalog.tables["fare_inputs"].columns


def test_rows_with_features_of_their_own_are_no_series_unless_it_is_said(project: World, new: New) -> None:
    rows = sales().with_columns((pl.col("sold") * 7 % 11).alias("visitors"))
    assert new(rows, "--label", "sold").exit_code == 0
    assert project.project.model("fare").task == "regression"


def test_rows_that_are_no_series_cannot_be_forecast(project: World, new: New, rides: pl.DataFrame) -> None:
    said = str(new(rides, "--label", "fare", "--time", "started_at", "--task", "forecast").exception)
    assert "holds no series to forecast" in said
    assert "--entity" in said
    assert not (project.root / "assets" / "fare").exists()
