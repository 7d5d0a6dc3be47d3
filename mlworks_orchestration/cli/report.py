"""`mlworks report MODEL`."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.drift import ColumnAnalysis
from mlworks_orchestration.monitoring.page import StoredReport, causes_note, ranked_causes, read_report, report_content, with_profiles, write_page
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.project import Project

_MARKS = {True: ("drifted", "bold red"), False: ("no drift", "green"), None: ("inconclusive", "yellow")}
_MOST_COLUMNS = 20
_MOST_CAUSES = 8


@click.command()
@click.argument("model")
@click.option("--partition", metavar="P", help="Key of the partition that the window ends with; the newest report by default.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Write the page of the report, which opens anywhere.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: verdict, actions, all rows of the report, its causes, each column in numbers.")
def report(model: str, partition: str | None, html: Path | None, *, as_json: bool) -> None:
    """Show the drift report of MODEL: the verdict on each kind of drift, what drifted, the likely causes and what to do.

    \b
    Examples:
      mlworks report airline_delay
      mlworks report airline_delay --partition 2013-12-18
      mlworks report airline_delay --html drift.html
      mlworks report airline_delay --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    project = Project.find()
    environment, declared = project.environment, project.model(model)
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    found = read_report(lake, declared, partition)
    if html:
        from mlworks_orchestration.training import Registry  # noqa: PLC0415 - only the page tells of the version's run

        with Console(stderr=True).status("Drawing the page"):
            write_page(report_content(lake, declared, Registry(environment.tracking_uri, lake), found.partition), html)
    if as_json:
        summaries = [{"kind": one.kind.value, "column": one.name, **one.summary} for one in with_profiles(lake, found)]
        click.echo(json.dumps(found.to_dict() | {"summaries": summaries}, indent=2, allow_nan=False))
    else:
        _show(found, with_profiles(lake, found))
        if html:
            click.echo(f"The page is {html}.")


def _show(found: StoredReport, columns: Sequence[ColumnAnalysis]) -> None:
    console = Console()
    head = f"{found.model.name}, window that ends with {found.partition}, compared with version {found.reference_version}"
    console.print(Text(head, "bold"), Text(found.verdict, _MARKS[found.drifted][1]), "", sep="\n")
    kinds = Table("Kind", "Verdict", "What was found", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for kind, row in found.kinds.items():
        kinds.add_row(Text(kind.value), Text(*_MARKS[row["drifted"]]), Text(row["reason"]))
    console.print(kinds)
    for part in _parts(found, columns):
        console.print()
        console.print(part)


def _parts(found: StoredReport, columns: Sequence[ColumnAnalysis]) -> Iterator[Table | Text]:
    drifted = [column for column in columns if column.drifted]
    if drifted:
        yield _columns(drifted)
    if len(drifted) > _MOST_COLUMNS:
        yield Text(f"and {len(drifted) - _MOST_COLUMNS:,} more columns; --json and --html show all.", "dim")
    yield from _causes(found)
    if note := causes_note(found):
        yield Text(note, "dim")
    if found.expected and not found.expected["trusted"]:
        expected = f"{found.expected['metric']} is expected to be {readable(found.expected['value'])}"
        yield Text(f"Before its labels are known, {expected}. {found.expected['reason']}", "dim")
    if found.error_rates:
        yield Text("\n").join([Text("How often such alarms are wrong, and what they find", "dim"), *map(Text, found.error_rates)])
    yield Text("\n").join([Text("What to do", "dim"), *map(Text, found.next_steps)])


def _causes(found: StoredReport) -> Iterator[Text]:
    causes = list(ranked_causes(found.causes))[:_MOST_CAUSES] if found.causes else []
    if not found.causes or not causes:
        return
    sought = found.causes["partition"]
    head = "Likely causes" if sought == found.partition else f"Likely causes, with the numbers of the report of {sought}"
    yield Text("\n").join([Text(head, "dim"), *(Text(f"{place}. {one.name}: {one.evidence}") for place, one in enumerate(causes, 1))])


def _columns(columns: Sequence[ColumnAnalysis]) -> Table:
    table = Table("Column", "Kind", "Effect", "Threshold", "What changed", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns[:_MOST_COLUMNS]:
        leading = column.leading
        numbers = (f"{leading.effect or 0.0:.2f}", f"{leading.threshold:.2f}") if leading else ("", "")
        table.add_row(Text(column.name), Text(column.kind.value), *map(Text, numbers), Text(column.words or column.reason))
    return table
