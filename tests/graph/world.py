"""A small deployment of the framework in a folder of its own, loaded and run for real."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import yaml

from mlworks_orchestration import graph
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.graph.jobs import request_tags
from mlworks_orchestration.graph.replay import QUIET
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Registry

ROOT = Path(__file__).parents[2]
MODEL = "ride_time"
_OURS = ("assets", "sensors", "resources")


@dataclass
class World:
    """A deployment, and the modules of its folders, which are in place only inside `active`.

    Parameters:
        root: the deployment's folder.
        variables: environment variables beside the usual.
    """

    root: Path
    variables: dict[str, str] = field(default_factory=dict)
    modules: dict[str, ModuleType] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def environ(self) -> dict[str, str]:
        ours = {"MLWORKS_PROJECT": str(self.root), "MLWORKS_HOME": str(self.home), "DAGSTER_HOME": str(self.root), "MLWORKS_ENV": "local"}
        return ours | self.variables

    @contextmanager
    def active(self, **variables: str) -> Iterator["World"]:
        """Let this deployment's folders be the ones that Python finds; afterwards everything is as it was."""
        environment, path = dict(os.environ), list(sys.path)
        others = _taken_out()
        sys.modules.update(self.modules)
        os.environ.update(self.environ | variables)
        sys.path.insert(0, str(self.root))
        importlib.invalidate_caches()
        try:
            yield self
        finally:
            self.modules = _taken_out()
            sys.modules.update(others)
            sys.path[:] = path
            os.environ.clear()
            os.environ.update(environment)

    @property
    def project(self) -> Project:
        return Project.find(self.root)

    @property
    def model(self) -> MLModel:
        return self.project.catalog.model(MODEL)

    @property
    def lake(self) -> Lake:
        return graph.open_lake(self.project.environment)

    @property
    def registry(self) -> Registry:
        registry: Registry = graph.open_registry(self.project.environment)
        return registry

    def definitions(self) -> dg.Definitions:
        return graph.code_location(self.project)

    def faults(self, **wrong: object) -> None:
        """Say what goes wrong from now on; nothing, when called with nothing."""
        (self.root / "faults.json").write_text(json.dumps(wrong))

    def declare(self, name: str, change: Callable[[dict[str, Any]], None]) -> None:
        """Change a declaration in place."""
        path = self.root / "assets" / name / "defs.yaml"
        document = yaml.safe_load(path.read_text())
        change(document["attributes"])
        path.write_text(yaml.safe_dump(document, sort_keys=False))

    def build(
        self, instance: dg.DagsterInstance, assets: Sequence[str], partitions: Sequence[str], tags: Mapping[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Materialise assets, given as `group/name`, in one run."""
        keys = [dg.AssetKey(asset.split("/")) for asset in assets]
        job = self.definitions().resolve_implicit_global_asset_job_def()
        all_tags = {**(request_tags(partitions) if partitions else {}), **(tags or {})}
        return job.execute_in_process(run_config=QUIET, instance=instance, asset_selection=keys, tags=all_tags, raise_on_error=False)

    def run(self, instance: dg.DagsterInstance, verb: str, partitions: Sequence[str] = (), **tags: str) -> dg.ExecuteInProcessResult:
        """Run one of the model's jobs."""
        job = self.definitions().resolve_job_def(f"{MODEL}_{verb}")
        all_tags = {**(request_tags(partitions) if partitions else {}), **tags}
        return job.execute_in_process(run_config=QUIET, instance=instance, tags=all_tags, raise_on_error=False)

    def mlworks(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return self.program("mlworks", *arguments, **variables)

    def program(self, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment in a process of its own."""
        command = [str(Path(sys.executable).parent / name), *arguments]
        environment = {**os.environ, **self.environ, **variables}
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Replayed:
    """A world with a history, and how it came about.

    Parameters:
        world: the deployment.
        interruption: what the first replay failed with.
        before: what the first replay reported.
        after: what the second replay reported.
    """

    world: World
    interruption: MLWorksError
    before: list[graph.Progress]
    after: list[graph.Progress]


def _taken_out() -> dict[str, ModuleType]:
    """Take the deployment's modules out of Python's table."""
    names = [name for name in sys.modules if name.partition(".")[0] in _OURS]
    return {name: sys.modules.pop(name) for name in names}


def new_world(root: Path, deployment: str = "deployment") -> World:
    """Write a deployment: assets of its own, from a folder beside this file, everything else as in the project."""
    for folder in ("sensors", "resources"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).parent / deployment / "assets", root / "assets", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "dagster.yaml", "workspace.yaml"):
        shutil.copy(ROOT / file, root / file)
    (root / "home").mkdir()
    return World(root)


_made: dict[Path, Replayed] = {}


def replayed_world(root: Path) -> Replayed:
    """Return the world whose history was replayed, made once; its source was down for a while on the way."""
    if root not in _made:
        _made[root] = _replay(new_world(root))
    return _made[root]


def _replay(world: World) -> Replayed:
    before: list[graph.Progress] = []
    after: list[graph.Progress] = []
    with world.active(), dg.DagsterInstance.get() as instance:
        replay = graph.Replay(world.model, world.definitions(), instance, world.lake)
        world.faults(down_from="2013-01-25")
        try:
            replay.run(before.append)
        except MLWorksError as error:
            interruption = error
        world.faults()
        replay.run(after.append)
    return Replayed(world, interruption, before, after)
