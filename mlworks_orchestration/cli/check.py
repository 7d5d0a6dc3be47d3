"""`mlworks check MODEL`."""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.status import Status
from rich.text import Text

from mlworks_orchestration.data import data_folder
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project, project_root

if TYPE_CHECKING:
    from mlworks_orchestration.conformance import Finding
    from mlworks_orchestration.graph import Progress

_MARKS = {True: ("kept", "green"), False: ("broken", "bold red"), None: ("not tried", "yellow")}


@click.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a rule.")
def check(model: str, *, as_json: bool) -> None:
    """Say whether MODEL keeps the rules that every model keeps: it loads, is documented, has its checks, can be built, and does not look ahead, gives
    equal rows when built again, is reported on readably, and can be reproduced.

    It is built in a throw-away place, on two weeks after the first training or until labels have arrived. Exit code 1 when a rule is broken.

    \b
    Examples:
      mlworks check airline_delay
      mlworks check airline_delay --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="mlworks-check-") as home, console.status(f"Loading {model}") as status:
        found = []
        for finding in _examined(Path(home), model, status):
            found.append(finding)
            if not as_json:
                _show(finding)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], indent=2))
    broken = [finding.rule for finding in found if finding.passed is False]
    if broken:
        message = f"Model {model} breaks {len(broken)} of {len(found)} rules: {', '.join(broken)}. Correct what is said above, and check again."
        raise MLWorksError(message)
    if not as_json:
        click.echo(f"Model {model} keeps all {len(found)} rules.")


def _examined(home: Path, name: str, status: Status) -> "Iterator[Finding]":
    """Try the rules with all that is made below a throw-away folder; fetched data stay where they are."""
    root = project_root()
    os.environ.setdefault("MLWORKS_DATA", str(data_folder()))
    os.environ.update({"MLWORKS_HOME": str(home), "MLWORKS_ENV": "local", "DAGSTER_HOME": str(root)})
    project = Project.find(root)
    model = project.model(name)

    from mlworks_orchestration import graph  # noqa: PLC0415 - after the environment is set, and only for this verb
    from mlworks_orchestration.conformance import examine  # noqa: PLC0415

    def report(progress: "Progress") -> None:
        status.update(f"{progress.done} of {progress.total}: {progress.moment:%Y-%m-%d} {progress.doing}")

    with graph.open_trial(project, model) as trial:
        for finding in examine(trial, report):
            status.update(f"After {finding.rule}")
            yield finding


def _show(finding: "Finding") -> None:
    word, style = _MARKS[finding.passed]
    Console().print(Text.assemble((f"{word:<10}", style), (f"{finding.rule:<16}", "bold"), finding.said))
