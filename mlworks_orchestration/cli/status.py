"""`mlworks status [MODEL]`."""

import json
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.views import ModelStatus, broken_status, in_words, model_status, statuses


@click.command()
@click.argument("model", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a model.")
def status(model: str | None, *, as_json: bool) -> None:
    """Show how each model, or MODEL, is doing: champion, drift, the retraining sensor's last decision, next step.

    Models that need a person come first. Times are in the zone of the model's partitions; in JSON they are in UTC.

    \b
    Examples:
      mlworks status
      mlworks status airline_delay
      mlworks status --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    found = _one(project, lake, model) if model else statuses(lake, project.catalog, project.declarations.broken)
    if as_json:
        click.echo(json.dumps([item.to_dict() for item in found], indent=2))
    elif not found:
        click.echo("No model is declared in assets/. See docs/declare.md.")
    else:
        _show(found, {name: declared.partitions.zone for name, declared in project.catalog.models.items()})


def _one(project: Project, lake: Lake, name: str) -> list[ModelStatus]:
    """Return the state of the model of a name, whose declaration may be broken."""
    broken = [broken_status(item) for item in project.declarations.broken if item.name == name]
    return broken or [model_status(lake, project.catalog, project.model(name))]


def _show(found: list[ModelStatus], zones: dict[str, ZoneInfo]) -> None:
    console = Console()
    if len(found) > 1:
        needed = [item.model for item in found if item.needs_person]
        said = f"A person is needed for {len(needed)} of {len(found)} models: {', '.join(needed)}." if needed else "No model needs a person."
        console.print(Text(said, "bold yellow" if needed else "bold"), "")
    for item in found:
        title = Text.assemble((item.model, "bold"), (" needs a person" if item.needs_person else "", "bold yellow"))
        table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
        table.add_column(no_wrap=True)
        for name, value, style in _lines(item, zones.get(item.model)):
            table.add_row(Text(name, "dim"), Text(value, style))
        console.print(table, "")


def _lines(item: ModelStatus, zone: ZoneInfo | None) -> list[tuple[str, str, str]]:
    """Return what is shown of a model: name, value and style of each line."""
    if item.error:
        return [("error", item.error, "red"), ("next step", item.next_step, "")]
    since = _local(item.champion_since, zone)
    lines = [
        ("next step", item.next_step, "yellow" if item.needs_person else ""),
        ("champion", f"v{item.champion} since {since}" if item.champion is not None else "none", ""),
        ("last scored", item.last_scored or "none", ""),
        ("drifted now", ", ".join(item.drifted_now) or "none", "yellow" if item.drifted_now else ""),
        ("failing quality", "; ".join(item.failing_quality) or "none", "yellow" if item.failing_quality else ""),
        ("failing tests", _tests(item), "yellow" if item.failing_tests else ""),
        ("last decision", _decision(item, zone), ""),
        ("cooldown ends", _cooldown(item, zone), ""),
        *_past(item, zone),
    ]
    return [*lines, *(("warnings", warning, "yellow") for warning in item.warnings)]


def _decision(item: ModelStatus, zone: ZoneInfo | None) -> str:
    if not item.last_decision:
        return "none yet"
    said = "the next step says why" if item.last_decision_action == "escalate" else item.last_decision
    return f"{_local(item.last_decision_at, zone)}: {in_words(item.last_decision_action)}: {said}"


def _cooldown(item: ModelStatus, zone: ZoneInfo | None) -> str:
    if item.cooldown_ends is None:
        return "none yet trained"
    return f"{_local(item.cooldown_ends, zone)}{'' if clock.now() < item.cooldown_ends else ' (over)'}"


def _past(item: ModelStatus, zone: ZoneInfo | None) -> Iterator[tuple[str, str, str]]:
    told = (("retraining", item.last_retraining_at, item.last_retraining), ("verdict", item.last_verdict_at, item.last_verdict))
    for name, at, why in told:
        yield f"last {name}", f"{_local(at, zone)}: {why}" if at else "none", ""


def _tests(item: ModelStatus) -> str:
    if item.tested is None:
        return "none yet tested"
    return f"{', '.join(item.failing_tests) or 'none'} of version {item.tested}"


def _local(moment: datetime | None, zone: ZoneInfo | None) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
