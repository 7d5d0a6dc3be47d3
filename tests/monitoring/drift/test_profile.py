"""Profiles: what they keep, and the laws of merging."""

import math
from collections import Counter
from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnKey, NumericProfile, Profile, to_json
from mlworks_orchestration.monitoring.drift.profiles import categorical, named
from mlworks_orchestration.monitoring.drift.profiles.bins import coarsen
from mlworks_orchestration.monitoring.drift.profiles.moments import add_moments, moments_of
from mlworks_orchestration.spec import DriftKind

NUMBER, TEXT = ColumnKey(DriftKind.FEATURE, "number"), ColumnKey(DriftKind.FEATURE, "text")
COLUMNS = {"number": NUMBER, "text": TEXT}

rows = st.lists(st.tuples(st.none() | st.floats(), st.none() | st.sampled_from(["EWR", "JFK", "LGA", "é,\"'"])), max_size=30)


def profile(of: list[tuple[float | None, str | None]]) -> Profile:
    frame = pl.DataFrame(of, schema={"number": pl.Float64, "text": pl.String}, orient="row")
    return Profile.of(frame, COLUMNS)


def counts(of: Profile) -> tuple[object, ...]:
    """All that a profile says, but for the moments, which are exact only up to rounding."""
    number, text = of.columns[NUMBER], of.columns[TEXT]
    assert isinstance(number, NumericProfile)
    assert isinstance(text, CategoricalProfile)
    moments = number.moments
    return (
        number.missing,
        number.bins.precision.tolist(),
        number.bins.keys.tolist(),
        number.bins.counts.tolist(),
        moments.n,
        moments.minimum,
        moments.maximum,
        text.missing,
        dict(text.counts),
    )


@given(rows, rows)
def test_merging_is_commutative(a: list[tuple[float | None, str | None]], b: list[tuple[float | None, str | None]]) -> None:
    assert counts(Profile.merged([profile(a), profile(b)])) == counts(Profile.merged([profile(b), profile(a)]))


@given(rows, rows, rows)
def test_merging_is_associative_and_equals_one_pass_over_all_rows(
    a: list[tuple[float | None, str | None]], b: list[tuple[float | None, str | None]], c: list[tuple[float | None, str | None]]
) -> None:
    left = Profile.merged([Profile.merged([profile(a), profile(b)]), profile(c)])
    right = Profile.merged([profile(a), Profile.merged([profile(b), profile(c)])])
    assert counts(left) == counts(right) == counts(profile(a + b + c))


@given(rows, st.randoms())
def test_the_order_of_rows_does_not_matter(of: list[tuple[float | None, str | None]], random: object) -> None:
    shuffled = list(of)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for key in (NUMBER, TEXT):
        assert to_json(profile(shuffled).columns[key]) == to_json(profile(of).columns[key])


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=40), st.integers(0, 40))
def test_merged_moments_are_those_of_all_values(values: list[float], cut: int) -> None:
    merged = NumericProfile.merged([NumericProfile.of(np.array(part)) for part in (values[:cut], values[cut:])])
    assert merged.moments.mean == pytest.approx(np.mean(values), abs=1e-6)
    assert merged.moments.minimum == min(values)
    assert merged.moments.maximum == max(values)
    if len(values) > 1:
        assert merged.moments.std == pytest.approx(np.std(values, ddof=1), abs=1e-4)


def test_missing_values_and_infinities_are_counted_apart() -> None:
    found = NumericProfile.of(np.array([1.0, np.nan, np.inf, -np.inf, np.inf, 3.0]))
    assert (found.rows, found.missing, found.present, found.distinct) == (6, 1, 5, 4)
    assert found.bins.counts.tolist() == [1, 1, 1, 2]
    assert (found.moments.n, found.moments.mean, found.moments.maximum) == (2, 2.0, 3.0)


def test_moments_that_overflow_are_none_and_stay_so() -> None:
    huge = moments_of(np.array([-1.5e308, 1.5e308]), np.array([2, 2]))
    assert huge.squares is None
    assert huge.std is None
    assert huge.maximum == 1.5e308
    both = add_moments([huge, moments_of(np.array([1.0]), np.array([1]))])
    assert (both.n, both.mean, both.squares, both.minimum) == (5, None, None, -1.5e308)


def test_a_spread_needs_two_values() -> None:
    assert NumericProfile.of(np.array([5.0])).moments.std is None
    assert NumericProfile.of(np.array([])).moments.mean is None


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt32, pl.Int64, pl.Float32, pl.Decimal(10, 2)])
def test_any_number_is_profiled_as_a_float(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"number": pl.Series([3, None, 5], dtype=dtype)})
    found = Profile.of(frame, {"number": NUMBER}).columns[NUMBER]
    assert (found.type, found.rows, found.missing) == ("numeric", 3, 1)


