"""Where the command line finds Dagster's instance."""

import os
from pathlib import Path

from mlworks_orchestration.project import Project


def ensure_dagster_home(project: Project) -> None:
    """Point DAGSTER_HOME at the project and MLWORKS_HOME at its `.mlworks/`, unless they are set.

    Parameters:
        project: the deployment.
    """
    os.environ.setdefault("DAGSTER_HOME", str(project.root))
    home = Path(os.environ.setdefault("MLWORKS_HOME", str(project.root / ".mlworks")))
    home.mkdir(parents=True, exist_ok=True)
