from pathlib import Path

import pytest

from tests.graph.fixtures import blank, history, instance, let_notices_pass, replayed, world

__all__ = ["blank", "history", "instance", "replayed", "world"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    let_notices_pass(items, Path(__file__).parent)
