"""`mlworks backtest MODEL`."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.cli.progress import Told, progress
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import DriftKind, MLModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlworks_orchestration.retraining.backtest import Policy, Story


@click.command()
@click.argument("model")
@click.option("--policy", "given", multiple=True, metavar="K=V[,K=V…]", help="Try this too: the declared policy with other values; A|B tries both.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Stop at this day, UTC; by default at the end of the history.")
@click.option("--chart", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw error against retrainings, as .svg or .html.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: model, metric, unit and policies.")
def backtest(model: str, *, given: tuple[str, ...], until: datetime | None, chart: Path | None, as_json: bool) -> None:
    """Show what retraining policies would have done for MODEL on its past, side by side.

    The past is replayed in memory through the real decision, gate, drift reports and rollback, under four policies or more: never to retrain,
    at every step, every four weeks, as declared, and what --policy says. Registry, aliases and the tables of production are not touched.

    \b
    Examples:
      mlworks backtest airline_delay
      mlworks backtest airline_delay --policy cooldown=30d,violations=3 --policy kinds=label+concept
      mlworks backtest airline_delay --policy "cooldown=7d|14d|28d,min_new_rows=500|5000" --chart policies.html
      mlworks backtest airline_delay --until 2013-07-01 --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.retraining.backtest import policies, write_chart  # noqa: PLC0415 - seconds that a wrong name need not pay

    project = Project.find()
    declared = project.model(model)
    ensure_dagster_home(project)
    stories = _stories(project, declared, policies(declared, given), until.replace(tzinfo=UTC) if until else None)
    if chart:
        write_chart(declared, stories, chart)
    if as_json:
        click.echo(json.dumps(_as_dict(declared, stories), indent=2, allow_nan=False))
    else:
        _show(declared, stories, chart)


def _stories(project: Project, model: MLModel, tried: "Sequence[Policy]", until: datetime | None) -> "list[Story]":
    from mlworks_orchestration.data import Lake, listening  # noqa: PLC0415 - as above
    from mlworks_orchestration.retraining import backtest as room  # noqa: PLC0415

    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    folder = Path(os.environ["MLWORKS_HOME"]) / "backtest" / model.name
    with progress([model.name]) as shown:

        def report(done: int, total: int, doing: str) -> None:
            shown.show(Told(model.name, done, total, doing))

        with listening(lambda text: shown.show(Told(model.name, None, None, text))):
            return room.backtest(lake, project.catalog, model, tried, folder=folder, until=until, report=report)


def _as_dict(model: MLModel, stories: "Sequence[Story]") -> dict[str, Any]:
    business = {"name": model.business.name, "unit": model.business.unit} if model.business else None
    return {"model": model.name, "metric": model.metrics.primary, "business": business, "policies": [one.to_dict() for one in stories]}


def _show(model: MLModel, stories: "Sequence[Story]", chart: Path | None) -> None:
    console = Console()
    title = f"{model.name}: what each policy would have come to, over {stories[0].rows:,} rows with labels"
    for shown in _WHOLE if console.width >= _WIDE else _HALVES:
        console.print(_summary(model, stories, shown, title))
        title = ""
    for line in _LEGEND:
        console.print(Text(line.format(metric=model.metrics.primary, partitions=f"{model.partitions.every}s")))
    if model.business:
        better = "lower" if model.business.lower_is_better else "higher"
        console.print(Text(f"{model.business.name}: {model.business.aggregate} in {model.business.unit or 'its unit'}; {better} is better."))
    for table in _by_month(model, stories):
        console.print(table)
    if chart:
        console.print(Text(f"The chart is {chart}."))


def _summary(model: MLModel, stories: "Sequence[Story]", shown: "Sequence[str]", title: str) -> Table:
    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
    heads = {**_HEADS, "metric": model.metrics.primary, **({"business": fill(model.business.name, _NARROW)} if model.business else {})}
    columns = [name for name in shown if name in heads]
    for name in columns:
        left = name in {"policy", "alarms"}
        table.add_column(heads[name], justify="left" if left else "right", no_wrap=name != "policy", overflow="fold")
    for one in stories:
        cells = _cells(model, one)
        table.add_row(*(Text(cells[name]) for name in columns))
    return table


def _cells(model: MLModel, one: "Story") -> dict[str, str]:
    promoted = one.outcomes.get("promoted", 0) + one.outcomes.get("rolled back", 0)
    return {
        "policy": one.policy,
        "metric": _number(one.metrics[model.metrics.primary], model),
        "retrained": str(one.retrainings),
        "promoted": str(promoted),
        "not_promoted": str(one.retrainings - promoted),
        "rolled_back": str(one.rollbacks),
        "calls": str(one.calls),
        "alarms": " ".join(f"{one.alarms[kind.value]:>3}" for kind in DriftKind),
        "minutes": readable(one.training_minutes, 2),
        "business": readable(one.business, 3),
    }


def _by_month(model: MLModel, stories: "Sequence[Story]") -> "Iterator[Table]":
    """Yield the primary metric month by month, and the business's number where there is one."""
    values = {model.metrics.primary: [[_number(month.value, model) for month in one.months] for one in stories]}
    if model.business:
        values[model.business.name] = [[readable(month.business, 3) for month in one.months] for one in stories]
    for name, columns in values.items():
        table = Table(title=f"{name} by month", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1))
        table.add_column("Month", no_wrap=True)
        table.add_column("Rows", justify="right")
        for one in stories:
            table.add_column(Text(one.policy), justify="right", overflow="fold")
        for month, *cells in zip(stories[0].months, *columns, strict=True):
            table.add_row(month.month, f"{month.rows:,}", *cells)
        yield table


def _number(value: float | None, model: MLModel) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.{3 if model.classifies else 2}f}"


_HEADS = {
    "policy": "Policy",
    "retrained": "Re-\ntrained",
    "promoted": "Pro-\nmoted",
    "not_promoted": "Not\npromoted",
    "rolled_back": "Rolled\nback",
    "calls": "Calls",
    "alarms": "Alarms\n  F   L   P   C",
    "minutes": "Training\nminutes",
}
_CAME_OF_IT, _ASKED = ("retrained", "promoted", "not_promoted", "rolled_back"), ("calls", "alarms", "minutes")
_WHOLE = (("policy", "metric", *_CAME_OF_IT, *_ASKED, "business"),)
_HALVES = (("policy", "metric", "business", *_CAME_OF_IT), ("policy", *_ASKED))
"""On a narrow terminal there are two tables: what came of a policy, and what it asked of people and machines."""
_WIDE, _NARROW = 116, 16
_LEGEND = (
    "{metric}: of what would have served. Not promoted: by the gate, or not fitted. Calls: decisions that would have called a person.",
    "Alarms: {partitions} whose report found feature (F), label (L), prediction (P) or concept (C) drift.",
    "Training minutes: of the processor, for fitting alone; the first model's are left out.",
)
