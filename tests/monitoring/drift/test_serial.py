"""The stored form of a profile."""

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import CategoricalProfile, NumericProfile, from_json, to_json


@given(st.lists(st.floats(), max_size=40))
def test_a_numeric_profile_comes_back_as_it_was(values: list[float]) -> None:
    profile = NumericProfile.of(np.array(values))
    back = from_json(to_json(profile))
    assert isinstance(back, NumericProfile)
    assert (back.missing, back.moments, back.bins.precision) == (profile.missing, profile.moments, profile.bins.precision)
    assert back.bins.keys.tolist() == profile.bins.keys.tolist()
    assert back.bins.counts.tolist() == profile.bins.counts.tolist()


@given(st.lists(st.none() | st.text(max_size=3), max_size=20))
def test_a_categorical_profile_comes_back_as_it_was(values: list[str | None]) -> None:
    profile = CategoricalProfile.of(pl.Series(values, dtype=pl.String))
    back = from_json(to_json(profile))
    assert isinstance(back, CategoricalProfile)
    assert (back.missing, back.counts) == (profile.missing, profile.counts)


def test_the_format_is_the_documented_one() -> None:
    document = json.loads(to_json(NumericProfile.of(np.array([1.0, 2.0, 2.0, np.nan]))))
    assert document == {
        "format": "mlworks.profile",
        "version": 1,
        "type": "numeric",
        "missing": 1,
        "precision": 64,
        "first": 0x3FF0_0000_0000_0000,
        "steps": [0x0010_0000_0000_0000],
        "counts": [1, 2],
        "n": 3,
        "mean": pytest.approx(5 / 3),
        "squares": pytest.approx(2 / 3),
        "minimum": 1.0,
        "maximum": 2.0,
    }


def test_a_large_column_stays_small() -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    assert len(to_json(NumericProfile.of(values))) < 64_000


def test_an_unknown_version_says_what_to_do() -> None:
    newer = to_json(CategoricalProfile(0, {"EWR": 1})).replace('"version":1', '"version":2')
    with pytest.raises(DataError, match=r"version 2; this release reads 'mlworks.profile', version 1\. Upgrade"):
        from_json(newer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format":"mlworks.profile","version":1,"type":"categorical","missing":0,"counts":[1]}',
        '{"format":"mlworks.profile","version":1,"type":"numeric","missing":0}',
        to_json(NumericProfile.of(np.array([1.0, 2.0]))).replace('"counts":[1,1]', '"counts":[1]'),
        to_json(NumericProfile.of(np.array([1.0]))).replace('"precision":64', '"precision":65'),
        to_json(NumericProfile.of(np.array([1.0]))).replace('"type":"numeric"', '"type":"text"'),
    ],
)
def test_a_damaged_profile_is_an_error(text: str) -> None:
    with pytest.raises(DataError, match=r"A stored profile is damaged.*Materialise its partition again"):
        from_json(text)
