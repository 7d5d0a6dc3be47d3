"""What tests of data share."""

import itertools
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

_numbers = itertools.count()


@pytest.fixture
def user_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that makes an importable module of a text and returns its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> str:
        name = f"user_module_{next(_numbers)}"
        (tmp_path / f"{name}.py").write_text("import polars as pl\nfrom datetime import datetime, timedelta, UTC\n" + dedent(text))
        return name

    return write
