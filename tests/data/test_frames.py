"""Dataframes cross the border to users' functions without losing a value, in the type that each annotation names."""

import functools
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from polars.testing import assert_frame_equal
from polars.testing.parametric import column, dataframes

from mlworks_orchestration.data import call_user, to_polars
from mlworks_orchestration.errors import DataError, DeclarationError, NotReadyError

FRAME = pl.DataFrame(
    {
        "count": [2**60 + 1, None],
        "late": [True, None],
        "delay": [1.5, None],
        "carrier": ["UA", None],
        "at": pl.Series([datetime(2013, 1, 1, 5, tzinfo=UTC), None], dtype=pl.Datetime("us", "UTC")),
    }
)


def as_polars(rows: pl.DataFrame) -> pl.DataFrame:
    assert isinstance(rows, pl.DataFrame)
    return rows


def unannotated(rows):  # noqa: ANN001, ANN201 - users may leave annotations out
    assert isinstance(rows, pl.DataFrame)
    return rows


def as_anything(rows: Any) -> Any:
    assert isinstance(rows, pl.DataFrame)
    return rows


def as_pandas(rows: pd.DataFrame) -> pd.DataFrame:
    assert isinstance(rows, pd.DataFrame)
    return rows


def as_arrow(rows: pa.Table) -> pa.Table:
    assert isinstance(rows, pa.Table)
    return rows


def by_name(rows: "pd.DataFrame") -> "pd.DataFrame":
    assert isinstance(rows, pd.DataFrame)
    return rows


def of_many(first: pl.DataFrame, *others: pa.Table) -> pl.DataFrame:
    assert all(isinstance(other, pa.Table) for other in others)
    return first


@pytest.mark.parametrize("function", [as_polars, unannotated, as_anything, as_pandas, as_arrow, by_name, functools.partial(as_pandas)])
def test_each_function_gets_what_its_annotation_names_and_loses_nothing(function: Any) -> None:
    assert_frame_equal(call_user(function, FRAME, asked_of="flights"), FRAME)


def test_each_of_several_frames_is_given_by_its_own_annotation() -> None:
    assert_frame_equal(call_user(of_many, FRAME, FRAME.head(1), FRAME.tail(1), asked_of="flights"), FRAME)


def test_an_argument_that_is_no_dataframe_is_passed_on_as_it_is() -> None:
    window = (1, 2)

    def load(asked: object) -> pl.DataFrame:
        assert asked is window
        return FRAME

    assert call_user(load, window, asked_of="flights") is FRAME


@settings(max_examples=60, deadline=None)
@given(
    dataframes(
        cols=[
            column("integer", dtype=pl.Int64, allow_null=True),
            column("boolean", dtype=pl.Boolean, allow_null=True),
            column("string", dtype=pl.String, allow_null=True),
            column("timestamp", dtype=pl.Datetime("us", "UTC"), allow_null=True),
        ],
        min_size=1,
    )
)
def test_any_frame_survives_pandas_and_arrow(frame: pl.DataFrame) -> None:
    for function in (as_pandas, as_arrow):
        back = call_user(function, frame, asked_of="flights")
        assert_frame_equal(back.cast(frame.schema), frame)  # type: ignore[arg-type]


def test_nan_of_pandas_means_missing() -> None:
    assert to_polars(pd.DataFrame({"a": [1.0, np.nan]}), asked_of="flights")["a"].to_list() == [1.0, None]


def test_named_index_levels_of_pandas_become_columns_and_unnamed_ones_go() -> None:
    grouped = pd.DataFrame({"origin": ["EWR", "EWR"], "delay": [1.0, 3.0]}).groupby("origin").mean()
    assert to_polars(grouped, asked_of="flights").rows() == [("EWR", 2.0)]
    assert to_polars(pd.DataFrame({"a": [1]}, index=[7]), asked_of="flights").columns == ["a"]


def test_dates_of_pandas_come_as_dates_or_midnights() -> None:
    frame = to_polars(pd.DataFrame({"day": [date(2013, 1, 1)], "stamp": pd.to_datetime(["2013-01-01"])}), asked_of="flights")
    assert frame.schema["day"] == pl.Date()
    assert frame["stamp"].to_list() == [datetime(2013, 1, 1)]  # noqa: DTZ001 - pandas gives naive days


@pytest.mark.parametrize("given_value", [None, {"a": [1]}, [1], pl.LazyFrame({"a": [1]}), pl.Series([1]), np.zeros(3)])
def test_what_is_no_dataframe_is_refused_by_its_type(given_value: object) -> None:
    with pytest.raises(DataError, match=rf"flights: a dataframe is needed, but a \w+\.{type(given_value).__name__} was given; return a polars"):
        to_polars(given_value, asked_of="flights")


@pytest.mark.parametrize("frame", [pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame({"a": [1, "x"]}), pa.table([[1], [2]], names=["a", "a"])])
def test_a_dataframe_that_arrow_cannot_hold_is_refused(frame: object) -> None:
    with pytest.raises(DataError, match=r"flights: the (pandas.DataFrame|pyarrow.Table) that was given cannot be read"):
        to_polars(frame, asked_of="flights")


def test_what_a_function_raises_is_told_with_its_owner() -> None:
    def broken(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.select(1 / 0)

    with pytest.raises(DataError, match=r"flights raised ZeroDivisionError: division by zero. Nothing was written") as caught:
        call_user(broken, FRAME, asked_of="flights")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_error_written_for_the_user_goes_through_as_it_is() -> None:
    def not_yet() -> pl.DataFrame:
        message = "The archive is not there yet."
        raise NotReadyError(message)

    with pytest.raises(NotReadyError, match=r"^The archive is not there yet\.$"):
        call_user(not_yet, asked_of="flights")


def test_an_annotation_that_is_no_dataframe_is_refused() -> None:
    def counted(rows: np.ndarray) -> pl.DataFrame:
        raise AssertionError(rows)

    with pytest.raises(DeclarationError, match=r"flights: a parameter that gets a dataframe is annotated numpy.ndarray; annotate it polars"):
        call_user(counted, FRAME, asked_of="flights")


def test_an_annotation_that_cannot_be_resolved_is_refused() -> None:
    def typed_elsewhere(rows: "nowhere.DataFrame") -> pl.DataFrame:  # type: ignore[name-defined]  # noqa: F821
        raise AssertionError(rows)

    with pytest.raises(DeclarationError, match=r"flights: an annotation cannot be read: name 'nowhere' is not defined"):
        call_user(typed_elsewhere, FRAME, asked_of="flights")


def test_a_function_that_does_not_take_the_arguments_is_told_apart_from_one_that_fails() -> None:
    with pytest.raises(DeclarationError, match=r"flights is called with 2 arguments, but its signature is \(rows: .*too many positional"):
        call_user(as_polars, FRAME, FRAME, asked_of="flights")
