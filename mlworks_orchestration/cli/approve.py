"""`mlworks approve MODEL VERSION`."""

import click

from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.views import how_it_comes_to_serve


@click.command()
@click.argument("model")
@click.argument("version")
@click.option("--by", required=True, metavar="NAME", help="Who approves; the same person counts once.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with the approval.")
def approve(model: str, version: str, by: str, why: str) -> None:
    """Approve a VERSION of MODEL that waits for it; once it has the approvals that it needs, a sensor lets it serve.

    \b
    Examples:
      mlworks approve airline_delay 4 --by anna --why "better on every carrier"
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    click.echo(told(model, version, "approve", by=by, why=why))


def told(name: str, version: str, word: str, *, by: str, why: str) -> str:
    """Record a person's word and return how the version stands.

    Parameters:
        name: of the model.
        version: its number, as the person wrote it.
        word: `approve` or `reject`.
        by: who.
        why: the reason in words.
    """
    from mlworks_orchestration.training import Registry, give_word  # noqa: PLC0415 - seconds that --help need not pay

    project = Project.find()
    environment, model = project.environment, project.model(name)
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    registry = Registry(environment.tracking_uri, lake, artifacts=environment.artifacts)
    number = registry.numbered(name, version)
    stand = give_word(lake, model, registry, number, "reject" if word == "reject" else "approve", by=by, why=why)
    needed, given = model.gate.approvals, len(stand.approvals)
    counted = f"{name} version {number}: {given} of {needed} approvals"
    if stand.approvals:
        counted += f" ({', '.join(each.by for each in stand.approvals)})"
    if stand.rejections:
        people = ", ".join(each.by for each in stand.rejections)
        return f"{counted}. It is held back by {people}; it can serve when they approve."
    if stand.grants(needed):
        return f"{counted}. {how_it_comes_to_serve(name)}."
    return f"{counted}. It waits for {needed - given} more."
