"""A classifier's metric before labels arrive, from its calibrated probabilities and from how unlike the window is to labelled rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from numpy.typing import ArrayLike

from mlworks_orchestration.monitoring.estimates.classifier import ClassifierEstimator
from mlworks_orchestration.monitoring.estimates.encoding import Encoding
from mlworks_orchestration.monitoring.estimates.parts import numbered, parted
from mlworks_orchestration.monitoring.estimates.record import Estimate
from mlworks_orchestration.monitoring.estimates.texts import Texts


@dataclass(frozen=True, eq=False)
class ProbabilityEstimator:
    """What was learnt of a classifier on labelled rows that it was not trained on.

    Parameters:
        classifier: of its probabilities.
        encoding: of the features that are no texts, by which a window is told to be unlike those rows; None where there are none.
        texts: of the others.
    """

    classifier: ClassifierEstimator
    encoding: Encoding | None
    texts: Texts

    def estimate(self, features: pl.DataFrame, predictions: ArrayLike, *, blocks: int = 1) -> Estimate | None:
        """Return the metric that a window's labels will give; None where it is not defined, for one class alone is expected.

        Parameters:
            features: of the window, with all columns that were learnt from.
            predictions: the probabilities of 1, shape (rows,).
            blocks: without meaning; a window's labels vary as much as those of labelled blocks of as many rows together.

        Raises:
            DataError: if a column is missing, or there are no rows.
        """
        del blocks
        doubts = [*(self.encoding.doubts(features) if self.encoding else []), *self.texts.doubts(features)]
        return self.classifier.estimate(predictions, doubts)


def fit_probability_estimator(
    features: pl.DataFrame, classifier: ClassifierEstimator, seed: int, *, texts: Sequence[str] = (), blocks: ArrayLike | None = None
) -> ProbabilityEstimator:
    """Learn what the labelled rows are like that a classifier's probabilities were calibrated on.

    Parameters:
        features: of these rows, or of enough of them.
        classifier: what was learnt of the probabilities.
        seed: of samples.
        texts: the features that are texts.
        blocks: the days of the rows, or whatever sorts in time, shape (rows,), so that a window is not doubted for what days of theirs differ in too.
    """
    values = features.drop(texts)
    part = None if blocks is None else parted(numbered(blocks, values.height, seed))
    encoding = Encoding.of(values, seed, part) if values.width else None
    return ProbabilityEstimator(classifier, encoding, Texts.of(features, texts, seed))
