"""Rows that a copy of the process reads meanwhile: the same findings, and no harm where the copy fails."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.drift.standalone.analyze import LEAST_TO_FORK
from mlworks_orchestration.monitoring.drift.standalone.beside import beside

PATIENCE = 120
COMPARE = """
import json, os, sys
from mlworks_orchestration.monitoring.drift.standalone import analyze as module
from mlworks_orchestration.monitoring.drift.standalone.sides import read_side
def read_here(opened, *given, **options):
    os.write(2, f"{opened.words}\\n".encode())  # at once, for two processes write
    return read_side(opened, *given, **options)
module.read_side, module.can_fork = read_here, lambda: True
print(json.dumps(module.analyze(sys.argv[1], sys.argv[2], fork=True).to_dict()))
"""


def words(seed: int, first: str) -> pl.DataFrame:
    """Rows of numbers, categories and texts, of which the first texts look like categories or like free text."""
    generator = np.random.default_rng(seed)
    rows = LEAST_TO_FORK
    said = [f"{first} {number} of the day" if first else "as ever" for number in range(5000)]
    said += [f"ride number {number} was late" for number in generator.integers(0, 10**9, rows - 5000)]
    return pl.DataFrame({"x": generator.normal(size=rows), "borough": generator.choice(["Bronx", "Queens"], rows), "said": said})


@pytest.mark.parametrize("first", ["ride", ""])
def test_two_large_files_come_out_as_they_do_one_after_the_other(tmp_path: Path, first: str) -> None:
    files = [str(tmp_path / name) for name in ("before.parquet", "after.parquet")]
    words(1, "ride").write_parquet(files[0])
    words(2, first).write_parquet(files[1])
    script = [sys.executable, "-c", COMPARE, *files]  # a process of its own, in which polars has not worked
    done = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(analyze(*files).to_dict()))
    # Where the copy took texts for categories that the reference takes for free text, they are read again.
    assert sorted(done.stderr.splitlines()) == sorted([*files, *([] if first else files[1:])])


def test_work_is_done_in_a_copy() -> None:
    with beside(os.getpid) as wait:
        assert wait() != os.getpid()


def test_what_the_work_refuses_is_refused_here() -> None:
    def refuse() -> None:
        message = "There is nothing to read."
        raise DataError(message)

    with beside(refuse) as wait, pytest.raises(DataError, match="nothing to read"):
        wait()


def test_work_whose_copy_was_killed_is_done_here() -> None:
    here = os.getpid()

    def die() -> int:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    with beside(die) as wait:
        assert wait() == here


def test_work_is_done_here_where_no_process_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    with beside(os.getpid) as wait:
        assert wait() == os.getpid()


def test_a_copy_ends_with_who_began_it() -> None:
    def endless() -> None:
        signal.pause()

    with pytest.raises(KeyboardInterrupt), beside(endless):
        raise KeyboardInterrupt
