"""`mlworks new model` and `mlworks new feature-table`."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import parse_duration

if TYPE_CHECKING:
    from mlworks_orchestration.onboarding import Draft, Request

Command = Callable[..., None]


class _Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:  # noqa: ANN401 - click's own
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


_SHARED = (
    click.argument("name"),
    click.option("--data", required=True, type=click.Path(path_type=Path), metavar="FILE", help="CSV or Parquet file."),
    click.option("--time", default="", metavar="COLUMN", help="When a row is about; inferred if just one column holds times."),
    click.option("--entity", multiple=True, metavar="COLUMN", help="What, with the time, identifies a row; inferred, or the row's number."),
    click.option("--timezone", default="UTC", show_default=True, help="Of times without an offset; partitions begin at its midnight."),
    click.option("--time-format", default="", metavar="FORMAT", help="Of times that are texts, for example '%d.%m.%Y %H:%M'; inferred."),
    click.option("--null", "nulls", multiple=True, metavar="TEXT", help="A further text that means a missing value."),
    click.option("--feature", "features", multiple=True, metavar="COLUMN", help="A column to use; all that can be used, if none is named."),
    click.option("--drop", multiple=True, metavar="COLUMN", help="A column not to use."),
    click.option("--owner", default="team:data-science", show_default=True, help="Who answers for it: an e-mail address, or team: and a name."),
    click.option("--description", default="", help="What it predicts, or what a row is."),
    click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON: what was found out, and the files."),
)


def _shared(command: Command) -> Command:
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.group()
def new() -> None:
    """Write a model or a feature table from a data file.

    \b
    Examples:
      mlworks new model fare --data data/rides.csv --label fare --time started_at
      mlworks new feature-table weather --data data/weather.parquet --entity station --time observed_at
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are


@new.command()
@click.option("--label", default="", metavar="COLUMN", help="What is predicted.")
@click.option(
    "--label-delay", "delay", type=_Duration(), metavar="DURATION", help="How long after the time it is known, as 7d; one partition if not given."
)
@click.option("--positive", default="", metavar="TEXT", help="Of a label of words, the one whose probability is predicted, against all others.")
@click.option("--task", default="", help="What kind of prediction it is; inferred from the label.")
@_shared
def model(**given: Any) -> None:  # noqa: ANN401 - the options above
    """Write the model NAME: its feature tables, declaration, estimator and test, all found out from the file.

    `mlworks replay NAME` then shows what its past would have been, and `mlworks check NAME` whether it keeps all rules.

    \b
    Examples:
      mlworks new model fare --data data/rides.csv --label fare --time started_at
      mlworks new model fare --data data/rides.csv --label fare --time started_at --entity ride_id --label-delay 2d --dry-run
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.onboarding import draft_model  # noqa: PLC0415 - heavy

    _run(draft_model, **given)


@new.command()
@_shared
def feature_table(**given: Any) -> None:  # noqa: ANN401 - the options above
    """Write the feature table NAME: its declaration and its source, found out from the file.

    \b
    Examples:
      mlworks new feature-table weather --data data/weather.parquet --entity station --time observed_at
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.onboarding import draft_table  # noqa: PLC0415 - heavy

    _run(draft_table, **given)


def _run(draft: "Callable[[Project, Request], Draft]", *, dry_run: bool, as_json: bool, **given: Any) -> None:  # noqa: ANN401
    from mlworks_orchestration.onboarding import Request  # noqa: PLC0415 - heavy

    project = Project.find()
    request = Request(**given)
    with Console(stderr=True).status(f"Reading {request.data}"):
        made = _answered(draft, project, request)
        if not dry_run:
            made.write()
    if as_json:
        click.echo(json.dumps({"name": request.name, "written": not dry_run, "found": made.profile.summary(), "files": made.files}, indent=2))
    else:
        _show(made, dry_run=dry_run)


def at_terminal() -> bool:
    """Return whether there is a person to ask."""
    return sys.stdin.isatty()


def _answered(draft: "Callable[[Project, Request], Draft]", project: Project, request: "Request") -> "Draft":
    """Draft, and ask for what the data do not tell: at a terminal the person, elsewhere by an error that says what to pass."""
    from mlworks_orchestration.onboarding import UndecidedError  # noqa: PLC0415 - heavy

    while True:
        try:
            return draft(project, request)
        except UndecidedError as error:
            if not at_terminal():
                raise
            choices = click.Choice(error.choices) if error.choices else None
            answer: Any = click.prompt(str(error), type=choices, show_choices=False, err=True)
            request = replace(request, **{error.field: answer})


def _show(made: "Draft", *, dry_run: bool) -> None:
    console = Console()
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in made.profile.summary():
        table.add_row(Text(name, "dim"), Text(value))
    console.print(table)
    for path, text in made.files.items():
        console.print(Text(f"{'would write' if dry_run else 'wrote'} {path}, {text.count(chr(10))} lines"))
    name = made.profile.request.name
    if dry_run:
        console.print(Text("Nothing was written: --dry-run."))
    elif made.profile.label is not None:
        console.print(Text(f"Next: read assets/{name}/defs.yaml, then mlworks check {name}, then mlworks replay {name}."))
    else:
        console.print(Text(f"Next: read assets/{name}/defs.yaml, then name the table under features of a model, see docs/declare.md."))
