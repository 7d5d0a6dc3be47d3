from pathlib import Path

import pytest

from tests.graph.fixtures import blank, history, instance, let_notices_pass, replayed, replayed_tasks, world

collect_ignore = ["deployment", "tasks"]
"""Modules that are called `assets` only where a world is in place."""

__all__ = ["blank", "history", "instance", "replayed", "replayed_tasks", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    let_notices_pass(items, Path(__file__).parent)
