"""A deployment as a whole: its root, what it declares and the environment it runs in."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from mlworks_orchestration.errors import DeclarationError, MLWorksError, nearest
from mlworks_orchestration.spec import Catalog, Declarations, FeatureTable, MLModel, read_declarations

ENVIRONMENTS = ("local", "staging", "production")


@dataclass(frozen=True)
class Environment:
    """Where a deployment keeps things.

    Parameters:
        name: local, staging or production.
        lake: URL or folder of the Delta tables.
        tracking_uri: of MLflow's tracking server and registry.
        artifacts: URL or folder of MLflow's artifacts.
        mlflow_ui: where people open MLflow, for links; empty without one.
        pages: folder of the pages that people open; where it is empty, none are written.
        online: address of the online store, see `data.online`; it may hold a password. Empty without one.
        automation: whether schedules and sensors start switched on.
        storage_options: credentials and settings of the object store, for delta-rs.
    """

    name: str
    lake: str
    tracking_uri: str
    artifacts: str
    mlflow_ui: str = ""
    pages: str = ""
    online: str = field(default="", repr=False)
    automation: bool = False
    storage_options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Project:
    """A deployment: the folder that holds `assets/`, `sensors/` and `resources/`.

    Parameters:
        root: that folder.
        declarations: what `assets/` declares.
        environment: where things are kept.
    """

    root: Path
    declarations: Declarations
    environment: Environment

    @property
    def catalog(self) -> Catalog:
        """The healthy declarations."""
        return self.declarations.catalog

    def model(self, name: str) -> MLModel:
        """Return the model called `name`.

        Parameters:
            name: of the model; a broken declaration goes by its folder's name.

        Raises:
            DeclarationError: if there is none, or if its declaration is broken, with what is wrong.
        """
        for broken in self.declarations.broken:
            if broken.name == name:
                message = f"Model {name} is not loaded: {broken.error} Correct it, then run `dg check defs`."
                raise DeclarationError(message)
        return self.catalog.model(name)

    def catalog_with(self, declaration: FeatureTable | MLModel) -> Catalog:
        """Return the catalog with one declaration added or replaced, so that it can be checked against the others.

        Parameters:
            declaration: as Dagster read it.
        """
        if isinstance(declaration, FeatureTable):
            return Catalog({**self.catalog.tables, declaration.name: declaration}, self.catalog.models)
        return Catalog(self.catalog.tables, {**self.catalog.models, declaration.name: declaration})

    @contextmanager
    def known(self) -> Iterator[None]:
        """Let `find` return this project inside the block, where it is asked for once a declaration, instead of reading all of them each time."""
        token = _KNOWN.set(self)
        try:
            yield
        finally:
            _KNOWN.reset(token)

    @classmethod
    def find(cls, root: Path | None = None) -> "Project":
        """Find and load the deployment.

        Parameters:
            root: its folder; by default as `project_root` finds it.

        Raises:
            MLWorksError: if there is none, or if its environment cannot be loaded.
        """
        found = (root or project_root()).resolve()
        if str(found) not in sys.path:
            sys.path.insert(0, str(found))
        known = _KNOWN.get()
        return known if known and known.root == found else cls(found, read_declarations(found / "assets"), load_environment())


_KNOWN: ContextVar[Project | None] = ContextVar("known", default=None)


def project_root() -> Path:
    """Return the deployment's folder: `$MLWORKS_PROJECT`, else the nearest at or above the working directory.

    Raises:
        MLWorksError: if there is none.
    """
    named = os.environ.get("MLWORKS_PROJECT")
    candidates = [Path(named)] if named else [Path.cwd(), *Path.cwd().parents]
    for folder in candidates:
        if (folder / "assets").is_dir() and (folder / "resources").is_dir():
            return folder
    where = f"$MLWORKS_PROJECT ({named})" if named else f"{Path.cwd()} or above"
    message = f"No ML Works project at {where}: a project is a folder with assets/ and resources/. Change into it, or set MLWORKS_PROJECT to it."
    raise MLWorksError(message)


def load_environment(name: str | None = None) -> Environment:
    """Load the deployment's environment from `resources/<name>.py`.

    Parameters:
        name: of the environment; by default `$MLWORKS_ENV`, else `local`.

    Raises:
        MLWorksError: if there is no such environment; whatever the module says is missing.
    """
    chosen = name or os.environ.get("MLWORKS_ENV") or ENVIRONMENTS[0]
    if chosen not in ENVIRONMENTS:
        message = f"MLWORKS_ENV is {chosen!r}; {nearest(chosen, ENVIRONMENTS)}."
        raise MLWorksError(message)
    environment = import_module(f"resources.{chosen}").environment()
    if not isinstance(environment, Environment):
        message = f"resources/{chosen}.py: environment() must return an Environment, not {type(environment).__name__}."
        raise MLWorksError(message)
    return environment


def required_variables(*names: str) -> dict[str, str]:
    """Return the values of environment variables.

    Parameters:
        names: of the variables.

    Raises:
        MLWorksError: naming every one that is missing or empty.
    """
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        message = f"This environment needs {', '.join(names)}; not set: {', '.join(missing)}. Set them, or use MLWORKS_ENV=local."
        raise MLWorksError(message)
    return {name: os.environ[name] for name in names}


def environment_from_variables(name: str) -> Environment:
    """Describe an environment of servers by `MLWORKS_LAKE`, `MLFLOW_TRACKING_URI` and `MLWORKS_ARTIFACTS`.

    `MLWORKS_MLFLOW_UI` and `MLWORKS_PAGES`, where links lead to and where pages are written, and `MLWORKS_ONLINE`, where rows are published,
    may be left out. Credentials stay in the variables that object stores and databases define for them.

    Parameters:
        name: of the environment.

    Raises:
        MLWorksError: naming every variable that is missing.
    """
    given = required_variables("MLWORKS_LAKE", "MLFLOW_TRACKING_URI", "MLWORKS_ARTIFACTS")
    return Environment(
        name=name,
        lake=given["MLWORKS_LAKE"],
        tracking_uri=given["MLFLOW_TRACKING_URI"],
        artifacts=given["MLWORKS_ARTIFACTS"],
        mlflow_ui=os.environ.get("MLWORKS_MLFLOW_UI", ""),
        pages=os.environ.get("MLWORKS_PAGES", ""),
        online=os.environ.get("MLWORKS_ONLINE", ""),
        automation=True,
    )
