"""`mlworks ci`."""

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.cli.dagster_home import ensure_dagster_home
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project, project_root

if TYPE_CHECKING:
    from mlworks_orchestration.graph import CheckReport

SLICE = Path("tests/data/slice")


@click.command()
@click.option("--select", default="*", show_default=True, help="A model, a table, or assets in Dagster's selection syntax, whose checks count.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results as a JUnit XML file.")
def ci(select: str, junit: Path | None) -> None:
    """Build the selected assets on the committed slice, in a throw-away lake, registry and Dagster home, and run every asset check.

    The slice, `tests/data/slice` or `$MLWORKS_DATA`, must reach two weeks beyond `retraining.window` of each model, or as much longer as it takes to
    score one partition and to know its labels.

    Exit code 1 when a check of severity ERROR fails.

    \b
    Examples:
      mlworks ci
      mlworks ci --select airline_delay
      mlworks ci --select 'key:"features/*"'
      mlworks ci --junit report.xml
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    if junit:
        junit.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="mlworks-ci-") as home:
            reports = _build(Path(home), select)
    except MLWorksError as error:
        if junit:
            write_junit([], junit, error=f"{error}")
        raise
    _show(reports)
    if junit:
        write_junit(reports, junit)
    errors = [report for report in reports if report.is_error]
    if errors:
        message = f"{len(errors)} of {len(reports)} checks failed with severity ERROR: {', '.join(f'{item.asset}:{item.check}' for item in errors)}."
        raise MLWorksError(message)


def _build(home: Path, select: str) -> "list[CheckReport]":
    root = project_root()
    os.environ.update({"MLWORKS_HOME": str(home), "MLWORKS_ENV": "local", "DAGSTER_HOME": str(root)})
    os.environ.setdefault("MLWORKS_DATA", str(root / SLICE))
    project = Project.find(root)
    project.declarations.require_healthy()
    ensure_dagster_home(project)
    import dagster as dg  # noqa: PLC0415 - after the environment is set, and only for this verb

    from mlworks_orchestration import graph  # noqa: PLC0415

    def report(progress: graph.Progress) -> None:
        click.echo(f"{progress.moment:%Y-%m-%d} {progress.doing}", err=True)

    with dg.DagsterInstance.get() as instance:
        return graph.integrate(project, graph.code_location(project), instance, select=select, report=report)


def _show(reports: "list[CheckReport]") -> None:
    table = Table("Asset", "Check", "Evaluations", "Failed", "Severity", "What it says")
    for item in reports:
        colour = "red" if item.is_error else "yellow" if item.failed else "green"
        cells = (item.asset, item.check, str(item.evaluations), str(item.failed), item.severity or "passed", item.description)
        table.add_row(*(Text(cell, colour if index == len(cells) - 2 else "") for index, cell in enumerate(cells)))
    Console().print(table)


def write_junit(reports: "list[CheckReport]", path: Path, error: str = "") -> None:
    """Write check results as JUnit XML: a warning is a passed case with its text as output.

    Parameters:
        reports: one a check.
        path: of the file.
        error: why the assets could not be built, so that there is no report; a case of its own.
    """
    failures, broken = sum(item.is_error for item in reports), int(bool(error))
    suite = ET.Element("testsuite", name="mlworks", tests=str(len(reports) + broken), failures=str(failures), errors=str(broken))
    if error:
        case = ET.SubElement(suite, "testcase", classname="mlworks", name="ci")
        ET.SubElement(case, "error", message="the assets could not be built").text = _printable(error)
    for item in reports:
        case = ET.SubElement(suite, "testcase", classname=item.asset, name=item.check)
        if item.is_error:
            ET.SubElement(case, "failure", message=f"{item.failed} of {item.evaluations} evaluations failed").text = _printable(item.description)
        elif item.failed:
            ET.SubElement(case, "system-out").text = _printable(item.description)
    ET.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def _printable(text: str) -> str:
    """Show control characters, which the data may hold, as a sign that XML allows."""
    return "".join(character if character.isprintable() or character in "\n\t" else "\N{REPLACEMENT CHARACTER}" for character in text)
