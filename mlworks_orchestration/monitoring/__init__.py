"""How a model does at work: its profiles, drift against its own training data, and its performance once the truth is known."""

from mlworks_orchestration.monitoring.operations import record_operation
from mlworks_orchestration.monitoring.performance import performance
from mlworks_orchestration.monitoring.profiles import profile
from mlworks_orchestration.monitoring.reference import build_reference
from mlworks_orchestration.monitoring.report import drift_report
from mlworks_orchestration.monitoring.truth import labelled

__all__ = ["build_reference", "drift_report", "labelled", "performance", "profile", "record_operation"]
