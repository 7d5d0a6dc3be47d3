"""Confidence-based estimation: what a classifier's metrics will be, from its calibrated probabilities (as in NannyML)."""

from collections.abc import Callable, Sequence
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.estimates.calibration import Calibration, Floats, confidence
from mlworks_orchestration.monitoring.estimates.record import Estimate, judged, too_few

_MOST_ERROR = 0.05
_NORMAL_95 = 1.959964

Terms = tuple[float, Floats]
"""A metric at the expected labels, and how it changes with each label, shape (rows,)."""


def estimate_classifier(
    probabilities: ArrayLike, metric: str, calibration: Calibration, *, threshold: float = 0.5, doubts: Sequence[str] = ()
) -> Estimate:
    """Return the metric that a window's labels will give, if the calibrated probabilities are right.

    Each label is taken as a coin that falls as its calibrated probability says. The variance is that of the coins, by the metric's derivatives, plus
    that of the calibration in each of its bins.

    Parameters:
        probabilities: of the positive class, shape (rows,), or of each class, shape (rows, classes).
        metric: `accuracy`, and for two classes also `f1`, `precision`, `recall`, `roc_auc`, `pr_auc`, `log_loss` or `brier`.
        calibration: learnt from labelled rows.
        threshold: of the probability from which the positive class is predicted.
        doubts: what else speaks against the estimate, in sentences, for example `Encoding.doubts` of the features.

    Raises:
        DataError: if the metric is unknown, or undefined for the window.

    Examples:
        >>> from mlworks_orchestration.monitoring.estimates.calibration import fit_calibration
        >>> generator = np.random.default_rng(1)
        >>> scores = generator.random(5000)
        >>> found = estimate_classifier(scores[:1000], "accuracy", fit_calibration(scores, generator.random(5000) < scores))
        >>> found.low < 0.75 < found.high, found.trusted
        (True, True)
    """
    found = find_estimate(probabilities, metric, calibration, threshold=threshold, doubts=doubts)
    if found is None:
        message = f"The metric {metric!r} is not defined for the window: it expects no positive or no negative label. Give a window with more rows."
        raise DataError(message)
    return found


def find_estimate(probabilities: ArrayLike, metric: str, calibration: Calibration, *, threshold: float, doubts: Sequence[str]) -> Estimate | None:
    """Return what `estimate_classifier` does; None where the metric is not defined for the window.

    Raises:
        DataError: if the metric is unknown.
    """
    scores, several = confidence(probabilities)
    allowed = ("accuracy",) if several else tuple(_METRICS)
    if metric not in allowed:
        message = (
            f"The metric {metric!r} of {'several' if several else 'two'} classes cannot be estimated without labels; {nearest(metric, allowed)}."
        )
        raise DataError(message)
    expected = calibration(scores)
    value, slopes = _METRICS[metric](expected, scores, np.ones(len(scores)) if several else (scores >= threshold).astype(np.float64))
    if not np.isfinite(value):
        return None
    by_bin = np.bincount(np.searchsorted(calibration.edges, scores), slopes, len(calibration.variances))
    variance = float((slopes**2 * expected * (1 - expected)).sum() + (by_bin**2 * calibration.variances).sum())
    reach = _NORMAL_95 * sqrt(variance)
    highest = inf if metric == "log_loss" else 1.0
    found = metric, value, sqrt(variance), max(0.0, value - reach), min(highest, value + reach)
    return judged(found, [*too_few(calibration.rows, len(scores)), *_miscalibrated(calibration), *doubts])


def _miscalibrated(calibration: Calibration) -> list[str]:
    if calibration.error - calibration.by_chance <= _MOST_ERROR:
        return []
    return [f"Calibrated probabilities are off by {calibration.error:.3f} on average, {calibration.by_chance:.3f} of it by chance."]


def _accuracy(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    slopes = (2 * predicted - 1) / len(scores)
    return float((expected * predicted + (1 - expected) * (1 - predicted)).mean()), slopes


def _brier(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    del predicted
    return float((expected * (1 - scores) ** 2 + (1 - expected) * scores**2).mean()), (1 - 2 * scores) / len(scores)


def _log_loss(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    del predicted
    s = np.clip(scores, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)
    return float(-(expected * np.log(s) + (1 - expected) * np.log(1 - s)).mean()), np.log((1 - s) / s) / len(s)


def _f1(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    del scores
    hits, both = float((expected * predicted).sum()), float(expected.sum() + predicted.sum())
    return (2 * hits / both, 2 * predicted / both - 2 * hits / both**2) if both else (inf, predicted)


def _roc_auc(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    """Count pairs of a positive and a negative row, without pairs of a row with itself."""
    del predicted
    _, place = np.unique(scores, return_inverse=True)
    positives, negatives = (np.bincount(place, weights) for weights in (expected, 1 - expected))
    below = (np.cumsum(negatives) - negatives / 2)[place]
    above = (positives.sum() - np.cumsum(positives) + positives / 2)[place]
    itself = expected * (1 - expected)
    total, other = float(expected.sum()), float((1 - expected).sum())
    won, pairs = float((expected * below).sum() - itself.sum() / 2), total * other - float(itself.sum())
    if pairs <= 0:
        return inf, expected
    slope_won = below - above - (1 - 2 * expected) / 2
    slope_pairs = other - total - (1 - 2 * expected)
    return won / pairs, slope_won / pairs - won * slope_pairs / pairs**2


def _precision(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    del scores
    flagged = float(predicted.sum())
    return (float((expected * predicted).sum()) / flagged, predicted / flagged) if flagged else (inf, predicted)


def _recall(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    del scores
    hits, positives = float((expected * predicted).sum()), float(expected.sum())
    return (hits / positives, predicted / positives - hits / positives**2) if positives else (inf, predicted)


def _pr_auc(expected: Floats, scores: Floats, predicted: Floats) -> Terms:
    """Average the precision at each positive row; a row is certain to be positive where it is one of those averaged over."""
    del predicted
    _, place = np.unique(-scores, return_inverse=True)
    positives, rows = np.bincount(place, expected), np.cumsum(np.bincount(place))
    total = float(expected.sum())
    if not total:
        return inf, expected
    found = np.cumsum(positives)
    itself = expected * (1 - expected) / rows[place]
    value = (float((positives * found / rows).sum()) + float(itself.sum())) / total
    later = np.cumsum((positives / rows)[::-1])[::-1]
    return value, (found / rows + later)[place] / total + (1 - 2 * expected) / rows[place] / total - value / total


_METRICS: dict[str, Callable[[Floats, Floats, Floats], Terms]] = {
    "accuracy": _accuracy,
    "brier": _brier,
    "f1": _f1,
    "log_loss": _log_loss,
    "pr_auc": _pr_auc,
    "precision": _precision,
    "recall": _recall,
    "roc_auc": _roc_auc,
}
