import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mlworks_orchestration.cli import main as door
from mlworks_orchestration.cli.main import cli
from tests.graph.fixtures import history, let_notices_pass, replayed, world

__all__ = ["history", "replayed", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    let_notices_pass(items, Path(__file__).parent)


@pytest.fixture
def call() -> Callable[..., Result]:
    """Call the command line in this process; an error of ours is the result's exception."""
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def through_the_door(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Call the command line as the shell does and return its exit code."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["mlworks", *arguments])
        with pytest.raises(SystemExit) as stopped:
            door()
        return int(stopped.value.code or 0)

    return run