@given(st.lists(st.lists(st.text(max_size=2), max_size=20), min_size=1, max_size=5), st.integers(0, 5))
def test_stored_categories_add_up_as_those_that_are_not(parts: list[list[str]], stored: int) -> None:
    profiles = [CategoricalProfile.of(pl.Series(part, dtype=pl.String)) for part in parts]
    read = [CategoricalProfile.from_document(profile.to_document()) for profile in profiles[:stored]]
    merged = CategoricalProfile.merged([*read, *profiles[stored:]])
    assert list(merged.counts.items()) == sorted(Counter(chain(*parts)).items())


def test_names_that_share_a_slot_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "_SLOTS", 4)
    parts = [[f"name {number}" for number in range(count)] for count in (5, 0, 30, 20)]
    profiles = [CategoricalProfile.of(pl.Series(part, dtype=pl.String)) for part in parts]
    assert CategoricalProfile.merged(profiles).counts == Counter(chain(*parts))


@pytest.mark.parametrize("dtype", [pl.Categorical, pl.Enum(["a", "b"]), pl.String])
def test_texts_of_any_type_have_the_same_categories(dtype: pl.DataType) -> None:
    frame = pl.DataFrame({"text": pl.Series(["a", None, "b", "a"], dtype=dtype)})
    found = Profile.of(frame, {"text": TEXT}).columns[TEXT]
    assert isinstance(found, CategoricalProfile)
    assert (dict(sorted(found.counts.items())), found.missing) == ({"a": 2, "b": 1}, 1)


def test_two_kinds_may_share_a_column_name() -> None:
    frame = pl.DataFrame({"feature": [1.0], "_prediction": [2.0]})
    keys = {"feature": ColumnKey(DriftKind.FEATURE, "prediction"), "_prediction": ColumnKey(DriftKind.PREDICTION, "prediction")}
    means = [math.floor(column.moments.mean or 0) for column in Profile.of(frame, keys).columns.values() if isinstance(column, NumericProfile)]
    assert means == [1, 2]


def test_a_part_that_lacks_a_column_adds_nothing_to_it() -> None:
    label = ColumnKey(DriftKind.LABEL, "label")
    with_label = Profile.of(pl.DataFrame({"label": [1.0], "number": [1.0]}), {"label": label, "number": NUMBER})
    without = Profile.of(pl.DataFrame({"number": [1.0]}), {"number": NUMBER})
    merged = Profile.merged([without, with_label])
    assert {key.column: column.rows for key, column in merged.columns.items()} == {"number": 2, "label": 1}


def test_an_absent_column_is_named_with_the_nearest() -> None:
    with pytest.raises(DataError, match="no column 'nunber'; did you mean 'number'"):
        Profile.of(pl.DataFrame({"number": [1.0]}), {"nunber": NUMBER})


def test_a_column_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"feature column 'number' is a List.*allowed: numbers, texts, booleans, dates and times"):
        Profile.of(pl.DataFrame({"number": pl.Series([[1.0]])}), {"number": NUMBER})


def test_a_column_that_changed_its_type_cannot_be_merged() -> None:
    number = Profile.of(pl.DataFrame({"number": [1.0]}), {"number": NUMBER})
    text = Profile.of(pl.DataFrame({"number": ["1"]}), {"number": NUMBER})
    with pytest.raises(DataError, match="'number' is categorical in some partitions and numeric in others"):
        Profile.merged([number, text])


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), max_size=40), min_size=1, max_size=4))
def test_pooled_categories_are_never_off_by_more_than_the_bound(parts: list[list[str]]) -> None:
    most = categorical.MOST
    categorical.MOST = 3
    try:
        merged = CategoricalProfile.of(pl.Series([], dtype=pl.String))
        for part in parts:
            merged = CategoricalProfile.merged([merged, CategoricalProfile.of(pl.Series(part, dtype=pl.String))])
    finally:
        categorical.MOST = most
    whole = [name for part in parts for name in part]
    assert merged.rows == len(whole)
    assert len(merged.counts) <= 3
    for name in set(whole):
        assert merged.counts.get(name, 0) <= whole.count(name) <= merged.counts.get(name, 0) + merged.bound


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.floats(0.01, 1))
def test_quantiles_and_means_are_within_their_stated_bounds(values: list[float], share: float) -> None:
    exact = NumericProfile.of(np.array(values))
    profile = NumericProfile(0, coarsen(exact.bins, np.minimum(exact.bins.precisions, 16)), exact.moments)
    quantile, mean = profile.quantile(share), profile.mean_within(np.abs)
    true = np.sort(values)[max(math.ceil(round(share * len(values), 9)) - 1, 0)]
    assert abs(quantile.value - true) <= quantile.bound * (1 + 1e-9)
    assert abs(mean.value - np.abs(values).mean()) <= mean.bound * (1 + 1e-9) + 1e-6
    assert exact.quantile(share).bound == 0
