"""`mlworks retain`."""

import json
from collections.abc import Sequence
from datetime import timedelta

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.data import Lake, Tidied
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.project import Project

_MOST_REASONS = 2


@click.command()
@click.argument("model", required=False)
@click.option("--all", "every", is_flag=True, help="All tables of the lake, as without MODEL.")
@click.option(
    "--older-than",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    metavar="HOURS",
    help=("Delete only what was of no use for so long: longer than any run takes. 0 only while nothing else runs."),
)
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a table.")
def retain(model: str | None, older_than: int, *, every: bool, dry_run: bool, as_json: bool) -> None:
    """Merge small files of the lake's tables and delete those that nothing needs; say what is kept and why, and what is freed.

    Kept are the newest version of each table, the versions on which registered models were trained, unless they are tagged archived = true, and
    those that stored reports were computed from. With MODEL, only its own tables and those that it reads are touched.

    \b
    Examples:
      mlworks retain --dry-run
      mlworks retain airline_delay
      mlworks retain --all --older-than 168 --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.training import Registry  # noqa: PLC0415 - heavy
    from mlworks_orchestration.training import retain as care_for  # noqa: PLC0415

    if every and model:
        message = "Give MODEL or --all, not both."
        raise click.UsageError(message)
    project = Project.find()
    environment = project.environment
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    declared = project.model(model) if model else None
    tables = care_for(
        lake, project.catalog, Registry(environment.tracking_uri, lake), declared, older_than=timedelta(hours=older_than), dry_run=dry_run
    )
    found: list[Tidied] = []
    with Console(stderr=True).status("Looking at the tables") as shown:
        for item in tables:
            found.append(item)
            shown.update(f"{item.table} is done")
    if as_json:
        click.echo(json.dumps([item.to_dict() for item in found], indent=2))
    else:
        _show(found, dry_run=dry_run)


def _show(found: Sequence[Tidied], *, dry_run: bool) -> None:
    console = Console()
    table = Table("Table", "Newest", "Keeps besides", "Needed by", "Merged", "Freed", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for item in found:
        merged = f"{item.merged:,} files" if item.merged else ""
        freed = f"{item.freed_files:,} files, {_size(item.freed_bytes)}" if item.freed_files else ""
        table.add_row(*map(Text, (item.table, str(item.newest), _versions(item), _reasons(item), merged, freed)))
    console.print(table)
    for item in found:
        if item.trouble:
            console.print(Text(f"{item.table}: {item.trouble}", "red"))
    gone, stored = sum(item.freed_bytes for item in found), sum(item.stored_bytes for item in found)
    files, small = sum(item.freed_files for item in found), sum(item.merged for item in found)
    would = "Would merge" if dry_run else "Merged"
    console.print(Text(f"{would} {small:,} files and {'free' if dry_run else 'freed'} {_size(gone)} of {_size(stored)} in {files:,} files."))


def _versions(item: Tidied) -> str:
    older = [str(version) for version in item.kept if version != item.newest]
    return ", ".join(older) if len(older) <= _MOST_REASONS + 1 else f"{len(older)}, from {older[0]} to {older[-1]}"


def _reasons(item: Tidied) -> str:
    reasons = list(dict.fromkeys(why for each in item.kept.values() for why in each))
    more = len(reasons) - _MOST_REASONS
    return ", ".join(reasons) if more <= 1 else f"{', '.join(reasons[:_MOST_REASONS])} and {more} more"


def _size(count: int) -> str:
    left = float(count)
    for unit in ("bytes", "kB", "MB"):
        if left < 1000:  # noqa: PLR2004 - what a unit holds
            return f"{readable(left, 3)} {unit}"
        left /= 1000
    return f"{left:,.1f} GB"
