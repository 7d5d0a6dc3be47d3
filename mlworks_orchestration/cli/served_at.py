"""`mlworks served-at MODEL [TIME]`."""

import json
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration import clock
from mlworks_orchestration.cli.moments import local, read_moment
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.project import Environment, Project

if TYPE_CHECKING:
    from mlworks_orchestration.training import Term


@click.command("served-at")
@click.argument("model")
@click.argument("time", required=False)
@click.option("--as-known-at", metavar="TIME", help="Count only what was recorded by then.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object.")
def served_at(model: str, time: str | None, as_known_at: str | None, *, as_json: bool) -> None:
    """Say which version of MODEL served at TIME, by default now, since when, until when, which followed, why and by whose doing.

    TIME is written in ISO 8601; without an offset it is a time in the zone of the model's partitions. The answer comes from the lake alone; what
    MLflow still has of the version is added.

    \b
    Examples:
      mlworks served-at airline_delay
      mlworks served-at airline_delay 2013-06-01
      mlworks served-at airline_delay 2013-06-01T14:30 --as-known-at 2013-06-02T00:00Z
      mlworks served-at airline_delay 2013-06-01T14:30:00-04:00 --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.training import served_at as term_at  # noqa: PLC0415 - seconds that --help need not pay

    project = Project.find()
    environment, declared = project.environment, project.model(model)
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    zone = declared.partitions.zone
    at = read_moment(time, zone, "TIME") if time else clock.now().astimezone(zone)
    known_at = read_moment(as_known_at, zone, "--as-known-at") if as_known_at else None
    term = term_at(lake, model, at, known_at)
    kept, missing = _in_mlflow(environment, lake, model, term.version)
    if as_json:
        click.echo(json.dumps({**term.to_dict(), "mlflow": kept, "mlflow_missing": missing}, indent=2))
        return
    about = "run {}, snapshot {}".format(kept["run_id"], kept["tags"].get("snapshot", "unknown")) if kept else missing
    table = Table(title=f"{model} at {local(at, zone)} (times in {zone.key}): version {term.version}", title_justify="left", title_style="bold")
    table.show_header, table.box, table.padding = False, None, (0, 2)
    table.add_column(no_wrap=True)
    for name, said in (
        ("served", f"since {local(term.held_from, zone)}, {_until(term, zone)}"),
        ("recorded", f"{local(term.recorded_at, zone)}, by {term.moved_by}"),
        ("why", term.why),
        ("in MLflow", about),
    ):
        table.add_row(Text(name, "dim"), Text(said))
    Console().print(table)


def _until(term: "Term", zone: ZoneInfo) -> str:
    if term.held_until is None:
        return "and serves still"
    then = "no version served" if term.followed_by is None else f"version {term.followed_by} followed"
    return f"until {local(term.held_until, zone)}, when {then}"


def _in_mlflow(environment: Environment, lake: Lake, model: str, version: int) -> tuple[dict[str, Any] | None, str]:
    """Return what MLflow still has of a version, or why it has nothing."""
    from mlworks_orchestration.training import Registry  # noqa: PLC0415 - seconds that --help need not pay

    try:
        found = Registry(environment.tracking_uri, lake).version(model, version)
    except TrackingError as error:
        return None, str(error)
    return {"run_id": found.run_id, "created_at": found.created_at.isoformat(), "tags": found.tags}, ""
