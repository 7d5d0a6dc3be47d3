"""`mlworks status`."""

import json

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.views import ModelStatus, statuses


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a model.")
def status(*, as_json: bool) -> None:
    """Show how each model is doing: champion, last scored partition, failing checks, last retraining, next step.

    \b
    Examples:
      mlworks status
      mlworks status --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    found = statuses(lake, project.catalog, project.declarations.broken)
    if as_json:
        click.echo(json.dumps([item.to_dict() for item in found], indent=2))
    elif not found:
        click.echo("No model is declared in assets/. See docs/declare.md.")
    else:
        _show(found)


def _show(found: list[ModelStatus]) -> None:
    console = Console()
    for item in found:
        table = Table(title=Text(item.model, "bold"), title_justify="left", show_header=False, box=None, padding=(0, 2))
        for name, value, style in _lines(item):
            table.add_row(Text(name, "dim"), Text(value, style))
        console.print(table, "")


def _lines(item: ModelStatus) -> list[tuple[str, str, str]]:
    """Return what is shown of a model: name, value and style of each line."""
    if item.error:
        return [("broken", item.error, "red"), ("next step", item.next_step, "")]
    verdict = f"{item.last_retraining[:10]}: {item.last_retraining_why}" if item.last_retraining else "none"
    return [
        ("champion", f"v{item.champion}" if item.champion is not None else "none", ""),
        ("last scored", item.last_scored or "none", ""),
        ("drifted now", ", ".join(item.failing) or "none", "yellow" if item.failing else ""),
        ("failing quality", "; ".join(item.failing_quality) or "none", "yellow" if item.failing_quality else ""),
        ("failing tests", _tests(item), "yellow" if item.failing_tests else ""),
        ("last retraining", item.asked_for or "none", ""),
        ("last verdict", verdict, ""),
        ("next step", item.next_step, ""),
        *(("policy", warning, "yellow") for warning in item.warnings),
    ]


def _tests(item: ModelStatus) -> str:
    if item.tested is None:
        return "none yet tested"
    return f"{', '.join(item.failing_tests) or 'none'} of version {item.tested}"
