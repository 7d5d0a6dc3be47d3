"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# An example may take long where other processes have the machine.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True, scope="session")
def _slice() -> None:
    """Let every source read the committed slice."""
    os.environ["MLWORKS_DATA"] = str(ROOT / "tests" / "data" / "slice")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes share the tests, let one do all of a folder, whose tests share what is made once a session.

    Those of the servers come first: they wait for most of ten minutes, in which the others have the processors.
    """
    items.sort(key=lambda item: item.path.parent.name != "e2e")
    for item in items:
        item.add_marker(pytest.mark.xdist_group(str(item.path.parent)))
