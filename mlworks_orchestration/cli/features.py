"""`mlworks features [TERM]`."""

import json
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.data import Lake
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.project import Project
from mlworks_orchestration.views.dictionary import Entry, Freshness, Statistics, declared, feature_dictionary, search

_FEW = 3
"""So many entries are shown in full."""


@click.command()
@click.argument("term", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a column.")
def features(term: tuple[str, ...], *, as_json: bool) -> None:
    """Look up features: type, unit, owner, description, source, the models that use them, freshness and statistics.

    TERM is looked for in names, descriptions, units, owners, tables and models; several words must all be found. Without it, everything is
    listed. Statistics are of the newest 100,000 rows of a table, or somewhat more, for partitions are read whole.

    \b
    Examples:
      mlworks features
      mlworks features wind_speed
      mlworks features minutes airline_delay --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    chosen = search(project.catalog, " ".join(term)) if term else declared(project.catalog)
    with Console(stderr=True).status("Looking at the tables"):
        found = feature_dictionary(lake, project.catalog, chosen)
    if as_json:
        click.echo(json.dumps([entry.to_dict() for entry in found], indent=2))
    elif not found:
        click.echo("No feature table is declared in assets/. See docs/declare.md.")
    elif len(found) <= _FEW:
        _show_in_full(found)
    else:
        _show(found)


def _show(found: Sequence[Entry]) -> None:
    console = Console()
    for name in dict.fromkeys(entry.table for entry in found):
        of_table = [entry for entry in found if entry.table == name]
        freshness = of_table[0].freshness
        title = Text.assemble(
            (name, "bold"), (f"  {of_table[0].owner}, {f'newest {freshness.partition}' if freshness else 'no partition yet'}", "dim")
        )
        table = Table(title=title, title_justify="left", box=None, padding=(0, 2), header_style="dim")
        table.add_column("feature", no_wrap=True)
        for heading in ("type", "used by", "missing", "what"):
            table.add_column(heading)
        for entry in of_table:
            table.add_row(*map(Text, _cells(entry)))
        console.print(table, "")


def _cells(entry: Entry) -> tuple[str, ...]:
    missing = f"{entry.statistics.missing / max(entry.statistics.rows, 1):.1%}" if entry.statistics else ""
    what = f"{entry.description} [{entry.unit}]" if entry.unit else entry.description
    return (entry.name, entry.type, ", ".join(map(str, entry.used_by)), missing, what)


def _show_in_full(found: Sequence[Entry]) -> None:
    console = Console()
    for entry in found:
        table = Table(title=Text(f"{entry.table}.{entry.name}", "bold"), title_justify="left", show_header=False, box=None, padding=(0, 2))
        for name, value in _lines(entry):
            table.add_row(Text(name, "dim"), Text(value))
        console.print(table, "")


def _lines(entry: Entry) -> list[tuple[str, str]]:
    return [
        ("what", entry.description or "not described"),
        ("type", f"{entry.type}, in {entry.unit}" if entry.unit else entry.type),
        ("owner", entry.owner),
        ("source", entry.source),
        ("used by", ", ".join(map(str, entry.used_by)) or "no model"),
        ("freshness", _freshness(entry.freshness)),
        *(_statistics(entry.statistics) if entry.statistics else []),
    ]


def _freshness(freshness: Freshness | None) -> str:
    if freshness is None:
        return "the table has no partition yet"
    return f"partition {freshness.partition}, newest event at {freshness.event_time:%Y-%m-%d %H:%M} UTC; {freshness.rows:,} rows in all"


def _statistics(found: Statistics) -> list[tuple[str, str]]:
    first, last = found.partitions
    lines = [("values", f"{found.rows:,} rows of {first} to {last}: {found.missing:,} missing, {found.distinct:,} distinct")]
    if found.mean is not None:
        lines.append(("mean", readable(found.mean, 6)))
    if found.quantiles:
        shares = ", ".join(f"{float(share):.0%} {_short(value)}" for share, value in found.quantiles.items())
        lines.append(("quantiles", f"smallest {_short(found.minimum)}, {shares}, largest {_short(found.maximum)}"))
    lines.append(("most often", ", ".join(f"{_short(value)} ({rows:,})" for value, rows in found.top) or "nothing"))
    return lines


def _short(value: object) -> str:
    return readable(value, 6) if isinstance(value, float) else str(value)
