"""`mlworks calibrate MODEL`."""

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.cli.progress import Told, progress
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.error_rates import (
    ErrorRates,
    Power,
    error_rates_page,
    kind_words,
    measure_error_rates,
    power_tables,
    rate_words,
    read_error_rates,
    record_error_rates,
    remarks,
)
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import Registry


@click.command()
@click.argument("model")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write a page that opens without a network.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object with `false_alarms` and `shifts`.")
@click.option("--again", is_flag=True, help="Measure anew what was measured before.")
def calibrate(model: str, *, html: Path | None, as_json: bool, again: bool) -> None:
    """Measure how often the drift alarms of MODEL are false, and which shifts they find and when, on the champion's own data.

    What was found is kept beside the champion's reference; it is measured once a champion and declaration of drift.

    \b
    Examples:
      mlworks calibrate airline_delay
      mlworks calibrate airline_delay --html error-rates.html
      mlworks calibrate airline_delay --again --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    declared = project.model(model)
    lake = Lake(project.environment.lake, storage_options=project.environment.storage_options)
    rates = _rates(project, declared, lake, again=again)
    if html:
        html.parent.mkdir(parents=True, exist_ok=True)
        html.write_text(error_rates_page(rates), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(rates.to_dict(), indent=2, allow_nan=False))
    else:
        _show(rates, html)


def _rates(project: Project, model: MLModel, lake: Lake, *, again: bool) -> ErrorRates:
    """Return the stored error rates of the champion, measured now if they never were."""
    registry = Registry(project.environment.tracking_uri, lake, artifacts=project.environment.artifacts)
    champion = registry.champion(model.name)
    if champion is None:
        message = (
            f"Model {model.name} has no champion, on whose data its error rates could be measured; materialise {model.name}/champion, or run "
            f"`mlworks replay {model.name}`, first."
        )
        raise NotReadyError(message)
    stored = None if again else read_error_rates(lake, model, champion.version)
    if stored is not None:
        return stored
    with progress([model.name]) as shown:

        def report(done: int, total: int, doing: str) -> None:
            shown.show(Told(model.name, done, total, doing))

        rates = measure_error_rates(lake, project.catalog, model, registry, champion.version, report=report)
    record_error_rates(lake, rates)
    return rates


def _show(rates: ErrorRates, html: Path | None) -> None:
    console = Console()
    console.print(Text(f"{rates.model} version {rates.version}: how often its drift alarms are wrong", "bold"))
    console.print("", _alarms(rates))
    for table in power_tables(rates):
        shown = Table(table.title, *table.heads, box=None, padding=(0, 2, 0, 0), header_style="dim")
        shown.columns[0].no_wrap = True
        for line in table.lines:
            shown.add_row(Text(line.name), *(Text(_found(one)) for one in line.powers))
        console.print("", shown)
    about = "Share of windows that alarm once all their rows are shifted (partitions until the first alarm at the median)."
    console.print("", Text(about, "dim"), sep="\n")
    sentences = [words for kind in DriftKind if (words := kind_words(rates, kind))]
    console.print("", *(Text(f"{words[:1].upper()}{words[1:]}.") for words in sentences), sep="\n")
    console.print("", *(Text(remark, "yellow") for remark in remarks(rates)), sep="\n")
    about = f"Measured on {rates.measured_at:%Y-%m-%d %H:%M} UTC on {rates.partitions} partitions, {rates.rows:,} rows, in {rates.seconds:.0f} s"
    console.print("", Text(f"{about}, seed {rates.seed}. --html tells the method; --again measures anew.", "dim"), sep="\n")
    if html:
        console.print(Text(f"The page is {html}."))


def _alarms(rates: ErrorRates) -> Table:
    table = Table("False alarms a year", "declared", "drawn anew", "held out, windows alarming", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for one in rates.false_alarms:
        held_out = "-" if one.held_out is None else f"{rate_words(one.held_out)}, {one.held_out.alarming} of {one.held_out.windows}"
        table.add_row(Text(one.kind.value), Text(f"{one.declared:g}"), Text(rate_words(one.drawn)), Text(held_out))
    return table


def _found(one: Power | None) -> str:
    if one is None:
        return "-"
    return f"{one.power:.0%}" if one.median is None else f"{one.power:.0%} ({one.median})"
