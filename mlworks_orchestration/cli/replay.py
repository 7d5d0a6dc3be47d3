"""`mlworks replay MODEL`."""

import json
from datetime import UTC, datetime

import click

from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.cli.history import history_to_dict, show_history
from mlworks_orchestration.cli.replaying import replay_model
from mlworks_orchestration.project import Project


@click.command()
@click.argument("model")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Stop at this day, UTC; by default at the end of the history.")
@click.option("--approve", is_flag=True, help="Where the gate asks people, have a stand-in approve what waits, and record it as that.")
@click.option("--json", "as_json", is_flag=True, help="Print what became of it as JSON: months, compared, policies, drifted.")
def replay(model: str, until: datetime | None, *, approve: bool, as_json: bool) -> None:
    """Move the clock through the history of MODEL, a week or a month at a time, with the jobs and the sensors of production.

    It first trains on one training window, then scores, takes in labels, reports drift and retrains as the declaration says.
    Stopped, it goes on where it was. It ends with a table by month, what retraining brought, also against retraining at every step, and what drifted.

    \b
    Examples:
      mlworks replay airline_delay
      mlworks replay airline_delay --until 2013-06-01
      mlworks replay airline_delay --approve
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    declared = project.model(model)
    ensure_dagster_home(project)
    history = replay_model(project, declared, until.replace(tzinfo=UTC) if until else None, approve=approve)
    if as_json:
        click.echo(json.dumps(history_to_dict(history), indent=2))
    else:
        show_history(declared, history)
