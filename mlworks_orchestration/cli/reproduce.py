"""`mlworks reproduce MODEL`."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.project import Project

if TYPE_CHECKING:
    from mlworks_orchestration.training import Registry, Reproduction


@click.command()
@click.argument("model")
@click.option("--version", metavar="N", help="The registered version; the champion by default.")
@click.option("--all", "every", is_flag=True, help="Every registered version.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a version.")
def reproduce(model: str, version: str | None, *, every: bool, as_json: bool) -> None:
    """Fit a version of MODEL again, from the rows it was fitted on, and compare metrics and predictions with what was logged.

    Registers and logs nothing. Ends with exit code 0 if all is equal, else 1.

    \b
    Examples:
      mlworks reproduce airline_delay
      mlworks reproduce airline_delay --version 2
      mlworks reproduce airline_delay --all --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.training import Registry  # noqa: PLC0415 - heavy
    from mlworks_orchestration.training import reproduce as fit_again  # noqa: PLC0415

    if every and version is not None:
        message = "Give --version or --all, not both."
        raise click.UsageError(message)
    project = Project.find()
    environment, declared = project.environment, project.model(model)
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    registry = Registry(environment.tracking_uri, lake)
    found = []
    for number in _versions(registry, model, version, every=every):
        with Console(stderr=True).status(f"Fitting {model} version {number} again"):
            found.append(fit_again(lake, project.catalog, declared, registry, number))
    if as_json:
        click.echo(json.dumps([item.to_dict() for item in found], indent=2))
    else:
        _show(found)
    sys.exit(0 if all(item.equal for item in found) else 1)


def _versions(registry: "Registry", model: str, version: str | None, *, every: bool) -> list[int]:
    if version is not None:
        return [registry.numbered(model, version)]
    if every:
        found = sorted(version.version for version in registry.versions(model))
    else:
        champion = registry.champion(model)
        found = [champion.version] if champion else []
    if not found:
        what = "registered version" if every else "champion"
        message = f"Model {model} has no {what} yet; run its job {model}_train, or name a version with --version."
        raise NotReadyError(message)
    return found


def _show(found: "Sequence[Reproduction]") -> None:
    console = Console()
    for item in found:
        console.print(Text(item.verdict, "green" if item.equal else "bold red"))
        if item.metrics:
            table = Table("Metric", "Logged", "Fitted again", box=None, padding=(0, 2, 0, 0), header_style="dim")
            for name, (logged, refitted) in item.metrics.items():
                table.add_row(Text(name), Text(f"{logged:.10g}"), Text(f"{refitted:.10g}"))
            console.print(table)
        for cause in item.causes[1:]:
            console.print(Text(f"Or {cause.kind}: {cause.evidence}"))
        for note in item.notes:
            console.print(Text(f"Without effect: {note}", "dim"))
        console.print()
