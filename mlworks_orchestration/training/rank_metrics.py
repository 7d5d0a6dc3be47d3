"""Metrics of how rows are ranked. They are no means over rows; with rows sorted once, each resample costs one pass over their weights."""

from collections.abc import Callable

import numpy as np

from mlworks_orchestration.training.measure import Function, Measure, Vector, Weighted
from mlworks_orchestration.training.row_metrics import ratio


def _of_ranks(value: Callable[[Vector, Vector], Vector]) -> Function:
    """Return a metric from its value by the weights of positive and negative rows at each distinct score, the highest first.

    Both have the shape (samples, scores); rows of the same score, ties, stand together.
    """

    def prepare(actual: Vector, predicted: Vector, how: Measure) -> Weighted:
        del how
        order = np.argsort(-predicted, kind="stable")
        scores, positive = predicted[order], actual[order]
        starts = np.flatnonzero(np.concatenate([[True], scores[1:] != scores[:-1]]))

        def weighted(weights: Vector) -> Vector:
            ranked = np.take(weights, order, axis=1)
            hits = ranked * positive
            if len(starts) < len(order):
                ranked, hits = np.add.reduceat(ranked, starts, axis=1), np.add.reduceat(hits, starts, axis=1)
            return value(hits, ranked - hits)

        return weighted

    return prepare


def _roc_auc(positives: Vector, negatives: Vector) -> Vector:
    """Return the share of pairs of a positive and a negative row in which the positive one ranks higher, a tie counting half."""
    above = np.cumsum(positives, axis=1) - positives / 2
    won = np.einsum("ij,ij->i", above, negatives)
    return ratio(won, positives.sum(axis=1) * negatives.sum(axis=1))


def _average_precision(positives: Vector, negatives: Vector) -> Vector:
    """Return the mean of the precision at each positive row's score (Zhu 2004); with no positive row it is not defined."""
    found = np.cumsum(positives, axis=1)
    # Nothing is flagged only before the first row that counts, and then nothing is found either.
    precision = found / np.maximum(np.cumsum(positives + negatives, axis=1), np.finfo(np.float64).tiny)
    return ratio(np.einsum("ij,ij->i", precision, positives), positives.sum(axis=1))


RANK_METRICS: dict[str, Function] = {"roc_auc": _of_ranks(_roc_auc), "pr_auc": _of_ranks(_average_precision)}
"""By name."""
