"""How a model does at work: its profiles, drift against its own training data, and its performance once the truth is known.

Its names are loaded when they are first used: who only compares two files (`monitoring.drift`) pays for neither Delta Lake nor MLflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlworks_orchestration.monitoring.actions import ACTIONS
    from mlworks_orchestration.monitoring.normal import set_thresholds
    from mlworks_orchestration.monitoring.operations import last_costs, record_operation
    from mlworks_orchestration.monitoring.persistence import require_persistence
    from mlworks_orchestration.monitoring.profiles import (
        feature_profiles,
        label_profiles,
        merge_by_partition,
        prediction_profiles,
        profile,
        residual_profiles,
    )
    from mlworks_orchestration.monitoring.realised import performance
    from mlworks_orchestration.monitoring.reference import DataProfiles, ModelReference, build_reference, profile_snapshot
    from mlworks_orchestration.monitoring.report import ReportWindow, drift_report, report_rows, window_keys
    from mlworks_orchestration.monitoring.tables import JOINT
    from mlworks_orchestration.monitoring.truth import labelled
    from mlworks_orchestration.monitoring.unseen import Rows
    from mlworks_orchestration.monitoring.worth import aggregate_worth, business_features, row_worth

_HOMES = {
    "ACTIONS": "actions",
    "JOINT": "tables",
    "ModelReference": "reference",
    "ReportWindow": "report",
    "Rows": "unseen",
    "aggregate_worth": "worth",
    "build_reference": "reference",
    "business_features": "worth",
    "drift_report": "report",
    "feature_profiles": "profiles",
    "label_profiles": "profiles",
    "labelled": "truth",
    "merge_by_partition": "profiles",
    "performance": "realised",
    "prediction_profiles": "profiles",
    "profile": "profiles",
    "DataProfiles": "reference",
    "profile_snapshot": "reference",
    "last_costs": "operations",
    "record_operation": "operations",
    "report_rows": "report",
    "require_persistence": "persistence",
    "residual_profiles": "profiles",
    "row_worth": "worth",
    "set_thresholds": "normal",
    "window_keys": "report",
}

__all__ = [
    "ACTIONS",
    "JOINT",
    "DataProfiles",
    "ModelReference",
    "ReportWindow",
    "Rows",
    "aggregate_worth",
    "build_reference",
    "business_features",
    "drift_report",
    "feature_profiles",
    "label_profiles",
    "labelled",
    "last_costs",
    "merge_by_partition",
    "performance",
    "prediction_profiles",
    "profile",
    "profile_snapshot",
    "record_operation",
    "report_rows",
    "require_persistence",
    "residual_profiles",
    "row_worth",
    "set_thresholds",
    "window_keys",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names have any type
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
