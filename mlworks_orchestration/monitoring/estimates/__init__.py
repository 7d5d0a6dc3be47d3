"""Performance before labels arrive: estimated from what was learnt on labelled rows, with its sampling error and whether it can be trusted."""

from mlworks_orchestration.monitoring.estimates.classifier import ClassifierEstimator, fit_classifier_estimator
from mlworks_orchestration.monitoring.estimates.probabilities import ProbabilityEstimator, fit_probability_estimator
from mlworks_orchestration.monitoring.estimates.record import BLIND, Estimate, trust_words
from mlworks_orchestration.monitoring.estimates.regressor import LossEstimator, fit_loss_estimator

__all__ = [
    "BLIND",
    "ClassifierEstimator",
    "Estimate",
    "LossEstimator",
    "ProbabilityEstimator",
    "fit_classifier_estimator",
    "fit_loss_estimator",
    "fit_probability_estimator",
    "trust_words",
]
