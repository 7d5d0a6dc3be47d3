"""`mlworks demo`."""

import click

from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.cli.history import show_history
from mlworks_orchestration.cli.replaying import replay_models, replays_at_a_time
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project

_NEXT = """
Where to look next
  make ui                     Dagster on http://127.0.0.1:3000 (lineage, plots over partitions, checks), MLflow on http://127.0.0.1:5000
  mlworks status              how each model is doing and what to do next
  docs/declare.md             how to declare your own model
"""


@click.command()
@click.option("--model", "chosen", multiple=True, help="Replay just this model; may be given more than once.")
@click.option("--jobs", type=click.IntRange(min=1), help="Models to replay at a time; by default one a core with 2 GB of memory for each.")
def demo(chosen: tuple[str, ...], jobs: int | None) -> None:
    """Fetch the data, replay the declared models through their history and show what came of it.

    Each model's tables are printed when it has ended. Stopped, the demo goes on where it was; a model that fails does not hold up the others.

    \b
    Examples:
      mlworks demo
      mlworks demo --model airline_delay
      mlworks demo --jobs 1
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    models = [project.model(name) for name in chosen or project.catalog.models]
    ensure_dagster_home(project)
    failed: dict[str, MLWorksError] = {}
    for model, became in replay_models(project, models, jobs or replays_at_a_time()):
        if isinstance(became, MLWorksError):
            failed[model.name] = became
        else:
            show_history(model, became)
    if failed:
        raise MLWorksError("\n".join(f"{name}: {error}" for name, error in failed.items()))
    click.echo(_NEXT)
