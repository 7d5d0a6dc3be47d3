"""What a classifier's metrics are expected to be of labels that are coins, and how they change with each."""

from collections.abc import Callable
from math import inf
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Terms: TypeAlias = tuple[float, Floats]
"""A metric at the expected labels, infinite where it is not defined, and how it changes with each label, shape (rows,)."""


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


METRICS: dict[str, Callable[[Floats, Floats, Floats], Terms]] = {
    "accuracy": _accuracy,
    "brier": _brier,
    "f1": _f1,
    "log_loss": _log_loss,
    "pr_auc": _pr_auc,
    "precision": _precision,
    "recall": _recall,
    "roc_auc": _roc_auc,
}
"""By name, from the probabilities of the labels, the scores and what is predicted by them (0 or 1), each of shape (rows,). At labels that are known,
0 and 1, it is the metric itself."""
