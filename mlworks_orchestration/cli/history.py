"""Replaying a model with a progress bar, and the table that it ends with."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import UnsupportedOperation
from pathlib import Path
from typing import Any, Literal, TextIO, TypeAlias

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import Business, DriftKind, MLModel

_Heading: TypeAlias = tuple[str, Literal["left", "right"], bool]


def replay_model(project: Project, model: MLModel, until: datetime | None = None) -> pl.DataFrame:
    """Replay a model, showing progress on standard error, and return its history by month.

    Parameters:
        project: the deployment.
        model: the model's declaration.
        until: where to stop; by default at the end of the history.
    """
    import dagster as dg  # noqa: PLC0415 - seconds that other verbs need not pay

    from mlworks_orchestration import graph, views  # noqa: PLC0415
    from mlworks_orchestration.monitoring.page import refresh_page  # noqa: PLC0415

    definitions = graph.code_location(project)
    lake = graph.open_lake(project.environment)
    columns = (TextColumn("{task.fields[model]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with _alone(model), dg.DagsterInstance.get() as instance, _terminal() as terminal, Progress(*columns, console=Console(file=terminal)) as bar:
        task = bar.add_task("starting", model=model.name, total=None)

        def report(progress: graph.Progress) -> None:
            bar.update(task, completed=progress.done, total=progress.total, description=f"{progress.moment:%Y-%m-%d} {progress.doing}"[:100])

        graph.Replay(model, definitions, instance, lake, until).run(report)
        registry = graph.open_registry(project.environment)
        if project.environment.pages and lake.partitions(f"{model.name}/drift_report"):
            bar.update(task, description="drawing the drift page")
            refresh_page(lake, model, registry, project.environment.pages)
        bar.update(task, description="comparing with the first model")
        return views.monthly_history(lake, project.catalog, model, registry)


@contextmanager
def _terminal() -> Iterator[TextIO]:
    """Yield standard error as it is now, for runs write what is printed meanwhile to their logs."""
    try:
        own = os.dup(sys.stderr.fileno())
    except UnsupportedOperation:
        yield sys.stderr
        return
    with open(own, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor has no path
        yield stream


@contextmanager
def _alone(model: MLModel) -> Iterator[None]:
    """Let one process at a time replay a model."""
    path = Path(os.environ["MLWORKS_HOME"]) / f"replay-{model.name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Model {model.name} is being replayed by another process; wait for it, or stop it."
            raise MLWorksError(message) from error
        yield


def history_to_dicts(history: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the history as plain values, for JSON."""
    return history.to_dicts()


def show_history(model: MLModel, history: pl.DataFrame) -> None:
    """Print the history by month.

    Parameters:
        model: the model's declaration.
        history: as `views.monthly_history` returns it.
    """
    metric, digits = model.metrics.primary, 3 if model.classifies else 2
    table = Table(title=f"{model.name} by month", box=SIMPLE_HEAD, padding=(0, 1))
    business = _business_headings(model)
    for heading, justify, no_wrap in (*_HEADINGS[:_METRICS_END], *business, *_HEADINGS[_METRICS_END:]):
        table.add_column(heading.format(metric=metric), justify=justify, no_wrap=no_wrap)
    for row in history.iter_rows(named=True):
        numbers = [f"{row[name]:.{digits}f}" if row[name] is not None else "-" for name in _SIDES]
        numbers += [_amount(row[f"{name}_business"]) for name in _SIDES if business]
        alarms = " ".join(f"{row[f'{kind}_alarms']:>2}" for kind in DriftKind)
        verdicts = "; ".join(f"{word.replace('_', ' ')} {row[word]}" for word in _OUTCOMES if row[word])
        cells = [row["month"], f"{row['rows']:,}", *numbers, alarms, str(row["retrainings"]), verdicts]
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    console.print(table)
    for line in _LEGEND:
        console.print(Text(line.format(metric=metric, model=model.name)))
    if model.business:
        console.print(Text(_business_legend(model.business)))


def _business_headings(model: MLModel) -> list[_Heading]:
    if model.business is None:
        return []
    return [(f"{side}\n{model.business.name}", "right", True) for side in ("Champion", "First")]


def _business_legend(business: Business) -> str:
    name, better = business.name[:1].upper() + business.name[1:], "lower" if business.lower_is_better else "higher"
    unit = f" in {business.unit}" if business.unit else ""
    return f"{name}: {business.aggregate}{unit} of the rows whose label is known; {better} is better."


def _amount(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.3g}"


_SIDES = ("champion", "first_model")
_OUTCOMES = ("promoted", "rejected", "waiting", "dry_run", "rolled_back")
_WHOLE_FROM = 1000
_METRICS_END = 4
_HEADINGS: tuple[_Heading, ...] = (
    ("Month", "left", True),
    ("Rows", "right", True),
    ("Champion\n{metric}", "right", True),
    ("First\n{metric}", "right", True),
    ("Alarms\n F  L  P  C", "left", True),
    ("Re-\ntrained", "right", True),
    ("Verdicts", "left", False),
)
_LEGEND = (
    "Champion: {metric} of what served. First: {metric} of the first model, had it never been retrained.",
    "Alarms: days whose report found feature (F), label (L), prediction (P) or concept (C) drift.",
    "Rows: scored, since the first champion. A metric of - waits for labels.",
    "Verdicts: of the gate about retrainings, by version of the MLflow model {model}.",
)
