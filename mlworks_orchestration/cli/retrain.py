"""`mlworks retrain MODEL`."""

import getpass
import json

import click
from rich.console import Console

from mlworks_orchestration.cli.alone import alone
from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.project import Project


@click.command()
@click.argument("model")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with the decision.")
@click.option("--by", default=getpass.getuser, show_default="your user name", metavar="NAME", help="Who asks for it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object.")
def retrain(model: str, why: str, by: str, *, as_json: bool) -> None:
    """Train MODEL now and let the gate judge what comes of it, in this process.

    Cooldown, an open breaker and a spent budget do not hold it back, but they are said; it counts for both. A training under way does: its
    verdict comes first. So does a replay, whose clock is another.

    \b
    Examples:
      mlworks retrain airline_delay --why "the new terminal has opened"
      mlworks retrain airline_delay --by anna --why "two more months of labels" --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    declared = project.model(model)
    ensure_dagster_home(project)
    import dagster as dg  # noqa: PLC0415 - seconds that --help need not pay

    from mlworks_orchestration import graph  # noqa: PLC0415

    with alone(declared), dg.DagsterInstance.get() as instance, Console(stderr=True).status(f"training {model}"):
        done = graph.retrain_by_hand(graph.open_lake(project.environment), declared, graph.code_location(project), instance, by=by, why=why)
    verdict = done.verdict
    if as_json:
        facts = {"model": model, "run_key": done.decision.run_key, "run_id": done.run_id, "reason": done.decision.reason}
        found = {"version": verdict.challenger, "champion_before": verdict.champion, "promoted": verdict.promoted, "favourable": verdict.favourable}
        click.echo(json.dumps({**facts, **found, "verdict": verdict.reason}, indent=2))
        return
    click.echo(done.decision.reason)
    click.echo(f"{model} version {verdict.challenger}, run {done.run_id}. {verdict.reason}")
