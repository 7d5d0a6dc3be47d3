"""Fixtures that the tests of the graph, the pages and the command line share."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from mlworks_orchestration.cli.replaying import replay_models
from mlworks_orchestration.errors import MLWorksError
from tests.graph.world import Replayed, World, new_world, replayed_world

TASKS = ("late_order", "angry_order", "order_units")
"""A yes or no, texts and a forecast."""

# Libraries' own notices; `mlworks_orchestration.graph` silences Dagster's, but pytest sets the filters anew for each test.
_NOTICES = (
    "ignore::dagster.PreviewWarning",
    "ignore::dagster.BetaWarning",
    "ignore:`parse_obj_as` is deprecated:DeprecationWarning",
    "ignore:InitResourceContext:DeprecationWarning",
)


def let_notices_pass(items: Iterable[pytest.Item], folder: Path) -> None:
    """Let Dagster's notices pass in a folder's tests; every other warning stays an error."""
    for item in items:
        if item.path.is_relative_to(folder):
            for notice in _NOTICES:
                item.add_marker(pytest.mark.filterwarnings(notice))


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    """A whole history, replayed once for all folders; tests only read it."""
    return replayed_world(tmp_path_factory.getbasetemp() / "replayed")


@pytest.fixture(scope="session")
def replayed_tasks(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world in which all three were replayed once, two at a time on the tables that they share; tests only read it."""
    made = new_world(tmp_path_factory.mktemp("tasks") / "world", "tasks")
    with made.active():
        project = made.project
        became = {model.name: found for model, found in replay_models(project, [project.model(name) for name in TASKS], at_a_time=2)}
    failed = {name: found for name, found in became.items() if isinstance(found, MLWorksError)}
    assert not failed
    return made


@pytest.fixture
def replayed(history: Replayed) -> Iterator[World]:
    """The replayed world, in place."""
    with history.world.active(COLUMNS="300") as world:
        yield world


@pytest.fixture
def instance(replayed: World) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of the replayed world."""
    assert replayed.root
    with dg.DagsterInstance.get() as found:
        yield found


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world without any data yet, in place."""
    with new_world(tmp_path / "world").active(COLUMNS="300") as made:
        yield made


@pytest.fixture
def blank() -> Iterator[dg.DagsterInstance]:
    """A Dagster instance that knows nothing."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made
