"""How far a classifier's probabilities can be taken at their word, learnt from labelled rows."""

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlworks_orchestration.errors import DataError

Floats = NDArray[np.float64]

BINS = 10
_FOLDS = 5
_LEAST_TO_FIT = 20


@dataclass(frozen=True, eq=False)
class Calibration:
    """An isotonic map from scores to probabilities, and what is not sure about it. It is plain numbers, so it can be stored as such.

    Parameters:
        scores: where the map is given, ascending, shape (steps,); between them it is linear.
        probabilities: the calibrated ones there, shape (steps,).
        edges: between bins of equally many labelled rows, shape (bins - 1,).
        variances: of the share of positives in each bin, shape (bins,).
        error: expected calibration error of calibrated probabilities, on rows that the map was not fitted on.
        by_chance: what it would be if they were perfectly calibrated.
        rows: labelled rows.
    """

    scores: Floats
    probabilities: Floats
    edges: Floats
    variances: Floats
    error: float
    by_chance: float
    rows: int

    def __call__(self, scores: Floats) -> Floats:
        """Return calibrated probabilities of scores, shape (rows,)."""
        return np.interp(scores, self.scores, self.probabilities)


def confidence(probabilities: ArrayLike) -> tuple[Floats, bool]:
    """Return one score a row, and whether it is that of the likeliest of several classes.

    Parameters:
        probabilities: of the positive class, shape (rows,), or of each class, shape (rows, classes).

    Raises:
        DataError: if there are no rows, or one is NaN or not from 0 to 1.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if not given.size or not ((given >= 0) & (given <= 1)).all():
        message = f"Probabilities must be there and lie from 0 to 1; given are {given.shape}, some of them missing or outside. Check what is scored."
        raise DataError(message)
    return (given, False) if given.ndim == 1 else (given.max(axis=1), True)


def fit_calibration(probabilities: ArrayLike, labels: ArrayLike) -> Calibration:
    """Learn how scores become probabilities (Zadrozny and Elkan, KDD 2002), and how well that holds on rows not used for it.

    Parameters:
        probabilities: of labelled rows that the classifier was not trained on: of the positive class, shape (rows,), or of each class, shape
            (rows, classes); then what is calibrated is the probability that the likeliest class is right (Gupta and Ramdas, ICLR 2022).
        labels: 1 for the positive class, else 0, shape (rows,); with several classes, their positions.

    Raises:
        DataError: if there are fewer than 20 rows, or probabilities are not such.

    Examples:
        >>> generator = np.random.default_rng(1)
        >>> scores = generator.random(5000)
        >>> calibration = fit_calibration(scores, generator.random(5000) < scores**2)
        >>> calibration(np.array([0.2, 0.8])).round(1).tolist(), calibration.error < 0.05
        ([0.0, 0.6], True)
    """
    scores, several = confidence(probabilities)
    y = np.asarray(labels)
    y = (np.asarray(probabilities).argmax(axis=1) == y if several else y).astype(np.float64)
    if len(y) < _LEAST_TO_FIT:
        message = f"Calibrating probabilities needs at least {_LEAST_TO_FIT} labelled rows; there are {len(y)}. Wait for more."
        raise DataError(message)
    part = np.random.default_rng(0).permutation(len(y)) % _FOLDS
    held_out = np.empty(len(y))
    for number in range(_FOLDS):
        held_out[part == number] = np.interp(scores[part == number], *_isotonic(scores[part != number], y[part != number]))
    error, by_chance = _calibration_error(held_out, y)
    edges = np.unique(np.quantile(scores, np.arange(1, BINS) / BINS))
    rows, positives = _table(np.searchsorted(edges, scores), y, len(edges) + 1)
    share = (positives + 0.5) / (rows + 1)
    return Calibration(*_isotonic(scores, y), edges, share * (1 - share) / np.maximum(rows, 1), error, by_chance, len(y))


def _isotonic(scores: Floats, y: Floats) -> tuple[Floats, Floats]:
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - heavy

    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, y)
    return np.asarray(model.X_thresholds_), np.asarray(model.y_thresholds_)


def _calibration_error(probabilities: Floats, y: Floats) -> tuple[float, float]:
    """Return the expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015), and that of perfect probabilities by chance."""
    bins = np.searchsorted(np.unique(np.quantile(probabilities, np.arange(1, BINS) / BINS)), probabilities)
    rows, positives = _table(bins, y, BINS)
    expected = np.bincount(bins, probabilities, BINS)
    spread = np.bincount(bins, probabilities * (1 - probabilities), BINS)
    return float(np.abs(positives - expected).sum() / rows.sum()), float(np.sqrt(spread).sum() / rows.sum()) * sqrt(2 / pi)


def _table(bins: NDArray[np.int64], y: Floats, count: int) -> tuple[Floats, Floats]:
    rows, positives = np.bincount(bins, minlength=count), np.bincount(bins, y, count)
    return rows.astype(np.float64), positives.astype(np.float64)
