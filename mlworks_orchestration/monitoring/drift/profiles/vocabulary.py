"""The words that a reference uses often, and how much of a text lies outside them."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile

LEAST_DOCUMENTS = 5
"""Documents of the reference in which a token of the vocabulary occurs at least."""

MOST_BUCKETS = 2048
"""Buckets in the vocabulary at most, an eighth of all: a token that is not in it is taken for one that is no more often than that."""


class Outside(NamedTuple):
    """Tokens out of the reference's vocabulary, each counted once a document.

    Parameters:
        before: their share of the reference's tokens, 0 to 1.
        after: their share of the window's.
        p_value: if nothing changed, two-sided.
    """

    before: float
    after: float
    p_value: float


def strange(reference: TextProfile, part: TextProfile) -> int:
    """Return how many tokens of a part of the reference lie outside the vocabulary that the rest of it has.

    Parameters:
        reference: with documents.
        part: of its documents.
    """
    return int(part.counts[reference.counts - part.counts < _least(reference)].sum())


def _least(reference: TextProfile) -> int:
    """Return in how many documents of the reference a token of its vocabulary occurs at least."""
    return max(LEAST_DOCUMENTS, int(np.partition(reference.counts, -MOST_BUCKETS)[-MOST_BUCKETS]))


def outside(reference: TextProfile, window: TextProfile) -> Outside | str:
    """Return how much of the texts lies outside the reference's vocabulary, or why it cannot be told.

    The vocabulary is the buckets that hold a token in at least 5 documents of the reference, or the 2,048 most frequent ones. Each document of the
    reference is judged by the vocabulary of the others (a bucket in use by just enough documents would not be in it), else the window would look
    stranger than it is (Good 1953 has the same idea). The standard errors take documents, not tokens, as independent: those of a ratio, linearised
    (Cochran 1977, section 6.4), from the sampled documents.

    Parameters:
        reference: with documents.
        window: with documents.
    """
    if not window.counts.any():
        return "the window's texts have no tokens"
    least = _least(reference)
    if reference.counts.max() < least:
        return f"no token occurs in {LEAST_DOCUMENTS} documents of the reference, so it has no vocabulary"
    sides = ((reference, reference.counts <= least), (window, reference.counts < least))
    shares = [float(side.counts[out].sum() / side.counts.sum()) for side, out in sides]
    variances = [_variance(side, out, share) for (side, out), share in zip(sides, shares, strict=True)]
    tokens = [int(side.counts.sum()) for side, _ in sides]
    pooled = float(np.average(shares, weights=tokens))
    by_chance = pooled * (1 - pooled) * (1 / tokens[0] + 1 / tokens[1])
    variance = max(sum(variances), by_chance)
    before, after = shares
    return Outside(before, after, 2 * float(ndtr(-abs(after - before) / sqrt(variance))) if variance else 1.0)


def _variance(profile: TextProfile, out: Flags, share: float) -> float:
    sizes, buckets = profile.sample
    strange = np.bincount(np.repeat(np.arange(len(sizes)), sizes), weights=out[buckets], minlength=len(sizes))
    mean = float(sizes.mean())
    return float(np.square(strange - share * sizes).sum()) / (len(sizes) - 1) / mean**2 / profile.present if mean and len(sizes) > 1 else 0.0
