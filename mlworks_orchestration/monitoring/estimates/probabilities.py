"""A classifier's metric before labels arrive, from its calibrated probabilities and from how unlike the window is to labelled rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from numpy.typing import ArrayLike

from mlworks_orchestration.monitoring.estimates.calibration import Calibration, fit_calibration
from mlworks_orchestration.monitoring.estimates.classifier import find_estimate
from mlworks_orchestration.monitoring.estimates.encoding import Encoding
from mlworks_orchestration.monitoring.estimates.record import Estimate
from mlworks_orchestration.monitoring.estimates.texts import Texts


@dataclass(frozen=True, eq=False)
class ProbabilityEstimator:
    """What was learnt of a classifier on labelled rows that it was not trained on.

    Parameters:
        metric: one of `estimate_classifier`.
        threshold: the probability from which a row counts as positive.
        calibration: of its probabilities.
        encoding: of the features that are no texts, by which a window is told to be unlike those rows; None where there are none.
        texts: of the others.
    """

    metric: str
    threshold: float
    calibration: Calibration
    encoding: Encoding | None
    texts: Texts

    def estimate(self, features: pl.DataFrame, predictions: ArrayLike, *, blocks: int = 1) -> Estimate | None:
        """Return the metric that a window's labels will give; None where it is not defined, for one class alone is expected.

        Parameters:
            features: of the window, with all columns that were learnt from.
            predictions: the probabilities of 1, shape (rows,).
            blocks: without meaning; labels are taken as independent, given their probabilities.

        Raises:
            DataError: if a column is missing, or there are no rows.
        """
        del blocks
        doubts = [*(self.encoding.doubts(features) if self.encoding else []), *self.texts.doubts(features)]
        return find_estimate(predictions, self.metric, self.calibration, threshold=self.threshold, doubts=doubts)


def fit_probability_estimator(  # noqa: PLR0913 - labelled rows, and how they are to be judged
    features: pl.DataFrame, predictions: ArrayLike, labels: ArrayLike, metric: str, seed: int, *, threshold: float, texts: Sequence[str] = ()
) -> ProbabilityEstimator:
    """Learn how a classifier's probabilities can be taken at their word.

    Parameters:
        features: of labelled rows that the classifier was not trained on.
        predictions: the probabilities of 1, shape (rows,).
        labels: 0 and 1, shape (rows,).
        metric: one of `estimate_classifier`.
        seed: of samples.
        threshold: the probability from which a row counts as positive.
        texts: the features that are texts.

    Raises:
        DataError: if there are fewer than 20 rows.
    """
    values = features.drop(texts)
    encoding = Encoding.of(values, seed) if values.width else None
    return ProbabilityEstimator(metric, threshold, fit_calibration(predictions, labels), encoding, Texts.of(features, texts, seed))
