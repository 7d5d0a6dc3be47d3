"""`mlworks doctor`."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.project import Project

_PACKAGES = ("dagster", "dagster-mlflow", "deltalake", "great-expectations", "mlflow", "polars", "scikit-learn")
_FREE_GB = 2
_JAVA = 17


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters:
        what: it is.
        ok: whether it is as it must be.
        found: what was found.
        remedy: how to get it, when it is not.
        required: whether nothing works without it.
    """

    what: str
    ok: bool
    found: str
    remedy: str = ""
    required: bool = True


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list with an object a finding.")
def doctor(*, as_json: bool) -> None:
    """Say what is missing on this machine and how to get it. Exit code 1 when something required is missing.

    \b
    Examples:
      mlworks doctor
      mlworks doctor --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    findings = list(examine())
    if as_json:
        click.echo(json.dumps([asdict(item) for item in findings], indent=2))
    else:
        table = Table("What", "", "Found", "How to get it")
        for item in findings:
            mark = Text("ok", "green") if item.ok else Text("missing", "red") if item.required else Text("optional", "yellow")
            table.add_row(Text(item.what), mark, Text(item.found), Text("" if item.ok else item.remedy))
        Console().print(table)
    missing = [item.what for item in findings if item.required and not item.ok]
    if missing:
        message = f"Missing: {', '.join(missing)}."
        raise MLWorksError(message)


def examine() -> Iterator[Finding]:
    """Yield a finding for everything that the project needs."""
    version = sys.version_info
    yield Finding("Python", (3, 11) <= version[:2] <= (3, 13), f"{version.major}.{version.minor}.{version.micro}", "Install Python 3.11 to 3.13.")
    for package in _PACKAGES:
        yield _package(package)
    yield _package("dagster-pyspark", command="make spark", required=False)
    yield from _programs()
    yield _java()
    yield from _deployment()


def _package(name: str, command: str = "make install", *, required: bool = True) -> Finding:
    try:
        return Finding(name, ok=True, found=metadata.version(name), required=required)
    except metadata.PackageNotFoundError:
        return Finding(name, ok=False, found="not installed", remedy=f"Run `{command}`.", required=required)


def _java() -> Finding:
    """Look at the Java that Spark would start: that of JAVA_HOME, else the first on the path."""
    home = os.environ.get("JAVA_HOME")
    program = shutil.which("java", path=str(Path(home) / "bin") if home else None)
    said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr if program else ""  # noqa: S603 - found on the path
    version = re.search(r'version "(\d+)([^"]*)"', said)
    enough = version is not None and int(version[1]) >= _JAVA
    found = version[1] + version[2] if version else program or "not found"
    return Finding("Java", enough, found, f"Spark needs Java {_JAVA} or newer: apt-get install openjdk-{_JAVA}-jre-headless.", required=False)


def _programs() -> Iterator[Finding]:
    git = shutil.which("git")
    yield Finding("git", git is not None, git or "not found", "Install git: runs record the commit they were made from.", required=False)
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    yield Finding("chromium", browser is not None, browser or "not found", "For the browser tests: apt-get install chromium.", required=False)
    for port, user in ((3000, "Dagster"), (5000, "MLflow")):
        with socket.socket() as probe:
            free = probe.connect_ex(("127.0.0.1", port)) != 0
        yield Finding(f"port {port}", free, "free" if free else "in use", f"`make ui` serves {user} there; stop what uses it.", required=False)


def _deployment() -> Iterator[Finding]:
    try:
        project = Project.find()
    except MLWorksError as error:
        yield Finding("project", ok=False, found=str(error), remedy="Change into the project's folder, or set MLWORKS_PROJECT.")
        return
    yield Finding("project", ok=True, found=f"{project.root}, environment {project.environment.name}")
    tables, models = len(project.catalog.tables), len(project.catalog.models)
    yield Finding("declarations", bool(models), f"{tables} feature tables, {models} models", "Declare a model: docs/declare.md.")
    for broken in project.declarations.broken:
        yield Finding(f"assets/{broken.name}", ok=False, found=broken.error, remedy="Correct it, then run `dg check defs`.")
    home = os.environ.get("DAGSTER_HOME", "")
    remedy = 'Before dg and dagster: eval "$(make env)". By it they find their storage, and that telemetry is off.'
    yield Finding("DAGSTER_HOME", (Path(home) / "dagster.yaml").is_file() if home else False, home or "not set", remedy, required=False)
    gigabytes = shutil.disk_usage(Path(project.root)).free / 1e9
    yield Finding("disk", gigabytes >= _FREE_GB, f"{gigabytes:.0f} GB free", f"Free {_FREE_GB} GB.")
