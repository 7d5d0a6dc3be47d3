"""Several columns together: the laws of merging, and the two statistics against scikit-learn."""

import json
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.comoments import comoments_of, without
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.statistics.domain import tell_apart
from mlworks_orchestration.monitoring.drift.statistics.domain_classifier import domain_classifier
from mlworks_orchestration.monitoring.drift.statistics.pca_reconstruction import pca_reconstruction
from mlworks_orchestration.monitoring.drift.statistics.reconstruction import components_of, error_of, errors_of
from mlworks_orchestration.monitoring.drift.statistics.record import Pair
from mlworks_orchestration.monitoring.drift.statistics.seen import seen_of
from mlworks_orchestration.monitoring.drift.statistics.separation import Separation, separation

numbers = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([float("inf"), float("nan")])
rows = st.lists(st.tuples(numbers, numbers, st.none() | st.sampled_from(["a", "é", ""])), max_size=40)


def frame(of: list[tuple[float | None, float | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(of, schema={"x": pl.Float64, "y": pl.Float64, "c": pl.String}, orient="row")


def profile(values: np.ndarray, generator: np.random.Generator, most: int = 2048) -> JointProfile:
    return JointProfile.of(pl.DataFrame(values, schema=[f"x{i}" for i in range(values.shape[1])]), generator, most=most)


def sampled(of: JointProfile) -> tuple[object, ...]:
    return of.rows, of.missing, of.lowest.threshold, of.lowest.priorities.tolist(), of.sample.astype(str).tolist()


def assert_moments(one: JointProfile, other: JointProfile) -> None:
    assert np.array_equal(one.moments.pairs, other.moments.pairs)
    assert np.allclose(one.moments.means, other.moments.means, rtol=1e-9, atol=1e-6)
    assert np.allclose(one.moments.scatter, other.moments.scatter, rtol=1e-9, atol=1e-2)


@given(rows, rows, rows)
def test_merging_is_associative_and_commutative(a: list[tuple], b: list[tuple], c: list[tuple]) -> None:  # type: ignore[type-arg]
    generator = np.random.default_rng(7)
    parts = [JointProfile.of(frame(part), generator, most=10) for part in (a, b, c)]
    left = JointProfile.merged([JointProfile.merged(parts[:2]), parts[2]])
    right = JointProfile.merged([parts[0], JointProfile.merged([parts[2], parts[1]])])
    assert sampled(left) == sampled(right) == sampled(JointProfile.merged(parts))
    assert_moments(left, right)
    assert_moments(left, JointProfile.of(frame(a + b + c), generator))


@given(rows)
def test_a_profile_survives_its_document(of: list[tuple]) -> None:  # type: ignore[type-arg]
    before = JointProfile.of(frame(of), np.random.default_rng(7))
    after = JointProfile.from_document(json.loads(json.dumps(before.to_document(), allow_nan=False)))
    assert sampled(before) == sampled(after)
    assert before.columns == after.columns
    assert_moments(before, after)


def test_a_damaged_document_is_refused() -> None:
    document = JointProfile.of(frame([(1.0, 2.0, "a")]), np.random.default_rng(7)).to_document()
    with pytest.raises(ValueError, match="2 numbers, 0 categories"):
        JointProfile.from_document(document | {"categories": []})
    with pytest.raises(ValueError, match="decompressing"):
        JointProfile.from_document(document | {"sample": document["sample"] | {"data": "AAAA"}})


def test_a_merged_sample_is_uniform_over_rows_however_unequal_the_parts() -> None:
    generator = np.random.default_rng(3)
    merged = [
        JointProfile.merged([profile(np.full((n, 1), float(n)), generator, most=100) for n in (200, 5000)]).sample[:, 0] == 200.0 for _ in range(50)
    ]
    drawn = np.concatenate(merged)
    expected = 200 / 5200
    assert abs(drawn.mean() - expected) < 4 * np.sqrt(expected / len(drawn))


def test_moments_far_from_zero_keep_their_precision() -> None:
    generator = np.random.default_rng(3)
    values = 1e9 + generator.normal(size=(20_000, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    parts = [profile(part, generator) for part in np.array_split(values, 7)]
    found = JointProfile.merged(parts).moments.scatter / len(values)
    assert np.allclose(found, np.cov(values, rowvar=False, ddof=0), rtol=1e-6)


def test_times_booleans_and_nulls_are_columns_too() -> None:
    rows = pl.DataFrame({"t": [datetime(2013, 1, 1, tzinfo=UTC), None], "b": [True, None], "n": [None, None]})
    found = JointProfile.of(rows, np.random.default_rng(3))
    assert found.columns == ("n", "t", "b")
    assert found.missing == 1
    assert 1356998400.0 in found.sample[:, 1]


def test_columns_that_cannot_be_compared_are_refused_by_name() -> None:
    generator = np.random.default_rng(3)
    with pytest.raises(DataError, match="'x' is a List"):
        JointProfile.of(pl.DataFrame({"x": [[1]]}), generator)
    with pytest.raises(DataError, match="at least one column"):
        JointProfile.of(pl.DataFrame(), generator)
    with pytest.raises(DataError, match="'y' is missing"):
        JointProfile.merged([JointProfile.of(pl.DataFrame({"x": [1]}), generator), JointProfile.of(pl.DataFrame({"x": [1], "y": [1]}), generator)])


def test_the_area_of_a_fold_is_scikit_learns() -> None:
    generator = np.random.default_rng(3)
    scores = np.concatenate((generator.normal(size=100), generator.normal(0.7, 1, 60))).round(1)
    found = separation(lambda fold: (scores[:100][fold::5], scores[100:][fold::5]))
    areas = [roc_auc_score([0] * 20 + [1] * 12, np.concatenate((scores[:100][fold::5], scores[100:][fold::5]))) for fold in range(5)]
    assert found.auc == pytest.approx(np.mean(areas))


def test_the_classifier_is_as_good_as_a_logistic_regression_on_a_shift() -> None:
    generator = np.random.default_rng(3)
    reference, window = generator.normal(size=(2, 2000, 6))
    window[:, 0] += 0.8
    found = tell_apart(profile(reference, generator), profile(window, generator))
    oracle = cross_val_score(LogisticRegression(), np.vstack((reference, window)), np.repeat([0, 1], 2000), scoring="roc_auc", cv=5).mean()
    assert isinstance(found, Separation)
    assert found.auc == pytest.approx(oracle, abs=0.02)
    assert domain_classifier(Pair(profile(reference, generator), [profile(window, generator)])).effect[0] == pytest.approx(0.8, abs=0.1)


@pytest.mark.parametrize("change", ["scale", "correlation", "category", "missing"])
def test_the_classifier_sees_more_than_means(change: str) -> None:
    generator = np.random.default_rng(3)
    sides = []
    for changed in (False, True):
        x, y = generator.normal(size=(2, 2000))
        level = generator.choice(["a", "b", "c"], 2000, p=[0.2, 0.3, 0.5] if changed and change == "category" else [0.5, 0.3, 0.2])
        x = x * 1.6 if changed and change == "scale" else x
        y = 0.6 * x + 0.8 * y if changed and change == "correlation" else y
        missing = generator.random(2000) < (0.2 if changed and change == "missing" else 0.02)
        sides.append(JointProfile.of(pl.DataFrame({"x": np.where(missing, np.nan, x), "y": y, "level": level}), generator, most=2000))
    found = domain_classifier(Pair(sides[0], [sides[1]]))
    assert found.p_value is not None
    assert found.p_value[0] < 1e-6


def test_units_and_outliers_do_not_matter_to_the_classifier() -> None:
    generator = np.random.default_rng(3)
    values = generator.normal(size=(300, 2))
    sides = [profile(np.exp(side * 5), np.random.default_rng(1)) for side in (values[:150], values[150:])]
    plain = [profile(side, np.random.default_rng(1)) for side in (values[:150], values[150:])]
    assert tell_apart(*sides) == tell_apart(*plain)


def test_p_values_of_the_classifier_are_honest_without_drift() -> None:
    generator = np.random.default_rng(3)
    sides = [[profile(generator.normal(size=(n, 4)), generator) for n in (200, 120)] for _ in range(300)]
    found = [tell_apart(*pair) for pair in sides]
    small = np.mean([side.p_value < 0.05 for side in found if isinstance(side, Separation)])
    assert 0.02 < small < 0.09


def test_the_classifier_says_why_it_cannot_tell() -> None:
    generator = np.random.default_rng(3)
    few, constant, normal = (profile(values, generator) for values in (np.zeros((10, 1)), np.zeros((100, 1)), generator.normal(size=(100, 1))))
    assert domain_classifier(Pair(normal, [few])).reason == "a sample has 10 rows; a domain classifier takes at least 50"
    other = JointProfile.of(pl.DataFrame({"other": np.arange(100)}), generator)
    for pair in ((constant, constant), (normal, other)):
        found = domain_classifier(Pair(pair[0], [pair[1]]))
        assert np.isnan(found.effect).all()
        assert "no column in common" in found.reason
    assert seen_of(normal, other).features.shape == (0, 200)


def test_a_change_that_is_perfectly_clear_gives_an_area_of_one() -> None:
    generator = np.random.default_rng(3)
    sides = [JointProfile.of(pl.DataFrame({"c": [name] * 100}), generator) for name in "ab"]
    found = domain_classifier(Pair(sides[0], [sides[1]]))
    assert found.value[0] == 1.0
    assert found.effect[0] == 8.0


def correlated(rows: int, generator: np.random.Generator) -> np.ndarray:
    factors = generator.normal(size=(rows, 2))
    return factors @ np.array([[1.0, 2.0, 0.0, 1.0, 3.0], [0.0, 1.0, 1.0, -1.0, 1.0]]) + 0.7 * generator.normal(size=(rows, 5)) + 10.0


def test_the_reconstruction_error_is_scikit_learns() -> None:
    generator = np.random.default_rng(3)
    values = [correlated(rows, generator) for rows in (3000, 700)]
    values[1][:, 0] += 1.0
    for side in values:
        side[generator.random(side.shape) < 0.05] = np.nan
    reference, window = (profile(side, generator, most=500) for side in values)
    components = components_of(reference.numbers, reference.moments)
    assert components is not None
    imputer, scaler = SimpleImputer(), StandardScaler()
    train = scaler.fit_transform(imputer.fit_transform(values[0]))
    oracle = PCA(n_components=components.kept).fit(train)
    assert components.kept == np.searchsorted(np.cumsum(PCA().fit(train).explained_variance_ratio_), 0.65) + 1
    for side, held in ((values[0], reference), (values[1], window)):
        rows = scaler.transform(imputer.transform(side))
        error = np.square(rows - oracle.inverse_transform(oracle.transform(rows))).sum(axis=1).mean()
        assert error_of(components, held) == pytest.approx(error, rel=1e-6)
        assert errors_of(components, held).mean() == pytest.approx(error, rel=0.2)


def test_a_lost_correlation_raises_the_error_although_no_column_changes() -> None:
    generator = np.random.default_rng(3)
    values = correlated(5000, generator)
    shuffled = values[:2000].copy()
    generator.permuted(shuffled, axis=0, out=shuffled)
    found = pca_reconstruction(Pair(profile(values[2000:], generator), [profile(values[:2000], generator), profile(shuffled, generator)]))
    assert found.p_value is not None
    assert found.p_value[0] > 0.001
    assert found.value[1] > 2
    assert found.p_value[1] < 1e-20
    assert found.effect[1] > 0.3


def test_p_values_of_the_reconstruction_error_are_honest_without_drift() -> None:
    generator = np.random.default_rng(3)
    reference = profile(correlated(20_000, generator), generator)
    found = pca_reconstruction(Pair(reference, [profile(correlated(400, generator), generator) for _ in range(400)]))
    assert found.p_value is not None
    assert 0.02 < (found.p_value < 0.05).mean() < 0.09


@pytest.mark.parametrize(("rows", "columns"), [(300, 30), (2048, 40), (5000, 20)])
def test_p_values_of_the_reconstruction_error_are_honest_where_components_fit_the_very_reference(rows: int, columns: int) -> None:
    generator = np.random.default_rng(3)
    sides = [[profile(generator.normal(size=(n, columns)), generator) for n in (rows, 1000)] for _ in range(100)]
    found = [pca_reconstruction(Pair(reference, [window])) for reference, window in sides]
    assert np.mean([one.p_value[0] < 0.05 for one in found if one.p_value is not None]) < 0.13
    assert np.mean([one.value[0] for one in found]) == pytest.approx(1.0, abs=0.01)


def test_moments_without_a_part_are_those_of_the_other_rows() -> None:
    generator = np.random.default_rng(3)
    values = 1e6 + generator.normal(size=(500, 3)) @ np.array([[1.0, 0.5, 0.0], [0.0, 1.0, 0.3], [0.0, 0.0, 1.0]])
    values[generator.random(values.shape) < 0.1] = np.nan
    found, expected = without(comoments_of(values), comoments_of(values[:100])), comoments_of(values[100:])
    assert found.rows == expected.rows
    assert np.array_equal(found.pairs, expected.pairs)
    assert np.allclose(found.means, expected.means, rtol=1e-12)
    assert np.allclose(found.scatter, expected.scatter, rtol=1e-6, atol=1e-4)


def test_the_reconstruction_error_says_why_it_cannot_be_told() -> None:
    generator = np.random.default_rng(3)
    normal = profile(generator.normal(size=(100, 4)), generator)
    single, few = profile(generator.normal(size=(100, 1)), generator), profile(generator.normal(size=(10, 4)), generator)
    same = np.repeat(generator.normal(size=(100, 1)), 3, axis=1)
    cases = [
        (single, normal, "fewer than two numbers vary"),
        (normal, single, "no number 'x1' (3 such columns in all)"),
        (normal, few, "a sample has 10 rows"),
        (profile(same, generator), profile(same, generator), "rebuild all of its rows"),
    ]
    for reference, window, reason in cases:
        found = pca_reconstruction(Pair(reference, [window]))
        assert reason in found.reason
        assert np.isnan(found.effect).all()
