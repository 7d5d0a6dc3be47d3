"""`mlworks status [MODEL]`."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import shorten

import click
from rich.box import SIMPLE_HEAD
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
    """Show how each model is doing, a line a model; or of MODEL everything: champion, drift, tests, the retraining sensor's last decision, next step.

    Models that need a person come first. Times are in UTC; partitions are named in the zone of the model's calendar.

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
        _show(found)


def _one(project: Project, lake: Lake, name: str) -> list[ModelStatus]:
    """Return the state of the model of a name, whose declaration may be broken."""
    broken = [broken_status(item) for item in project.declarations.broken if item.name == name]
    return broken or [model_status(lake, project.catalog, project.model(name))]


def _show(found: list[ModelStatus]) -> None:
    if len(found) == 1:
        _show_one(found[0])
        return
    console = Console()
    needed = [item.model for item in found if item.needs_person]
    said = f"A person is needed for {len(needed)} of {len(found)} models: {', '.join(needed)}." if needed else "No model needs a person."
    console.print(Text(said, "bold yellow" if needed else "bold"))
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("Model", "Champion", "Scored to", "Drifted", "Next step"):
        table.add_column(heading, no_wrap=heading in {"Model", "Champion", "Scored to"}, overflow="fold")
    for item in found:
        serves = f"v{item.champion}\n{item.champion_since:%Y-%m-%d}" if item.champion_since else "none"
        style = "yellow" if item.needs_person else ""
        said = item.next_step if item.error else shorten(item.next_step, _SHORT, placeholder=" …")
        cells = (item.model, serves, item.last_scored or "none", "\n".join(item.drifted_now) or "none", said)
        table.add_row(*(Text(cell, style) for cell in cells), end_section=True)
    console.print(table)
    for item in found:
        if item.error:
            console.print(Text(f"{item.model}: {item.error}", "red"))
    console.print(Text("All of one model: mlworks status MODEL", "dim"))


def _show_one(item: ModelStatus) -> None:
    title = Text.assemble((item.model, "bold"), (" needs a person" if item.needs_person else "", "bold yellow"))
    table = Table(title=title, title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(no_wrap=True)
    for name, value, style in _lines(item):
        table.add_row(Text(name, "dim"), Text(value, style))
    Console().print(table)


def _lines(item: ModelStatus) -> list[tuple[str, str, str]]:
    """Return what is shown of a model: name, value and style of each line."""
    if item.error:
        return [("error", item.error, "red"), ("next step", item.next_step, "")]
    lines = [
        ("next step", item.next_step, "yellow" if item.needs_person else ""),
        ("champion", _champion(item), ""),
        ("last scored", item.last_scored or "none", ""),
        ("drifted now", ", ".join(item.drifted_now) or "none", "yellow" if item.drifted_now else ""),
        ("failing quality", "; ".join(item.failing_quality) or "none", "yellow" if item.failing_quality else ""),
        _tests(item, "failing tests", item.failing_tests, item.champion_failing_tests),
        _tests(item, "inconclusive tests", item.inconclusive_tests, item.champion_inconclusive_tests),
        ("last decision", _decision(item), ""),
        ("cooldown ends", _cooldown(item), ""),
        *_past(item),
    ]
    return [*lines, *(("warnings", warning, "yellow") for warning in item.warnings)]


def _champion(item: ModelStatus) -> str:
    if item.champion is None:
        return "none"
    by = "" if item.champion_by == "gate" else f", by {item.champion_by}: {item.champion_why}"
    return f"v{item.champion} since {_utc(item.champion_since)}{by}"


def _decision(item: ModelStatus) -> str:
    if not item.last_decision:
        return "none yet"
    before = "" if item.last_decision_about in {None, item.champion} else f", about version {item.last_decision_about}, which served then"
    said = "the next step says why" if item.last_decision_action == "escalate" and not before else item.last_decision
    return f"{_utc(item.last_decision_at)}: {in_words(item.last_decision_action)}{before}: {said}"


def _cooldown(item: ModelStatus) -> str:
    if item.cooldown_ends is None:
        return "none yet trained"
    return f"{_utc(item.cooldown_ends)}{'' if clock.now() < item.cooldown_ends else ' (over)'}"


def _past(item: ModelStatus) -> Iterator[tuple[str, str, str]]:
    told = (("retraining", item.last_retraining_at, item.last_retraining), ("verdict", item.last_verdict_at, item.last_verdict))
    for name, at, why in told:
        yield f"last {name}", f"{_utc(at)}: {why}" if at else "none", ""


def _tests(item: ModelStatus, name: str, found: tuple[str, ...], of_champion: tuple[str, ...]) -> tuple[str, str, str]:
    newest = "none yet tested" if item.tested is None else f"{', '.join(found) or 'none'} of version {item.tested}"
    serving = "" if item.champion in {None, item.tested} else f"{', '.join(of_champion) or 'none'} of version {item.champion}, which serves; "
    return name, f"{serving}{newest}", "yellow" if found or of_champion else ""


def _utc(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else ""


_SHORT = 150
