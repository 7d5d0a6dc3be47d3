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
    r"""Show how each model is doing: champion, last scored partition, failing checks, last retraining, next step.

    \b
    Examples:
      mlworks status
      mlworks status --json
    """
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
    table = Table("Model", "Champion", "Last scored", "Drifted now", "Last verdict", "Next step")
    for item in found:
        if item.error:
            table.add_row(Text(item.model), Text("broken", "red"), "", "", Text(item.error), Text(item.next_step))
            continue
        champion = f"v{item.champion}" if item.champion is not None else "none"
        verdict = f"{item.last_retraining[:10]}: {item.last_retraining_why}" if item.last_retraining else "none"
        cells = (item.model, champion, item.last_scored or "none", ", ".join(item.failing) or "none", verdict, item.next_step)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
