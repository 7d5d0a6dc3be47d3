"""Summaries of single columns, against numpy, and how wrong they can be."""

import json
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.drift.comparison.summary import SHARES, Summary, summary_of
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import DatetimeProfile, NumericProfile


def of(values: Floats, parts: int = 1) -> Summary:
    return summary_of(NumericProfile.merged([NumericProfile.of(part) for part in np.array_split(values, parts)]))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=80))
def test_few_numbers_are_summed_up_as_numpy_does(values: list[float]) -> None:
    array, found = np.array(values) + 0.0, of(np.array(values))
    assert found.mean is not None
    assert found.std is not None
    assert found.mean.value == pytest.approx(array.mean(), abs=1e-6)
    assert found.std.value == pytest.approx(array.std(ddof=1), abs=1e-4)
    assert found.minimum == (array.min(), 0.0)
    assert found.maximum == (array.max(), 0.0)
    assert found.distinct == (len(set(array.tolist())), 0.0)
    for share in SHARES:
        assert found.quantiles[share] == (np.quantile(array, share, method="inverted_cdf"), 0.0)
    assert found.median == found.quantiles[0.5]
    most = Counter(array.tolist()).most_common(1)[0][1]
    assert (found.top[0].rows, found.top[0].bound) == (most, 0)


@pytest.mark.parametrize("shape", ["normal", "lognormal", "whole numbers", "heavy tails", "mostly zero"])
def test_many_numbers_are_within_their_bounds(shape: str) -> None:
    rng = np.random.default_rng(5)
    values = {
        "normal": rng.normal(0, 1, 60_000),
        "lognormal": rng.lognormal(0, 3, 60_000),
        "whole numbers": rng.integers(-9000, 9000, 60_000).astype(np.float64),
        "heavy tails": rng.standard_cauchy(60_000),
        "mostly zero": np.where(rng.random(60_000) < 0.9, 0.0, rng.random(60_000)),
    }[shape]
    found = of(values, parts=7)
    assert found.mean is not None
    assert found.mean.value == pytest.approx(values.mean(), rel=1e-9, abs=1e-9)
    for share in SHARES:
        exact = np.quantile(values, share, method="inverted_cdf")
        assert abs(found.quantiles[share].value - exact) <= found.quantiles[share].bound
        assert found.quantiles[share].bound <= 0.01 * abs(exact) + 0.001
    distinct = len(np.unique(values))
    assert found.distinct.value <= distinct <= found.distinct.value + found.distinct.bound
    for one in found.top:
        assert isinstance(one.value, float)
        rows = np.unique(values[np.abs(values - one.value) <= one.within], return_counts=True)[1].max()
        assert one.rows - one.bound <= rows <= one.rows


def test_missing_values_and_infinities_are_told_apart() -> None:
    found = of(np.array([np.nan, -np.inf, 1.0, 2.0, np.inf]))
    assert (found.rows, found.missing, found.distinct.value) == (5, 1, 4)
    assert found.mean == (1.5, 0.0)
    assert found.quantiles[0.99] == (np.inf, 0.0)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["quantiles"]["0.01"] == {"value": "-inf", "bound": 0.0}


def test_what_is_not_there_is_none() -> None:
    found = of(np.array([np.nan, np.nan]))
    assert (found.rows, found.missing, found.mean, found.std, found.median, found.top) == (2, 2, None, None, None, ())
    assert of(np.array([3.0])).std is None
    assert found.to_dict()["mean"] is None


def test_a_datetime_is_summed_up_in_seconds() -> None:
    found = summary_of(DatetimeProfile.of(np.array([0.0, 86_400.0, 86_400.0])))
    assert (found.type, found.maximum) == ("datetime", (86_400.0, 0.0))


def test_categories_have_the_most_frequent_and_no_moments() -> None:
    found = summary_of(CategoricalProfile.of(pl.Series(["b", "a", "c", "b", "a", None, "d", "e", "f"])))
    assert [(one.value, one.rows, one.bound) for one in found.top] == [("a", 2, 0), ("b", 2, 0), ("c", 1, 0), ("d", 1, 0), ("e", 1, 0)]
    assert (found.rows, found.missing, found.distinct, found.mean, found.quantiles) == (9, 1, (6, 0.0), None, {})


def test_more_categories_than_are_kept_have_a_bound() -> None:
    found = summary_of(CategoricalProfile(0, {"a": 50, "b": 40}, other=30, bound=4))
    assert found.distinct == (2, 30.0)
    assert (found.top[0].rows, found.top[0].bound) == (50, 4)
