"""The code location that workspace.yaml and `dg` load."""

import gc

import dagster as dg

# What importing Dagster made stays as long as the process does; the collector need not walk it again while definitions are built.
gc.freeze()

from mlworks_orchestration.graph import code_location  # noqa: E402 - after the freeze
from mlworks_orchestration.project import Project  # noqa: E402


@dg.definitions
def defs() -> dg.Definitions:
    """Return all definitions of the deployment that is found from the working directory."""
    return code_location(Project.find())
