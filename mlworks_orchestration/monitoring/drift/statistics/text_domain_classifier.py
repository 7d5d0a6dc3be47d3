"""The domain classifier of texts: how well the documents of a window can be told from the reference's by their words."""

from typing import cast

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.text import BUCKETS, Documents, TextProfile
from mlworks_orchestration.monitoring.drift.statistics.by_window import by_window
from mlworks_orchestration.monitoring.drift.statistics.domain_classifier import found_of
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register
from mlworks_orchestration.monitoring.drift.statistics.separation import LEAST_ROWS, Separation, part, separation

_SMOOTHING = 1.0


def text_domain_classifier(pair: Pair) -> Measures:
    """Return the area under the ROC curve of a cross-fitted naive Bayes classifier of the sampled documents by their hashed tokens.

    A document's score is the sum over its tokens of the logarithm of how much more often the window's documents have them (multinomial naive Bayes
    of binary features, Metsis, Androutsopoulos and Paliouras, CEAS 2006). The effect is as for rows of numbers, see `domain_classifier`.

    Parameters:
        pair: of profiles of texts.

    Examples:
        >>> import polars as pl
        >>> generator = np.random.default_rng(1)
        >>> before, after = (TextProfile.of(pl.Series([text] * 100), generator) for text in ("late again", "late encore"))
        >>> text_domain_classifier(Pair(before, [before, after])).value.tolist()
        [0.5, 1.0]
    """
    reference = cast("TextProfile", pair.reference)
    return by_window(found_of(tell_texts_apart(reference, cast("TextProfile", window))) for window in pair.windows)


def tell_texts_apart(reference: TextProfile, window: TextProfile) -> Separation | str:
    """Return how well the words of documents tell the window's from the reference's, or why it cannot be told.

    Parameters:
        reference: with a sample of documents.
        window: with a sample of documents.
    """
    counts = len(reference.sample.sizes), len(window.sample.sizes)
    if min(counts) < LEAST_ROWS:
        return f"a sample has {min(counts)} documents; a domain classifier takes at least {LEAST_ROWS}"
    return separation(lambda fold: _scores((reference.sample, window.sample), fold))


def _scores(sides: tuple[Documents, Documents], fold: int) -> tuple[Floats, Floats]:
    logarithms, held_out = [], []
    for documents in sides:
        fitted, scored = part(len(documents.sizes), fold)
        frequencies = np.bincount(documents.take(fitted).buckets, minlength=BUCKETS) + _SMOOTHING
        logarithms.append(np.log(frequencies / frequencies.sum()))
        held_out.append(documents.take(scored))
    weights = logarithms[1] - logarithms[0]
    before, after = (_sums(documents, weights) for documents in held_out)
    return before, after


def _sums(documents: Documents, weights: Floats) -> Floats:
    """Return the sum of the weights of each document's tokens."""
    numbers = np.repeat(np.arange(len(documents.sizes)), documents.sizes)
    return np.bincount(numbers, weights=weights[documents.buckets], minlength=len(documents.sizes)).astype(np.float64)


TEXT_DOMAIN_CLASSIFIER = register(
    Statistic(
        name="text_domain_classifier",
        description="area under the ROC curve of a classifier that tells the window's documents from the reference's by their words",
        types=frozenset({"text"}),
        counts_missing=False,
        measure=text_domain_classifier,
        least_rows=LEAST_ROWS,
    )
)
