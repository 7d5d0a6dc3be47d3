"""Confidence-based estimation: expected metrics against scikit-learn's, and intervals that hold them."""

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.estimates import Calibration, estimate_classifier, fit_calibration

Rows = tuple[NDArray[np.float64], NDArray[np.int64]]

REALISED = {
    "accuracy": lambda labels, scores: accuracy_score(labels, scores >= 0.5),
    "f1": lambda labels, scores: f1_score(labels, scores >= 0.5),
    "precision": lambda labels, scores: precision_score(labels, scores >= 0.5),
    "recall": lambda labels, scores: recall_score(labels, scores >= 0.5),
    "pr_auc": average_precision_score,
    "roc_auc": roc_auc_score,
    "log_loss": log_loss,
    "brier": brier_score_loss,
}
PERFECT = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([]), np.zeros(1), 0.0, 0.0, 10_000)


def drawn(generator: np.random.Generator, rows: int, *, mean: float = 0.0, slope: float = 1.2) -> Rows:
    """Return scores, which are too sure of themselves, and labels."""
    x = generator.normal(mean, 1, rows)
    return 1 / (1 + np.exp(-1.5 * x)), (generator.random(rows) < 1 / (1 + np.exp(-slope * x - 0.3))).astype(np.int64)


@pytest.mark.parametrize("metric", sorted(REALISED))
def test_the_interval_holds_the_realised_metric_under_covariate_shift_but_not_under_concept_shift(metric: str) -> None:
    generator = np.random.default_rng(11)
    held: dict[float, list[bool]] = {1.2: [], -1.2: []}
    for _, slope in product(range(60), held):
        calibration = fit_calibration(*drawn(generator, 2000))
        scores, labels = drawn(generator, 500, mean=0.8, slope=slope)
        found = estimate_classifier(scores, metric, calibration)
        assert "concept drift) is invisible" in found.reason
        held[slope].append(bool(found.low <= REALISED[metric](labels, scores) <= found.high))
    assert np.mean(held[1.2]) >= 0.85
    assert np.mean(held[-1.2]) <= 0.1


@pytest.mark.parametrize("metric", sorted(REALISED))
def test_an_expected_metric_is_the_mean_over_the_labels_that_can_be(metric: str) -> None:
    generator = np.random.default_rng(11)
    scores = np.round(generator.random(400), 2).clip(0.01, 0.99)
    realised = [REALISED[metric]((generator.random(400) < scores).astype(int), scores) for _ in range(400)]
    found = estimate_classifier(scores, metric, PERFECT)
    assert found.value == pytest.approx(np.mean(realised), abs=4 * found.standard_error / 20)
    assert found.standard_error == pytest.approx(np.std(realised), rel=0.15)


def test_the_accuracy_of_several_classes_is_that_of_the_likeliest() -> None:
    generator = np.random.default_rng(11)
    probabilities = generator.dirichlet(np.ones(3), 4000)
    labels = (generator.random((4000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    found = estimate_classifier(probabilities[2000:], "accuracy", fit_calibration(probabilities[:2000], labels[:2000]))
    assert found.low <= accuracy_score(labels[2000:], probabilities[2000:].argmax(axis=1)) <= found.high
    with pytest.raises(DataError, match="'f1' of several classes"):
        estimate_classifier(probabilities, "f1", PERFECT)


def test_it_says_when_it_cannot_be_trusted() -> None:
    generator = np.random.default_rng(11)
    scores, labels = drawn(generator, 100)
    found = estimate_classifier(scores[:10], "accuracy", fit_calibration(scores, labels), doubts=["The features are new."])
    assert not found.trusted
    for doubt in ("learnt from 100 labelled rows", "The window has 10 rows", "The features are new."):
        assert doubt in found.reason
    poor = Calibration(*(getattr(PERFECT, name) for name in ("scores", "probabilities", "edges", "variances")), error=0.2, by_chance=0.02, rows=500)
    assert "off by 0.200 on average" in estimate_classifier(scores, "accuracy", poor).reason


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(DataError, match="did you mean 'accuracy'"):
        estimate_classifier([0.5], "acuracy", PERFECT)
    with pytest.raises(DataError, match="lie from 0 to 1"):
        estimate_classifier([0.5, np.nan], "accuracy", PERFECT)
    with pytest.raises(DataError, match="there are 3"):
        fit_calibration([0.1, 0.2, 0.3], [0, 1, 0])
    for metric in ("f1", "roc_auc", "pr_auc", "precision", "recall"):
        with pytest.raises(DataError, match="not defined"):
            estimate_classifier([0.0, 0.0], metric, PERFECT)
