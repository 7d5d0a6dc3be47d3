"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# An example may take long where other processes have the machine.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True, scope="session")
def _slice() -> None:
    """Let every source read the committed slice."""
    os.environ["MLWORKS_DATA"] = str(ROOT / "tests" / "data" / "slice")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of the servers: they wait for most of ten minutes, in which others have the processors."""
    items.sort(key=lambda item: item.path.parent.name != "e2e")


class FolderScheduling(LoadScopeScheduling):
    """Where several processes share the tests, one does all of a folder, whose tests share what is made once a session."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0].rpartition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling:
    """Share the tests by folder; the marks of `--dist loadgroup` are lost on the pytest of today."""
    return FolderScheduling(config, log)
