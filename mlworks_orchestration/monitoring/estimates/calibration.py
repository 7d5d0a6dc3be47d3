"""How far a classifier's probabilities can be taken at their word, learnt from labelled rows."""

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.estimates.metrics import Floats

_BINS = 10
_LEAST_TO_FIT = 20


@dataclass(frozen=True, eq=False)
class Map:
    """An isotonic map from scores to probabilities (Zadrozny and Elkan, KDD 2002).

    Parameters:
        scores: where it is given, ascending, shape (steps,); between them it is linear.
        probabilities: the calibrated ones there, shape (steps,).
    """

    scores: Floats
    probabilities: Floats

    @classmethod
    def of(cls, scores: Floats, y: Floats) -> "Map":
        """Fit it.

        Parameters:
            scores: of labelled rows, shape (rows,).
            y: their labels, 0 or 1, shape (rows,).
        """
        from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - heavy

        model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, y)
        return cls(np.asarray(model.X_thresholds_), np.asarray(model.y_thresholds_))

    def __call__(self, scores: Floats) -> Floats:
        """Return calibrated probabilities of scores, shape (rows,)."""
        return np.interp(scores, self.scores, self.probabilities)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A map, and how well it holds on rows that it was not fitted on.

    Parameters:
        whole: fitted on all labelled rows.
        without: fitted on all but one part of them each.
        error: expected calibration error of each part by the map that was fitted without it.
        by_chance: what that would be of perfectly calibrated probabilities.
        rows: labelled rows.
    """

    whole: Map
    without: tuple[Map, ...]
    error: float
    by_chance: float
    rows: int


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


def fit_calibration(scores: Floats, y: Floats, part: NDArray[np.int64]) -> tuple[Calibration, Floats]:
    """Learn how scores become probabilities.

    Parameters:
        scores: of labelled rows that the classifier was not trained on, shape (rows,).
        y: 1 where the label is the positive class (of several classes: the likeliest), else 0, shape (rows,).
        part: which rows are left out together, from 0, shape (rows,).

    Returns:
        It, and the probabilities of the same rows by maps that were fitted without their part, shape (rows,).

    Raises:
        DataError: if there are fewer than 20 rows, or they are all of one part.

    Examples:
        >>> generator = np.random.default_rng(1)
        >>> scores = generator.random(5000)
        >>> found, _ = fit_calibration(scores, (generator.random(5000) < scores**2).astype(float), np.arange(5000) % 10)
        >>> found.whole(np.array([0.2, 0.8])).round(1).tolist(), found.error < 0.05
        ([0.0, 0.6], True)
    """
    if len(y) < _LEAST_TO_FIT:
        message = f"Calibrating probabilities needs at least {_LEAST_TO_FIT} labelled rows; there are {len(y)}. Wait for more."
        raise DataError(message)
    if not part.any():
        message = f"How sure a calibration is cannot be told of one block; all {len(y)} labelled rows are of the same. Wait for more."
        raise DataError(message)
    without = tuple(Map.of(scores[part != number], y[part != number]) for number in range(int(part.max()) + 1))
    held_out = np.empty(len(y))
    for number, calibrated in enumerate(without):
        held_out[part == number] = calibrated(scores[part == number])
    return Calibration(Map.of(scores, y), without, *_calibration_error(held_out, y), len(y)), held_out


def _calibration_error(probabilities: Floats, y: Floats) -> tuple[float, float]:
    """Return the expected calibration error (Naeini, Cooper and Hauskrecht, AAAI 2015), and that of perfect probabilities by chance."""
    bins = np.searchsorted(np.unique(np.quantile(probabilities, np.arange(1, _BINS) / _BINS)), probabilities)
    expected, positives = np.bincount(bins, probabilities, _BINS), np.bincount(bins, y, _BINS)
    spread = np.bincount(bins, probabilities * (1 - probabilities), _BINS)
    return float(np.abs(positives - expected).sum() / len(y)), float(np.sqrt(spread).sum() / len(y)) * sqrt(2 / pi)
