"""What is expected of a classifier in a window, and when it is not to be trusted: its features and its words."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from mlworks_orchestration.monitoring.estimates import ProbabilityEstimator, fit_classifier_estimator, fit_probability_estimator

ROWS = 1000
Rows = tuple[pl.DataFrame, np.ndarray, np.ndarray]


def drawn(seed: int) -> Rows:
    """Return features, of which one is a text, probabilities and labels that fall as these say."""
    random = np.random.default_rng(seed)
    amount = random.random(ROWS)
    notes = random.choice(["all is well", "came too late", "very nice"], ROWS)
    return pl.DataFrame({"amount": amount, "note": notes}), amount, (random.random(ROWS) < amount).astype(float)


def fitted(rows: Rows, metric: str) -> ProbabilityEstimator:
    features, probabilities, labels = rows
    return fit_probability_estimator(features, fit_classifier_estimator(probabilities, labels, metric), 0, texts=["note"])


def test_it_holds_the_metric_that_labels_will_tell() -> None:
    estimator = fitted(drawn(1), "roc_auc")
    features, probabilities, labels = drawn(2)
    found = estimator.estimate(features, probabilities)
    assert found is not None
    assert found.low < roc_auc_score(labels, probabilities) < found.high
    assert found.trusted


def test_words_that_were_never_seen_are_a_reason_not_to_trust_it() -> None:
    estimator = fitted(drawn(1), "roc_auc")
    features, probabilities, _ = drawn(2)
    found = estimator.estimate(features.with_columns(note=pl.lit("lorem ipsum dolor")), probabilities)
    assert found is not None
    assert not found.trusted
    assert "100% of the words of note are outside the vocabulary of the labelled rows" in found.reason
    assert "Its words tell note of the window" in found.reason


def test_numbers_outside_of_what_was_seen_are_one_too() -> None:
    estimator = fitted(drawn(1), "f1")
    features, probabilities, _ = drawn(2)
    found = estimator.estimate(features.with_columns(amount=pl.col("amount") + 5), probabilities)
    assert found is not None
    assert "amount lie outside" in found.reason


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "recall"])
def test_a_window_of_which_no_positive_row_is_expected_has_no_estimate(metric: str) -> None:
    features, probabilities, _ = drawn(1)
    estimator = fitted((features, probabilities, (probabilities > 0.5).astype(float)), metric)
    assert estimator.estimate(features.head(50), np.zeros(50)) is None
