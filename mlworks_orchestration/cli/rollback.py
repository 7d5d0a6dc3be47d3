"""`mlworks rollback MODEL`."""

import getpass

import click
import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project


@click.command()
@click.argument("model")
@click.option("--to", metavar="VERSION", help="The version that is to serve, for example 2 or v2; the one before by default.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with the rollback.")
@click.option("--by", default=getpass.getuser, show_default="your user name", metavar="NAME", help="Who rolls back.")
def rollback(model: str, to: str | None, why: str, by: str) -> None:
    """Let an earlier version of MODEL serve again, from the next scored row on; what the gate has decided before does not undo it.

    Without --to the version before and the one that serves change places, so that the same command again undoes it.

    \b
    Examples:
      mlworks rollback airline_delay --why "errors have doubled since Tuesday"
      mlworks rollback airline_delay --to 2 --by anna --why "the last one that knew the new routes"
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.training import Registry, find_verdict, moves, roll_back  # noqa: PLC0415 - seconds that --help need not pay

    project = Project.find()
    environment, declared = project.environment, project.model(model)
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    registry = Registry(environment.tracking_uri, lake, artifacts=environment.artifacts)
    number = registry.numbered(model, to) if to else None
    served = set(moves(lake, model).filter(pl.col("alias") == "champion")["version"])
    before, now = roll_back(lake, declared, registry, number, by=by, why=why)
    click.echo(f"{model}: version {now} serves{'' if before is None else f' instead of version {before}'}, from the next scored row on.")
    if now not in served:
        verdict = find_verdict(lake, model, now)
        judged = "the gate's comparison was not asked" if verdict is None or verdict.favourable else f"the gate judged it. {verdict.reason} All of it"
        click.echo(f"It never served before, and {judged}: see `mlworks lineage {model} --version {now}`.")
    if before is not None:
        click.echo(f"To undo it: mlworks rollback {model} --to {before} --why TEXT")
