"""How a model does at work: its profiles, drift against its own training data, and its performance once the truth is known.

Its names are loaded when they are first used: who only compares two files (`monitoring.drift`) pays for neither Delta Lake nor MLflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlworks_orchestration.monitoring.actions import ACTIONS
    from mlworks_orchestration.monitoring.operations import record_operation
    from mlworks_orchestration.monitoring.profiles import profile
    from mlworks_orchestration.monitoring.realised import performance
    from mlworks_orchestration.monitoring.reference import build_reference
    from mlworks_orchestration.monitoring.report import drift_report
    from mlworks_orchestration.monitoring.tables import JOINT
    from mlworks_orchestration.monitoring.truth import labelled
    from mlworks_orchestration.monitoring.worth import aggregate_worth, business_features, row_worth

_HOMES = {
    "ACTIONS": "actions",
    "JOINT": "tables",
    "aggregate_worth": "worth",
    "build_reference": "reference",
    "business_features": "worth",
    "drift_report": "report",
    "labelled": "truth",
    "performance": "realised",
    "profile": "profiles",
    "record_operation": "operations",
    "row_worth": "worth",
}

__all__ = [
    "ACTIONS",
    "JOINT",
    "aggregate_worth",
    "build_reference",
    "business_features",
    "drift_report",
    "labelled",
    "performance",
    "profile",
    "record_operation",
    "row_worth",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names have any type
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
