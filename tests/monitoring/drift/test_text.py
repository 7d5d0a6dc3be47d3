"""Texts: what their profile keeps, the laws of merging, and the statistics."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import MultinomialNB

from mlworks_orchestration.monitoring.drift.profiles.text import BUCKETS, MOST_TOKENS, Documents, TextProfile
from mlworks_orchestration.monitoring.drift.statistics.out_of_vocabulary import out_of_vocabulary
from mlworks_orchestration.monitoring.drift.statistics.record import Pair
from mlworks_orchestration.monitoring.drift.statistics.separation import Separation
from mlworks_orchestration.monitoring.drift.statistics.text_domain_classifier import tell_texts_apart, text_domain_classifier
from mlworks_orchestration.monitoring.drift.statistics.text_length import text_length

texts = st.lists(st.none() | st.text(max_size=30), max_size=20)


def profile(of: list[str | None], generator: np.random.Generator, most: int = 1024) -> TextProfile:
    return TextProfile.of(pl.Series("t", of, dtype=pl.String), generator, most=most)


def all_of(profile: TextProfile) -> tuple[object, ...]:
    bins = [(side.missing, side.bins.keys.tolist(), side.bins.counts.tolist()) for side in (profile.lengths, profile.characters)]
    sample = profile.lowest.threshold, profile.lowest.priorities.tolist(), profile.sample.sizes.tolist(), profile.sample.buckets.tolist()
    return profile.missing, profile.counts.tolist(), *bins, *sample


@given(texts, texts, texts)
def test_merging_is_associative_and_commutative(a: list[str | None], b: list[str | None], c: list[str | None]) -> None:
    generator = np.random.default_rng(7)
    parts = [profile(part, generator, most=5) for part in (a, b, c)]
    left = TextProfile.merged([TextProfile.merged(parts[:2]), parts[2]])
    right = TextProfile.merged([parts[0], TextProfile.merged([parts[2], parts[1]])])
    assert all_of(left) == all_of(right) == all_of(TextProfile.merged(parts))
    whole = profile(a + b + c, generator)
    assert (left.rows, left.missing, left.counts.tolist()) == (whole.rows, whole.missing, whole.counts.tolist())


@given(texts)
def test_a_profile_survives_its_document(of: list[str | None]) -> None:
    before = profile(of, np.random.default_rng(7))
    after = TextProfile.from_document(json.loads(json.dumps(before.to_document(), allow_nan=False)))
    assert all_of(before) == all_of(after)


def test_a_damaged_document_is_refused() -> None:
    document = profile(["a b", "c"], np.random.default_rng(7)).to_document()
    with pytest.raises(ValueError, match="3 buckets, 3 counts, 2 documents with 2 tokens"):
        TextProfile.from_document(document | {"buckets": document["sizes"]})


def test_the_sample_holds_the_documents_of_the_lowest_priorities() -> None:
    documents = Documents(np.array([2, 0, 1]), np.array([5, 9, 7], dtype=np.uint16)).take(np.array([2, 1, 0]))
    assert documents.sizes.tolist() == [1, 0, 2]
    assert documents.buckets.tolist() == [7, 5, 9]


def test_words_of_any_script_emoji_and_empty_texts_are_counted() -> None:
    found = profile(["Ünïcode WORDS", "飛行機 遅延", "✈️🐈!", "", "   ", None], np.random.default_rng(7))
    assert (found.rows, found.missing, found.present) == (6, 1, 5)
    assert found.counts.sum() >= 7
    assert found.characters.moments.maximum == 13
    assert found.lengths.moments.minimum == 0


def test_a_word_counts_once_a_document_and_case_does_not_matter() -> None:
    found = profile(["late Late LATE", "late"], np.random.default_rng(7))
    assert found.counts.max() == 2
    assert found.distinct == 1
    assert found.lengths.moments.mean == 2.0


def test_of_a_document_of_a_megabyte_the_first_words_count() -> None:
    huge = " ".join(f"w{number}" for number in range(160_000))
    found = profile([huge], np.random.default_rng(7))
    assert found.counts.sum() == MOST_TOKENS
    assert found.lengths.moments.maximum == 160_000
    assert found.characters.moments.maximum == len(huge) > 1_000_000


def test_tokens_are_hashed_alike_in_every_process() -> None:
    command = (
        "import numpy, polars; from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile;"
        "print(numpy.flatnonzero(TextProfile.of(polars.Series(['late é']), numpy.random.default_rng(1)).counts).tolist())"
    )
    found = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True).stdout
    assert json.loads(found) == np.flatnonzero(profile(["late é"], np.random.default_rng(7)).counts).tolist()


def test_a_profile_of_a_thousand_documents_fits_16_kilobytes() -> None:
    generator = np.random.default_rng(7)
    found = profile(zipf(1000, generator), generator, most=128)
    assert len(json.dumps(found.to_document())) <= 16_384


def zipf(documents: int, generator: np.random.Generator, new: float = 0.0) -> list[str | None]:
    """Return documents of about 15 of 5,000 words, of which a share is replaced by new ones."""
    shares = 1 / np.arange(1, 5001)
    found: list[str | None] = []
    for size in generator.poisson(15, documents):
        words = generator.choice(5000, size, p=shares / shares.sum()).astype(str)
        found.append(" ".join(np.where(generator.random(size) < new, np.char.add("new", words), words)))
    return found


def test_new_words_raise_the_share_out_of_the_vocabulary_and_the_same_words_do_not() -> None:
    generator = np.random.default_rng(7)
    reference, same, changed = (profile(zipf(rows, generator, new), generator) for rows, new in ((2000, 0.0), (400, 0.0), (400, 0.1)))
    found = out_of_vocabulary(Pair(reference, [same, changed]))
    assert found.p_value is not None
    assert found.p_value[0] > 0.001
    assert found.p_value[1] < 1e-10
    expected = found.value[0] + 0.1 * (1 - found.value[0])
    assert found.value[1] == pytest.approx(expected, abs=0.04)
    assert found.effect[1] > 0.1 > found.effect[0]


def test_p_values_out_of_the_vocabulary_are_honest_even_for_a_small_reference() -> None:
    generator = np.random.default_rng(7)
    found = [
        out_of_vocabulary(Pair(profile(zipf(200, generator), generator), [profile(zipf(100, generator), generator)])).p_value for _ in range(100)
    ]
    assert np.mean([p_value[0] < 0.05 for p_value in found if p_value is not None]) <= 0.12


def test_the_vocabulary_is_limited_to_an_eighth_of_the_buckets() -> None:
    generator = np.random.default_rng(7)
    words = [f"w{number}" for number in range(6000)]
    rows = [" ".join(generator.choice(words, 400, replace=False)) for _ in range(300)]
    found = out_of_vocabulary(Pair(profile(rows, generator), [profile(rows, generator)]))
    assert 0.3 < found.value[0] < 0.95
    assert BUCKETS == 8 * 2048


def test_vocabulary_says_why_it_cannot_tell() -> None:
    generator = np.random.default_rng(7)
    words, empty, unique = (profile(rows, generator) for rows in (["a b"] * 50, [""] * 50, [f"w{number}" for number in range(50)]))
    assert out_of_vocabulary(Pair(words, [empty])).reason == "the window's texts have no tokens"
    assert "has no vocabulary" in out_of_vocabulary(Pair(unique, [words])).reason
    found = out_of_vocabulary(Pair(words, [words]))
    assert (found.value[0], found.effect[0]) == (0.0, 0.0)
    assert found.p_value is not None
    assert found.p_value[0] == 1.0


def test_lengths_are_compared_although_the_words_are_the_same() -> None:
    generator = np.random.default_rng(7)
    sides = [profile(["late"] * 100, generator), profile(["late late late"] * 100, generator)]
    assert text_length(Pair(sides[0], [sides[1]])).value[0] == 1.0
    assert out_of_vocabulary(Pair(sides[0], [sides[1]])).value[0] == 0.0


def test_the_classifier_of_texts_is_a_multinomial_naive_bayes() -> None:
    generator = np.random.default_rng(7)
    sides = [profile(zipf(rows, generator, new), generator) for rows, new in ((250, 0.0), (150, 0.15))]
    found = tell_texts_apart(*sides)
    assert isinstance(found, Separation)
    matrices = []
    for side in sides:
        matrix = np.zeros((len(side.sample.sizes), BUCKETS))
        np.add.at(matrix, (np.repeat(np.arange(len(matrix)), side.sample.sizes), side.sample.buckets), 1)
        matrices.append(matrix)
    areas = []
    for fold in range(5):
        train = np.vstack([matrix[np.arange(len(matrix)) % 5 != fold] for matrix in matrices])
        test = np.vstack([matrix[fold::5] for matrix in matrices])
        model = MultinomialNB(fit_prior=False).fit(train, np.repeat([0, 1], [200, 120]))
        areas.append(roc_auc_score(np.repeat([0, 1], [50, 30]), np.diff(model.predict_log_proba(test))[:, 0]))
    assert found.auc == pytest.approx(np.mean(areas), abs=1e-3)


def test_the_classifier_of_texts_says_why_it_cannot_tell() -> None:
    generator = np.random.default_rng(7)
    few, many = profile(["late"] * 10, generator), profile(["late"] * 60, generator)
    assert "10 documents" in text_domain_classifier(Pair(many, [few])).reason
    assert text_domain_classifier(Pair(many, [many])).value[0] == 0.5
