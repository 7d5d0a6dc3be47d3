"""ML Works: continuous integration, training and monitoring of machine-learning models on Dagster.

Importing this package costs next to nothing; its names are loaded when they are first used.

Examples:
    >>> import mlworks_orchestration
    >>> sorted(mlworks_orchestration.__all__)
    ['Catalog', 'FeatureTable', 'Lake', 'MLModel', 'MLWorksError', 'Project']
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlworks_orchestration.data import Lake
    from mlworks_orchestration.errors import MLWorksError
    from mlworks_orchestration.graph import FeatureTable, MLModel
    from mlworks_orchestration.project import Project
    from mlworks_orchestration.spec import Catalog

_HOMES = {
    "Catalog": "spec",
    "FeatureTable": "graph",
    "Lake": "data",
    "MLModel": "graph",
    "MLWorksError": "errors",
    "Project": "project",
}

__all__ = ["Catalog", "FeatureTable", "Lake", "MLModel", "MLWorksError", "Project"]

# Read when the libraries are imported, so they must be set before. Nothing leaves the machine; and threads of scikit-learn that wait give up
# the core: on a busy machine they otherwise make a fit ten times as slow.
for _switch, _value in {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "OMP_WAIT_POLICY": "PASSIVE"}.items():
    os.environ.setdefault(_switch, _value)


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names have any type
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """Return the public names; Dagster finds the component types among them."""
    return __all__
