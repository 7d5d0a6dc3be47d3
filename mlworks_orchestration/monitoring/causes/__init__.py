"""The root cause of drift: broken inputs, training-serving skew, the features and slices that matter, and when it began."""

from mlworks_orchestration.monitoring.causes.explain import explain
from mlworks_orchestration.monitoring.causes.found import Causes, DriftedKind
from mlworks_orchestration.monitoring.causes.importance import Importance, build_importance, permutation_importance
from mlworks_orchestration.monitoring.causes.onset import Onset, onsets
from mlworks_orchestration.monitoring.causes.ranking import RankedFeature, rank_features
from mlworks_orchestration.monitoring.causes.skew import ColumnSkew, Skew, skew
from mlworks_orchestration.monitoring.causes.slices import SliceDrift, SliceFeature, drifting_slices
from mlworks_orchestration.monitoring.causes.standing import explain_if_new, standing_causes
from mlworks_orchestration.monitoring.causes.store import read_causes, record_causes
from mlworks_orchestration.monitoring.causes.upstream import UpstreamFailure, upstream_failures

__all__ = [
    "Causes",
    "ColumnSkew",
    "DriftedKind",
    "Importance",
    "Onset",
    "RankedFeature",
    "Skew",
    "SliceDrift",
    "SliceFeature",
    "UpstreamFailure",
    "build_importance",
    "drifting_slices",
    "explain",
    "explain_if_new",
    "onsets",
    "permutation_importance",
    "rank_features",
    "read_causes",
    "record_causes",
    "skew",
    "standing_causes",
    "upstream_failures",
]
