"""Predicted probabilities are met by what happens."""

import numpy as np

from mlworks_orchestration.spec import Calibration
from mlworks_orchestration.training.measure import Vector
from mlworks_orchestration.training.model_tests.intervals import Interval, state_of
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register, too_few
from mlworks_orchestration.training.model_tests.subject import Subject


def calibration(subject: Subject, test: Calibration) -> Finding:
    """Compare the expected calibration error with its bound; Spiegelhalter's z stands beside it.

    The error is biased upwards, the more the fewer rows there are, so the interval is the basic bootstrap interval (Davison & Hinkley 1997, Bootstrap
    Methods and their Application, 5.2), which turns the bias round: it fails only if even the lower end is above the bound.

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
        f"The expected calibration error is {found.value:.4g} on {truth.size:,} rows, without its bias between {found.low:.4g} and {found.high:.4g}; "
        f"at most {test.at_most:g} is asked for. Spiegelhalter's z is {z:.3g}, within ±1.96 in 95 % of calibrated models."
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
        >>> calibration_error(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.8, 0.8]), bins=2)
        0.15
    """
    order = np.argsort(predicted, kind="stable")
    gaps = [abs(truth[group].sum() - predicted[group].sum()) for group in np.array_split(order, bins)]
    return float(np.round(np.sum(gaps) / truth.size, 15))


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
    generator, gate = subject.generator(test.title), subject.model.gate
    value = calibration_error(truth, predicted, test.bins)
    draws = (generator.integers(0, truth.size, truth.size) for _ in range(gate.resamples))
    values = np.array([calibration_error(truth[draw], predicted[draw], test.bins) for draw in draws])
    tail = (1 - gate.confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(value, max(0.0, float(2 * value - high)), max(0.0, float(2 * value - low)))


CALIBRATION = register(Kind("calibration", "Predicted probabilities are met by what happens.", calibration))
