"""Confidence-based estimation: what a classifier's metrics will be, from its calibrated probabilities (as in NannyML)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.estimates.calibration import Calibration, confidence, fit_calibration
from mlworks_orchestration.monitoring.estimates.metrics import METRICS, Floats, Terms
from mlworks_orchestration.monitoring.estimates.parts import jackknife, numbered, parted
from mlworks_orchestration.monitoring.estimates.record import Estimate, too_few

_MOST_ERROR = 0.05


@dataclass(frozen=True, eq=False)
class ClassifierEstimator:
    """What was learnt of a classifier's probabilities on labelled rows that it was not trained on.

    Parameters:
        metric: `accuracy`, and for two classes also `f1`, `precision`, `recall`, `roc_auc`, `pr_auc`, `log_loss` or `brier`.
        threshold: of the probability from which the positive class is predicted.
        calibration: of the probabilities.
        corrections: what the metric of the labelled rows exceeds the expected one by: of all of them, then without each part, shape (1 + parts,).
        dispersion: how many times as much parts of the labels vary as independent labels would, at least 1.
    """

    metric: str
    threshold: float
    calibration: Calibration
    corrections: Floats
    dispersion: float

    def estimate(self, probabilities: ArrayLike, doubts: Sequence[str] = ()) -> Estimate | None:
        """Return the metric that a window's labels will give, if the calibrated probabilities are right; None where it is not defined.

        Each label is taken as a coin that falls as its calibrated probability says; to the metric of these coins is added what it fell short of the
        labelled rows' own, for isotonic maps tell scores apart better than they are. The variance is that of the coins, by the metric's derivatives,
        times the dispersion, plus that of calibration and correction by the jackknife; the interval is Student's, with as many degrees of freedom as
        there are parts, less one.

        Parameters:
            probabilities: of the positive class, shape (rows,), or of each class, shape (rows, classes).
            doubts: what else speaks against the estimate, in sentences, for example `Encoding.doubts` of the features.

        Raises:
            DataError: if there are no rows, or no probabilities.
        """
        scores, _ = confidence(probabilities)
        maps = (self.calibration.whole, *self.calibration.without)
        terms = [_terms(self.metric, each(scores), probabilities, self.threshold) for each in maps]
        values = np.array([value for value, _ in terms]) + self.corrections
        if not np.isfinite(values).all():
            return None
        expected, slopes = self.calibration.whole(scores), terms[0][1]
        coins = float((slopes**2 * expected * (1 - expected)).sum())
        error = sqrt(self.dispersion * coins + jackknife(values[1:]))
        reach = float(stdtrit(len(values) - 2, 0.975)) * error
        highest = inf if self.metric == "log_loss" else 1.0
        value = min(max(0.0, float(values[0])), highest)
        found = self.metric, value, error, max(0.0, value - reach), min(highest, value + reach)
        return Estimate(*found, (*too_few(self.calibration.rows, len(scores)), *_miscalibrated(self.calibration), *doubts))


def fit_classifier_estimator(  # noqa: PLR0913 - labelled rows, and how they are to be judged
    probabilities: ArrayLike, labels: ArrayLike, metric: str, *, threshold: float = 0.5, blocks: ArrayLike | None = None, seed: int = 0
) -> ClassifierEstimator:
    """Learn how a classifier's probabilities become a metric.

    Parameters:
        probabilities: of labelled rows that the classifier was not trained on: of the positive class, shape (rows,), or of each class, shape
            (rows, classes); then what is calibrated is the probability that the likeliest class is right (Gupta and Ramdas, ICLR 2022).
        labels: 1 for the positive class, else 0, shape (rows,); with several classes, their positions.
        metric: one of `ClassifierEstimator`.
        threshold: of the probability from which the positive class is predicted.
        blocks: which rows may go together, for example their days, shape (rows,); without it labels are taken as independent, given their
            probabilities, and where they are not the standard error is too small.
        seed: of the parts without blocks.

    Raises:
        DataError: if the metric is unknown, there are fewer than 20 rows or fewer than two blocks, or probabilities are not such.

    Examples:
        >>> generator = np.random.default_rng(1)
        >>> scores = generator.random(5000)
        >>> estimator = fit_classifier_estimator(scores, generator.random(5000) < scores, "accuracy")
        >>> found = estimator.estimate(scores[:1000])
        >>> found.low < 0.75 < found.high, found.trusted
        (True, True)
    """
    given = np.asarray(probabilities)
    scores, several = confidence(given)
    allowed = ("accuracy",) if several else tuple(METRICS)
    if metric not in allowed:
        classes = "several" if several else "two"
        message = f"The metric {metric!r} of {classes} classes cannot be estimated without labels; {nearest(metric, allowed)}."
        raise DataError(message)
    y = np.asarray(given.argmax(axis=1) == labels if several else labels, dtype=np.float64)
    block = numbered(blocks, len(y), seed)
    part = parted(block)
    calibration, held_out = fit_calibration(scores, y, part)
    kept = [np.ones(len(y), dtype=bool), *(part != number for number in range(len(calibration.without)))]
    maps = (calibration.whole, *calibration.without)
    corrections = [_surplus(metric, y[rows], each(scores[rows]), given[rows], threshold) for rows, each in zip(kept, maps, strict=True)]
    slopes = _terms(metric, calibration.whole(scores), given, threshold)[1]
    dispersion = 1.0 if blocks is None else _dispersion(slopes, y, held_out, part)
    return ClassifierEstimator(metric, threshold, calibration, np.array(corrections), dispersion)


def _surplus(metric: str, y: Floats, expected: Floats, probabilities: Floats, threshold: float) -> float:
    """Return what a metric of labels exceeds the expected one by; NaN where they are all of one class."""
    realised, told = (_terms(metric, each, probabilities, threshold)[0] for each in (y, expected))
    return realised - told if isfinite(realised) else nan


def _terms(metric: str, expected: Floats, probabilities: ArrayLike, threshold: float) -> Terms:
    scores, several = confidence(probabilities)
    return METRICS[metric](expected, scores, np.ones(len(scores)) if several else (scores >= threshold).astype(np.float64))


def _dispersion(slopes: Floats, y: Floats, expected: Floats, part: NDArray[np.int64]) -> float:
    """Return how much parts' shares in the metric vary, over what independent labels would (McCullagh and Nelder 1989, section 4.5).

    Parts, not blocks: what goes well or ill for days on end must lie within one.
    """
    by_part = np.bincount(part, slopes * (y - expected))
    coins = float((slopes**2 * expected * (1 - expected)).sum())
    spread = float(by_part.var(ddof=1)) * len(by_part) / coins if coins else 1.0
    return max(1.0, spread) if isfinite(spread) else 1.0


def _miscalibrated(calibration: Calibration) -> list[str]:
    if calibration.error - calibration.by_chance <= _MOST_ERROR:
        return []
    return [f"Calibrated probabilities are off by {calibration.error:.3f} on average, {calibration.by_chance:.3f} of it by chance."]
