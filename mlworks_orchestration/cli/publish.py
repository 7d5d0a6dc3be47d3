"""`mlworks publish TABLE`."""

import json

import click
from rich.console import Console

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project


@click.command()
@click.argument("table")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object.")
def publish(table: str, *, as_json: bool) -> None:
    """Publish the latest row of each entity of feature table TABLE to the online store, as the lake has it now.

    The whole table is read, and the store has afterwards what the lake has: a row that the source has taken back is removed. Assets publish new
    partitions by themselves, so this is for the first time and for repair.

    \b
    Examples:
      mlworks publish weather
      mlworks publish weather --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.data.online import open_store  # noqa: PLC0415 - only where it is used
    from mlworks_orchestration.data.online import publish as put  # noqa: PLC0415

    project = Project.find()
    environment = project.environment
    declared = project.catalog.table(table, asked_by="The command")
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    with Console(stderr=True).status(f"Publishing {table}"):
        done = put(lake, declared, open_store(environment.online), clock.now())
    if as_json:
        click.echo(json.dumps(done.to_dict(), indent=2))
    else:
        click.echo(
            f"{table}: {done.entities:,} entities published to {done.store}, the newest of {done.newest or 'no time'} (Delta version {done.version})."
        )
