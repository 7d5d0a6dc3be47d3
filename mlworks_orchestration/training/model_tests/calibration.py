"""Predicted probabilities are met by what happens."""

import numpy as np

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Calibration
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.intervals import Interval, state_of
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject


def calibration(subject: Subject, test: Calibration) -> Finding:
    """Compare the expected calibration error with its bound; Spiegelhalter's z stands beside it.

    The error is biased upwards, the more the fewer rows there are. So its interval is as wide as the error that a calibrated model of the very same
    predictions shows by chance, from labels drawn by them (consistency resampling, Bröcker & Smith 2007, Increasing the Reliability of Reliability
    Diagrams): by the triangle inequality the error without that chance is no further away. It fails only if even the lower end is above the bound.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    truth, predicted = subject.truth, np.clip(subject.predicted, 0, 1)
    if truth.size < test.min_rows:
        return too_few(truth.size, test.min_rows)
    if np.unique(truth).size == 1:
        return Finding("inconclusive", f"All {truth.size:,} held-out labels are {truth[0]:g}; both 0 and 1 are needed.", rows=truth.size)
    found, z = _interval(subject, test, truth, predicted), spiegelhalter(truth, predicted)
    words = (
        f"The expected calibration error is {readable(found.value)} on {truth.size:,} rows, without chance between {readable(found.low)} and "
        f"{readable(found.high)}; at most {test.at_most:g} is asked for. Spiegelhalter's z is {readable(z, 3)}, "
        f"within ±1.96 in 95 % of calibrated models."
    )
    state = state_of(found, test.at_most, lower_is_better=True)
    return Finding(state, words, found.value, found.low, found.high, test.at_most, truth.size, "expected calibration error")


def calibration_error(truth: Vector, predicted: Vector, bins: int) -> float:
    """Return the expected calibration error: the mean distance of predicted and observed share over groups of equally many rows.

    Naeini, Cooper & Hauskrecht 2015, Obtaining Well Calibrated Probabilities Using Bayesian Binning; groups of equal size as in Nixon et al. 2019.

    Parameters:
        truth: 0 or 1, of shape (rows,).
        predicted: probabilities of 1, of the same shape.
        bins: how many groups.

    Examples:
        >>> round(calibration_error(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.8, 0.8]), bins=2), 9)
        0.15
    """
    order = np.argsort(predicted, kind="stable")
    return float(_errors((truth - predicted)[order][None], bins)[0])


def _errors(gaps: Vector, bins: int) -> Vector:
    """Return the mean absolute sum of gaps by group, of shape (samples,).

    Parameters:
        gaps: of truth and prediction, in the order of the predictions, of shape (samples, rows).
        bins: how many groups; there are no more than rows.
    """
    rows = gaps.shape[1]
    sizes = [len(group) for group in np.array_split(np.arange(rows), min(bins, rows))]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return np.asarray(np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1) / rows)


def spiegelhalter(truth: Vector, predicted: Vector) -> float:
    """Return Spiegelhalter's z (1986, Probabilistic prediction in patient management, Statistics in Medicine 5), standard normal if calibrated.

    Parameters:
        truth: 0 or 1, of shape (rows,).
        predicted: probabilities of 1, of the same shape.
    """
    spread = np.sum((1 - 2 * predicted) ** 2 * predicted * (1 - predicted))
    excess = np.sum((truth - predicted) * (1 - 2 * predicted))
    return float(excess / np.sqrt(spread)) if spread > 0 else (0.0 if excess == 0 else float(np.sign(excess)) * np.inf)


def _interval(subject: Subject, test: Calibration, truth: Vector, predicted: Vector) -> Interval:
    generator, gate, ordered = subject.generator(test.title), subject.model.gate, np.sort(predicted)
    drawn = (_errors((generator.random(ordered.size) < ordered)[None] - ordered, test.bins) for _ in range(gate.resamples))
    by_chance = float(np.quantile(np.concatenate(list(drawn)), 1 - (1 - gate.confidence) / 2))
    value = calibration_error(truth, predicted, test.bins)
    return Interval(value, max(0.0, value - by_chance), value + by_chance)


CALIBRATION = register(Kind("calibration", "Predicted probabilities are met by what happens.", calibration))
