"""Figures, logged into the active MLflow run."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from mlworks_orchestration.training.figures.charts import png
from mlworks_orchestration.training.figures.numbers import Figures

FOLDER = "figures"
"""Where they lie among a run's artifacts."""


def log_figures(figures: Figures, unit: str = "") -> None:
    """Log each figure as a picture and its numbers as JSON, all in one call.

    Parameters:
        figures: as `figures_of` gives them.
        unit: of the label; empty where it is not known.
    """
    import mlflow  # noqa: PLC0415 - heavy

    with TemporaryDirectory(prefix="mlworks-figures-") as folder:
        for name, numbers in figures.items():
            (Path(folder) / f"{name}.png").write_bytes(png(name, numbers, f", {unit}" if unit else ""))
            (Path(folder) / f"{name}.json").write_text(json.dumps(numbers, allow_nan=False), encoding="utf-8")
        mlflow.log_artifacts(folder, FOLDER)
