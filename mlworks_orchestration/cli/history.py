"""Replaying a model with a progress bar, and the table that it ends with."""

from datetime import datetime
from typing import Any

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import DriftKind, MLModel


def replay_model(project: Project, model: MLModel, until: datetime | None = None) -> pl.DataFrame:
    """Replay a model, showing progress on standard error, and return its history by month.

    Parameters:
        project: the deployment.
        model: the model's declaration.
        until: where to stop; by default at the end of the history.
    """
    import dagster as dg  # noqa: PLC0415 - seconds that other verbs need not pay

    from mlworks_orchestration import graph, views  # noqa: PLC0415

    definitions = graph.code_location(project)
    lake = graph.open_lake(project.environment)
    columns = (TextColumn("{task.fields[model]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with dg.DagsterInstance.get() as instance, Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", model=model.name, total=None)

        def report(progress: graph.Progress) -> None:
            bar.update(task, completed=progress.done, total=progress.total, description=f"{progress.moment:%Y-%m-%d} {progress.doing}"[:100])

        graph.Replay(model, definitions, instance, lake, until).run(report)
        bar.update(task, description="comparing with the first model")
        return views.monthly_history(lake, project.catalog, model, graph.open_registry(project.environment))


def history_to_dicts(history: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the history as plain values, for JSON."""
    return history.to_dicts()


def show_history(model: MLModel, history: pl.DataFrame) -> None:
    """Print the history by month.

    Parameters:
        model: the model's declaration.
        history: as `views.monthly_history` returns it.
    """
    metric = model.metrics.primary
    title = f"{model.name}: {metric} by month, the champions against the first model never retrained"
    table = Table(title=title)
    for heading in ("Month", "Rows", f"Champion {metric}", f"First model {metric}"):
        table.add_column(heading, justify="left" if heading == "Month" else "right")
    for kind in DriftKind:
        table.add_column(f"{kind} alarms", justify="right")
    for heading in ("Retrainings", "Promoted", "Rejected"):
        table.add_column(heading, justify="right" if heading == "Retrainings" else "left")
    for row in history.iter_rows(named=True):
        numbers = [f"{row[name]:.2f}" if row[name] is not None else "-" for name in ("champion", "first_model")]
        alarms = [str(row[f"{kind}_alarms"]) for kind in DriftKind]
        cells = [row["month"], f"{row['rows']:,}", *numbers, *alarms, str(row["retrainings"]), row["promoted"], row["rejected"]]
        table.add_row(*(Text(cell) for cell in cells))
    console = Console(width=None)
    console.print(table)
    note = "Alarms: partitions whose report found drift. Retrainings: after the first training; versions as in MLflow model"
    console.print(Text(f"{note} {model.name}."))
