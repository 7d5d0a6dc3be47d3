"""Performance before labels arrive: estimated from what was learnt on labelled rows, with its sampling error and whether it can be trusted."""

from mlworks_orchestration.monitoring.estimates.calibration import Calibration, fit_calibration
from mlworks_orchestration.monitoring.estimates.classifier import estimate_classifier
from mlworks_orchestration.monitoring.estimates.probabilities import ProbabilityEstimator, fit_probability_estimator
from mlworks_orchestration.monitoring.estimates.record import Estimate
from mlworks_orchestration.monitoring.estimates.regressor import LossEstimator, fit_loss_estimator

__all__ = [
    "Calibration",
    "Estimate",
    "LossEstimator",
    "ProbabilityEstimator",
    "estimate_classifier",
    "fit_calibration",
    "fit_loss_estimator",
    "fit_probability_estimator",
]
