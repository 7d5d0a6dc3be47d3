"""`mlworks reject MODEL VERSION`."""

import click

from mlworks_orchestration.cli.approve import told


@click.command()
@click.argument("model")
@click.argument("version")
@click.option("--by", required=True, metavar="NAME", help="Who rejects.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with the rejection.")
def reject(model: str, version: str, by: str, why: str) -> None:
    """Reject a VERSION of MODEL that waits for approval; one rejection holds it back, until the same person approves.

    \b
    Examples:
      mlworks reject airline_delay 4 --by ben --why "worse on night flights"
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    click.echo(told(model, version, "reject", by=by, why=why))
