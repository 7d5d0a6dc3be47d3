"""The only room, with `sensors/` and `resources/`, that knows Dagster: declarations become assets, checks, jobs, schedules and sensors."""

import warnings

import dagster as dg

# Dagster is pinned to one version, so that what it may change later is known now: partitioned checks, mappings, code references.
for _category in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=_category)

from mlworks_orchestration.graph.components import FeatureTable, MLModel  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.integration import CheckReport, integrate  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.label_sensor import label_sensor  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.location import code_location  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.replay import Progress, Replay  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.resources import open_lake, open_registry  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.retraining_sensor import retraining_sensor  # noqa: E402 - after the filter above

__all__ = [
    "CheckReport",
    "FeatureTable",
    "MLModel",
    "Progress",
    "Replay",
    "code_location",
    "integrate",
    "label_sensor",
    "open_lake",
    "open_registry",
    "retraining_sensor",
]
