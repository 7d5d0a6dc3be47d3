"""Everything embedded, below one folder: Delta on disk, SQLite for MLflow and Dagster."""

import os
from pathlib import Path

from mlworks_orchestration.project import Environment, project_root


def environment() -> Environment:
    """Keep everything below `$MLWORKS_HOME`, by default `.mlworks/` in the project."""
    home = Path(os.environ.get("MLWORKS_HOME") or project_root() / ".mlworks").resolve()
    home.mkdir(parents=True, exist_ok=True)
    return Environment(
        name="local",
        lake=str(home / "lake"),
        tracking_uri=f"sqlite:///{home / 'mlflow.db'}",
        artifacts=str(home / "mlartifacts"),
        mlflow_ui="http://127.0.0.1:5000",
        pages=str(home / "pages"),
        online=os.environ.get("MLWORKS_ONLINE") or f"sqlite:///{home / 'online.db'}",
        automation=os.environ.get("MLWORKS_AUTOMATION") == "on",
    )
