"""Relations of feature and target: the laws of merging, strengths against oracles, and a test that sees what changed and nothing else."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, pearsonr

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.relations import MOST_CATEGORIES, MOST_CELLS, MOST_CLASSES, RelationProfile
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair
from mlworks_orchestration.monitoring.drift.statistics.relation import relation

FEATURES: dict[str, pl.DataType] = {"number": pl.Float64(), "category": pl.String()}
Rows = list[tuple[float | None, str | None, float | None, str | None]]

floats = st.none() | st.floats(-1e6, 1e6) | st.sampled_from([float("inf"), float("nan")])
names = st.none() | st.sampled_from(["a", "b", "é", ""])
some = st.lists(st.tuples(floats, names, floats, names), max_size=25)


def profile(of: Rows, feature: str, target: str) -> RelationProfile:
    schema = {"f_number": pl.Float64, "f_category": pl.String, "t_number": pl.Float64, "t_category": pl.String}
    frame = pl.DataFrame(of, schema=schema, orient="row")
    return RelationProfile.of(frame[f"f_{feature}"], frame[f"t_{target}"])


def counts(of: RelationProfile) -> tuple[object, ...]:
    return of.missing, of.precision, of.cells.tolist(), of.classes, of.counts.tolist()


@pytest.mark.parametrize("target", ["number", "category"])
@pytest.mark.parametrize("feature", ["number", "category"])
@given(a=some, b=some, c=some)
def test_merging_is_associative_and_commutative_and_equals_one_pass(a: Rows, b: Rows, c: Rows, feature: str, target: str) -> None:
    parts = [profile(part, feature, target) for part in (a, b, c)]
    left = RelationProfile.merged([RelationProfile.merged(parts[:2]), parts[2]])
    right = RelationProfile.merged([parts[0], RelationProfile.merged([parts[2], parts[1]])])
    whole = profile(a + b + c, feature, target)
    assert counts(left) == counts(right)
    if whole.present:
        assert counts(left) == counts(whole)
    assert np.allclose(left.means, whole.means, rtol=1e-9, atol=1e-6)
    assert np.allclose(left.squares, whole.squares, rtol=1e-6, atol=1e-2)


@pytest.mark.parametrize("target", ["number", "category"])
@pytest.mark.parametrize("feature", ["number", "category"])
@given(rows=some)
def test_a_profile_survives_its_document(rows: Rows, feature: str, target: str) -> None:
    before = profile(rows, feature, target)
    after = RelationProfile.from_document(json.loads(json.dumps(before.to_document(), allow_nan=False)))
    assert counts(before) == counts(after)
    assert before.strength == after.strength


def test_a_damaged_document_is_refused() -> None:
    document = of(np.arange(5.0), np.arange(5.0)).to_document()
    with pytest.raises(ValueError, match="5 cells, 1 classes"):
        RelationProfile.from_document(document | {"classes": ["a"], "means": document["counts"]})


def of(feature: np.ndarray, target: np.ndarray) -> RelationProfile:
    return RelationProfile.of(pl.Series(feature), pl.Series(target))


def test_columns_that_cannot_be_profiled_or_merged_are_refused() -> None:
    with pytest.raises(DataError, match="is a List"):
        RelationProfile.of(pl.Series("x", [[1]]), pl.Series([1]))
    with pytest.raises(DataError, match="cannot be merged"):
        RelationProfile.merged([of(np.arange(3.0), np.arange(3.0)), of(np.array(["a"]), np.arange(1.0))])


def test_cells_categories_and_classes_are_limited_and_no_row_is_lost() -> None:
    generator = np.random.default_rng(5)
    wide = of(generator.normal(size=20_000) * 10.0 ** generator.integers(-200, 200, 20_000), generator.normal(size=20_000))
    assert wide.distinct <= MOST_CELLS
    many = of(generator.integers(0, 3000, 20_000).astype(str), generator.integers(0, 200, 20_000).astype(str))
    assert (many.distinct, len(many.classes), many.present) == (MOST_CATEGORIES, MOST_CLASSES, 20_000)
    merged = RelationProfile.merged([many, many])
    assert (merged.distinct, len(merged.classes), merged.present) == (MOST_CATEGORIES, MOST_CLASSES, 40_000)


def test_times_and_booleans_have_relations_too() -> None:
    times = pl.Series([0, 86_400_000_000]).cast(pl.Datetime("us"))
    assert RelationProfile.of(times, pl.Series([True, False])).classes == ("false", "true")


def test_strengths_are_those_of_scipy() -> None:
    generator = np.random.default_rng(5)
    x, noise = generator.normal(size=(2, 3000))
    number = RelationProfile.merged([of(x[:1000], x[:1000] + noise[:1000]), of(x[1000:], x[1000:] + noise[1000:])])
    assert number.strength.value == pytest.approx(pearsonr(x, x + noise).statistic)
    levels = generator.choice(["a", "b", "c"], 3000)
    target = np.where(levels == "a", 1.0, 0.0) + noise
    groups = [target[levels == name] for name in "abc"]
    between = sum(len(group) * (group.mean() - target.mean()) ** 2 for group in groups)
    assert of(levels, target).strength.value == pytest.approx(np.sqrt(between / np.square(target - target.mean()).sum()))
    classes = np.where((levels == "a") & (noise > 0), "yes", "no")
    table = of(levels, classes)
    squared = chi2_contingency(table.counts, correction=False).statistic / 3000
    assert table.strength == ("cramers_v", pytest.approx(np.sqrt(squared), abs=0.01))


def test_a_strength_without_variation_is_none() -> None:
    same = np.zeros(10)
    for feature, target in ((same, same), (same.astype(str), same), (same, same.astype(str))):
        assert of(feature, target).strength.value == 0.0


def numbers(generator: np.random.Generator, rows: int, *, of_x: tuple[float, float] = (0, 1), slope: float = 2, level: float = 0) -> RelationProfile:
    x = generator.normal(*of_x, rows)
    return of(x, slope * x + x**2 + level + generator.normal(size=rows))


def levels(generator: np.random.Generator, rows: int, *, tilt: float = 0.0, level: float = 0.0, one: float = 0.0) -> RelationProfile:
    shares = np.exp(tilt * np.arange(12))
    code = generator.choice(12, rows, p=shares / shares.sum())
    return of(code.astype(str), np.sin(code) + level + one * (code == 3) + generator.exponential(size=rows))


def classes(generator: np.random.Generator, rows: int, *, mean: float = 0.0, slope: float = 1.0, prior: float = 0.0) -> RelationProfile:
    x = generator.normal(mean, 1, rows)
    return of(x, np.where(generator.random(rows) < 1 / (1 + np.exp(-slope * x - prior)), "late", "on time"))


def rate(found: Measures) -> float:
    assert found.p_value is not None
    assert not np.isnan(found.effect).any()
    return float((found.p_value < 0.05).mean())


UNCHANGED = [
    (numbers, {}),
    (numbers, {"of_x": (0.5, 1.0)}),
    (numbers, {"of_x": (0.0, 1.5)}),
    (numbers, {"level": 3.0}),
    (levels, {}),
    (levels, {"tilt": 0.2}),
    (levels, {"level": 3.0}),
    (classes, {}),
    (classes, {"mean": 0.7}),
    (classes, {"prior": 1.0}),
]


def said(case: object) -> str:
    return getattr(case, "__name__", str(case))


@pytest.mark.parametrize(("make", "change"), UNCHANGED, ids=said)
def test_no_alarm_when_only_the_feature_or_only_the_label_drifts(make: Callable[..., RelationProfile], change: dict[str, Any]) -> None:
    generator = np.random.default_rng(5)
    found = [relation(Pair(make(generator, 3000), [make(generator, 1000, **change)])) for _ in range(60)]
    assert np.mean([rate(each) for each in found]) <= 0.15
    assert np.median([each.effect[0] for each in found]) < 0.1


@pytest.mark.parametrize(("make", "change"), [(numbers, {"slope": 1.5}), (levels, {"one": 1.5}), (classes, {"slope": 0.0})], ids=said)
def test_an_alarm_when_the_target_goes_differently_with_the_feature(make: Callable[..., RelationProfile], change: dict[str, Any]) -> None:
    generator = np.random.default_rng(5)
    found = relation(Pair(make(generator, 3000), [make(generator, 1000, **change) for _ in range(20)]))
    assert rate(found) > 0.9
    assert np.median(found.effect) > 0.2


def test_labels_that_are_flipped_in_one_category_are_seen_for_each_number_of_classes() -> None:
    generator = np.random.default_rng(5)
    code = generator.integers(0, 4, 4000)
    target = np.where(code == 0, "a", np.where(generator.random(4000) < 0.5, "b", "c"))
    flipped = np.where(code == 0, "b", np.where(code == 1, "a", target))
    found = relation(Pair(of(code.astype(str), target), [of(code.astype(str), target), of(code.astype(str), flipped)]))
    assert found.p_value is not None
    assert found.p_value[0] > 0.9
    assert found.p_value[1] < 1e-20


def test_a_target_that_follows_from_the_feature_is_compared_too() -> None:
    code = np.arange(400) % 4
    found = relation(Pair(of(code.astype(str), code * 1.0), [of(code.astype(str), code * 1.0), of(code.astype(str), code * -1.0)]))
    assert found.p_value is not None
    assert (found.p_value[0], found.effect[0]) == (1.0, 0.0)
    assert (found.p_value[1], found.effect[1]) == (0.0, 8.0)


def test_it_says_why_it_cannot_tell() -> None:
    generator = np.random.default_rng(5)
    normal, target = generator.normal(size=(2, 300))
    known = of(normal, target)
    cases = [
        (known, of(normal.astype(str), target), "a number on one side"),
        (known, of(normal[:0], target[:0]), "no rows"),
        (of(normal, np.repeat(["a", "b"], [295, 5])), of(normal, np.repeat(["a", "b"], [298, 2])), "fewer than two classes"),
        (of(np.ones(300), target), of(np.ones(300), target), "the feature does not vary"),
        (known, of(normal + 100, target), "0% of the window's rows"),
        (of(normal, np.ones(300)), of(normal, np.ones(300)), "the target does not vary"),
        (of(normal, np.full(300, "a")), of(normal, np.full(300, "a")), "fewer than two classes"),
    ]
    for reference, window, reason in cases:
        found = relation(Pair(reference, [window]))
        assert reason in found.reason
        assert np.isnan(found.effect).all()
