"""The only room, with `sensors/` and `resources/`, that knows Dagster: declarations become assets, checks, jobs, schedules and sensors."""

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

import dagster as dg

# Dagster is pinned to one version, so that what it may change later is known now: partitioned checks, mappings, code references.
for _category in (dg.BetaWarning, dg.PreviewWarning):
    warnings.filterwarnings("ignore", category=_category)

from mlworks_orchestration.graph.approval_sensor import approval_sensor  # noqa: E402 - after the filter above
from mlworks_orchestration.graph.components import FeatureTable, MLModel  # noqa: E402
from mlworks_orchestration.graph.label_sensor import label_sensor  # noqa: E402
from mlworks_orchestration.graph.location import code_location  # noqa: E402
from mlworks_orchestration.graph.resources import open_lake, open_registry  # noqa: E402
from mlworks_orchestration.graph.retraining_sensor import retraining_sensor  # noqa: E402

if TYPE_CHECKING:
    from mlworks_orchestration.graph.by_hand import Retrained, retrain_by_hand
    from mlworks_orchestration.graph.integration import CheckReport, integrate
    from mlworks_orchestration.graph.nobody_there import stand_in
    from mlworks_orchestration.graph.replay import Progress, Replay
    from mlworks_orchestration.graph.trial import Trial, open_trial

_FOR_THE_COMMAND_LINE = {
    "Trial": "trial",
    "open_trial": "trial",
    "CheckReport": "integration",
    "Progress": "replay",
    "Replay": "replay",
    "Retrained": "by_hand",
    "integrate": "integration",
    "retrain_by_hand": "by_hand",
    "stand_in": "nobody_there",
}

__all__ = [
    "CheckReport",
    "FeatureTable",
    "MLModel",
    "Progress",
    "Replay",
    "Retrained",
    "Trial",
    "approval_sensor",
    "code_location",
    "integrate",
    "label_sensor",
    "open_lake",
    "open_registry",
    "open_trial",
    "retrain_by_hand",
    "retraining_sensor",
    "stand_in",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names have any type
    """Import what only the command line uses when it is first used, so that the code location loads without it."""
    if name not in _FOR_THE_COMMAND_LINE:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_FOR_THE_COMMAND_LINE[name]}"), name)
