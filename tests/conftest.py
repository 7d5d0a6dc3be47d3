"""What tests of several rooms share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True, scope="session")
def _slice() -> None:
    """Let every source read the committed slice."""
    os.environ["MLWORKS_DATA"] = str(ROOT / "tests" / "data" / "slice")
