"""`mlworks demo`."""

import click

from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.cli.history import replay_model, show_history
from mlworks_orchestration.project import Project

_NEXT = """
Where to look next
  make ui                     Dagster on http://127.0.0.1:3000 (lineage, plots over partitions, checks), MLflow on http://127.0.0.1:5000
  mlworks status              how each model is doing and what to do next
  docs/declare.md             how to declare your own model
"""


@click.command()
@click.option("--model", "chosen", multiple=True, help="Replay just this model; may be given more than once.")
def demo(chosen: tuple[str, ...]) -> None:
    """Fetch the data, replay the declared models through their history and show what came of it.

    \b
    Examples:
      mlworks demo
      mlworks demo --model airline_delay
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    models = [project.model(name) for name in chosen or project.catalog.models]
    ensure_dagster_home(project)
    for model in models:
        show_history(model, replay_model(project, model))
    click.echo(_NEXT)
