"""The code location that workspace.yaml and `dg` load."""

import dagster as dg

from mlworks_orchestration.graph import code_location
from mlworks_orchestration.project import Project


@dg.definitions
def defs() -> dg.Definitions:
    """Return all definitions of the deployment that is found from the working directory."""
    return code_location(Project.find())
