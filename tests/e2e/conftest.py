"""A deployment in a temporary folder, Dagster served for real over it, and a browser to look at it."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.deployment import Deployment
from tests.e2e.pending import pending_world
from tests.e2e.server import Server
from tests.graph.fixtures import let_notices_pass
from tests.graph.world import World


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    let_notices_pass(items, Path(__file__).parent)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return Deployment.copy(tmp_path_factory.mktemp("deployment"))


@pytest.fixture(scope="module")
def serve(deployment: Deployment) -> Iterator[Callable[[], Server]]:
    """Start Dagster when asked; at the end no process of it may be left."""
    servers: list[Server] = []

    def start() -> Server:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        servers.append(Server.start(deployment, port))
        return servers[-1]

    yield start
    left = [process for server in servers for process in server.stop()]
    assert not left, f"These processes outlived `dagster dev`: {left}"


@pytest.fixture(scope="session")
def pending(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A deployment whose retraining is due; tests copy it."""
    return pending_world(tmp_path_factory.mktemp("pending") / "world")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's browser; without one the test is skipped, or fails under MLWORKS_REQUIRE_ALL=1."""
    found = shutil.which("chromium")
    if found is None and os.environ.get("MLWORKS_REQUIRE_ALL") == "1":
        pytest.fail("Chromium is missing and MLWORKS_REQUIRE_ALL=1: install Debian's package `chromium`.")
    if found is None:
        pytest.skip("Chromium is missing: install Debian's package `chromium`.")
    return Path(found)
