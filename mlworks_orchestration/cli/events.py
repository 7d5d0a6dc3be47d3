"""`mlworks events MODEL`."""

import json
from datetime import UTC, datetime
from textwrap import shorten

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.cli.moments import local, read_moment
from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.views import WHILE_IT_SERVES, Event
from mlworks_orchestration.views import events as what_happened

_SHORT = 160
_MARKED = {**dict.fromkeys(("person called", "rejected", "rollback decided", "rolled back"), "bold yellow"), "serves": "bold green"}


@click.command()
@click.argument("model")
@click.option("--since", metavar="TIME", help="Only what happened from this day or time on.")
@click.option("--long", "whole", is_flag=True, help="Give the reasons whole.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object an event: at, what, version, by, why, times, last.")
def events(model: str, since: str | None, *, whole: bool, as_json: bool) -> None:
    """Tell what happened to MODEL, in the order of time: when it was retrained and why, what came of it, who approved, what served, how a promotion
    did beside its predecessor, when a person was called.

    Decisions to wait are left out: they are rows of the lake's table MODEL/decisions. Times are in UTC. TIME is written in ISO 8601, or as
    it is shown here; without an offset it is one in the zone of the model's partitions, as for `mlworks served-at`.

    \b
    Examples:
      mlworks events airline_delay
      mlworks events airline_delay --since 2013-06-01 --long
      mlworks events airline_delay --since "2013-06-03 04:00 UTC"
      mlworks events airline_delay --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    declared = project.model(model)
    zone = declared.partitions.zone
    begin = read_moment(since, zone, "--since") if since else None
    happened = what_happened(lake, declared)
    found = [event for event in happened if begin is None or event.at >= begin]
    if as_json:
        click.echo(json.dumps([event.to_dict() for event in found], indent=2))
    elif not found:
        then = f" since {local(begin, zone)}" if begin and happened else " yet: it was neither trained nor judged"
        click.echo(f"Nothing happened to {model}{then}.")
    else:
        Console().print(_table(found, whole=whole))


def _table(found: list[Event], *, whole: bool) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for event in found:
        serves = " serves" if event.what in WHILE_IT_SERVES else ""
        about = event.by if event.version is None else f"v{event.version}{serves}, {event.by}"
        times = f" {event.times} times, last {_utc(event.last)}" if event.last else ""
        why = event.why if whole else shorten(event.why, _SHORT, placeholder=" …")
        said = Text.assemble((event.what, _MARKED.get(event.what, "bold")), f"{times} ({about})\n", (why, "dim"))
        table.add_row(Text(_utc(event.at)), said)
    return table


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
