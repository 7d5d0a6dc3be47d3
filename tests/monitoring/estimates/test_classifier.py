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
from mlworks_orchestration.monitoring.estimates import ClassifierEstimator, Estimate, fit_classifier_estimator
from mlworks_orchestration.monitoring.estimates.calibration import Calibration, Map

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
_SAME = Map(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


def perfect(metric: str, error: float = 0.0) -> ClassifierEstimator:
    """Return an estimator that takes probabilities at their word and is sure of it."""
    return ClassifierEstimator(metric, 0.5, Calibration(_SAME, (_SAME,) * 10, error, 0.0, 10_000), np.zeros(11), 1.0)


def drawn(generator: np.random.Generator, rows: int, *, mean: float = 0.0, slope: float = 1.2, base: float = 0.3) -> Rows:
    """Return scores, which are too sure of themselves, and labels."""
    x = generator.normal(mean, 1, rows)
    return 1 / (1 + np.exp(-1.5 * x)), (generator.random(rows) < 1 / (1 + np.exp(-slope * x - base))).astype(np.int64)


def bursts(generator: np.random.Generator, days: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return scores, labels and days, of 100 rows a day; five rows at a time are alike and share a label, of which one in ten is positive."""
    x = np.repeat(generator.normal(size=20 * days), 5)
    labels = np.repeat(generator.random(20 * days), 5) < 1 / (1 + np.exp(-1.5 * x + 3))
    scores = 1 / (1 + np.exp(-1.5 * (x + 0.1 * generator.normal(size=len(x)))))
    return scores, labels.astype(np.int64), np.repeat(np.arange(days), 100)


def holds(found: Estimate | None, metric: str, labels: NDArray[np.int64], scores: NDArray[np.float64], *, share: float = 1.0) -> bool:
    """Say whether an interval holds the realised metric; of an interval that is narrowed to a share, whether that does."""
    assert found is not None
    apart = REALISED[metric](labels, scores) - found.value
    return bool((found.low - found.value) * share <= apart <= (found.high - found.value) * share)


@pytest.mark.parametrize("metric", sorted(REALISED))
def test_the_interval_holds_the_realised_metric_under_covariate_shift_but_not_under_concept_shift(metric: str) -> None:
    generator = np.random.default_rng(11)
    held: dict[float, list[bool]] = {1.2: [], -1.2: []}
    for _, slope in product(range(60), held):
        estimator = fit_classifier_estimator(*drawn(generator, 2000), metric)
        scores, labels = drawn(generator, 500, mean=0.8, slope=slope)
        found = estimator.estimate(scores)
        assert found is not None
        assert "concept drift) is invisible" in found.reason
        held[slope].append(holds(found, metric, labels, scores))
    assert np.mean(held[1.2]) >= 0.9
    assert np.mean(held[-1.2]) <= 0.1


@pytest.mark.parametrize("metric", ["f1", "pr_auc", "roc_auc"])
def test_it_holds_19_times_in_20_where_few_rows_are_positive_and_half_as_wide_it_would_not(metric: str) -> None:
    generator = np.random.default_rng(11)
    held, narrow = [], []
    for _ in range(60):
        scores, labels = drawn(generator, 1000, base=-3)
        estimator = fit_classifier_estimator(scores, labels, metric)
        for _ in range(3):
            scores, labels = drawn(generator, 1000, base=-3)
            held.append(holds(estimator.estimate(scores), metric, labels, scores))
            narrow.append(holds(estimator.estimate(scores), metric, labels, scores, share=0.5))
    assert 0.92 <= np.mean(held) <= 0.99
    assert np.mean(narrow) <= 0.85


@pytest.mark.parametrize("metric", ["f1", "pr_auc", "roc_auc"])
def test_labels_that_come_in_bursts_widen_the_interval_so_that_it_holds(metric: str) -> None:
    generator = np.random.default_rng(11)
    together, alone = [], []
    for _ in range(50):
        scores, labels, days = bursts(generator, 40)
        estimators = [fit_classifier_estimator(scores, labels, metric, blocks=blocks) for blocks in (days, None)]
        for _ in range(2):
            scores, labels, _ = bursts(generator, 7)
            for estimator, held in zip(estimators, (together, alone), strict=True):
                held.append(holds(estimator.estimate(scores), metric, labels, scores))
    assert np.mean(together) >= 0.9
    assert np.mean(alone) <= 0.8


@pytest.mark.parametrize("metric", sorted(REALISED))
def test_an_expected_metric_is_the_mean_over_the_labels_that_can_be(metric: str) -> None:
    generator = np.random.default_rng(11)
    scores = np.round(generator.random(400), 2).clip(0.01, 0.99)
    realised = [REALISED[metric]((generator.random(400) < scores).astype(int), scores) for _ in range(400)]
    found = perfect(metric).estimate(scores)
    assert found is not None
    assert found.value == pytest.approx(np.mean(realised), abs=4 * found.standard_error / 20)
    assert found.standard_error == pytest.approx(np.std(realised), rel=0.15)


@pytest.mark.parametrize("metric", sorted(REALISED))
def test_of_the_labelled_rows_themselves_it_expects_what_their_labels_tell(metric: str) -> None:
    scores, labels = drawn(np.random.default_rng(11), 300, base=-2)
    found = fit_classifier_estimator(scores, labels, metric).estimate(scores)
    assert found is not None
    assert found.value == pytest.approx(REALISED[metric](labels, scores))


def test_the_accuracy_of_several_classes_is_that_of_the_likeliest() -> None:
    generator = np.random.default_rng(11)
    probabilities = generator.dirichlet(np.ones(3), 4000)
    labels = (generator.random((4000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    found = fit_classifier_estimator(probabilities[2000:], labels[2000:], "accuracy").estimate(probabilities[:2000])
    assert found is not None
    assert found.low <= accuracy_score(labels[:2000], probabilities[:2000].argmax(axis=1)) <= found.high
    with pytest.raises(DataError, match="'f1' of several classes"):
        fit_classifier_estimator(probabilities, labels, "f1")


def test_it_says_when_it_cannot_be_trusted() -> None:
    generator = np.random.default_rng(11)
    scores, labels = drawn(generator, 100)
    found = fit_classifier_estimator(scores, labels, "accuracy").estimate(scores[:10], ["The features are new."])
    assert found is not None
    assert not found.trusted
    for doubt in ("learnt from 100 labelled rows", "The window has 10 rows", "The features are new."):
        assert doubt in found.reason
    poor = perfect("accuracy", error=0.2).estimate(scores)
    assert poor is not None
    assert "off by 0.200 on average" in poor.reason


def test_what_cannot_be_estimated_is_refused() -> None:
    with pytest.raises(DataError, match="did you mean 'accuracy'"):
        fit_classifier_estimator([0.5], [1], "acuracy")
    with pytest.raises(DataError, match="lie from 0 to 1"):
        perfect("accuracy").estimate([0.5, np.nan])
    with pytest.raises(DataError, match="there are 3"):
        fit_classifier_estimator([0.1, 0.2, 0.3], [0, 1, 0], "accuracy")
    with pytest.raises(DataError, match="all 30 labelled rows are of the same"):
        fit_classifier_estimator(np.full(30, 0.5), np.tile([0, 1], 15), "accuracy", blocks=np.zeros(30))


@pytest.mark.parametrize("metric", ["f1", "roc_auc", "pr_auc", "precision", "recall"])
def test_where_one_class_alone_is_expected_or_known_there_is_no_estimate(metric: str) -> None:
    assert perfect(metric).estimate([0.0, 0.0]) is None
    if metric in ("roc_auc", "pr_auc", "recall"):
        assert fit_classifier_estimator(np.full(30, 0.2), np.zeros(30), metric).estimate([0.2, 0.3]) is None
