"""Columns that a copy of the process reads meanwhile: the same findings, and no harm where the copy fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.drift.standalone.reading import LEAST_TO_FORK
from mlworks_orchestration.monitoring.drift.standalone.together import together

PATIENCE = 120
COMPARE = """
import json, os, sys
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan
from mlworks_orchestration.monitoring.drift import analyze
from mlworks_orchestration.monitoring.drift.standalone import reading
read = Plan.read
def read_here(plan, names, *given, **options):
    os.write(2, f"{plan.source.name} {' '.join(names)}\\n".encode())  # at once, for two processes write
    return read(plan, names, *given, **options)
Plan.read, reading.can_fork = read_here, lambda: True
print(json.dumps(analyze(sys.argv[1], sys.argv[2], fork=True, **json.loads(sys.argv[3])).to_dict()))
"""
ROLES: dict[str, Any] = {"by": "hour", "label": "x", "prediction": "guess"}


def words(seed: int, first: str) -> pl.DataFrame:
    """Rows of numbers, categories and texts, of which the first texts look like categories or like free text."""
    generator = np.random.default_rng(seed)
    rows = LEAST_TO_FORK
    said = [f"{first} {number} of the day" if first else "as ever" for number in range(5000)]
    said += [f"ride number {number} was late" for number in generator.integers(0, 10**9, rows - 5000)]
    x = generator.normal(size=rows)
    columns = {"x": x, "guess": x + generator.normal(size=rows), "borough": generator.choice(["Bronx", "Queens"], rows), "said": said}
    return pl.DataFrame({**columns, "hour": np.arange(rows), "nothing": pl.Series([None] * rows, dtype=pl.String)})


@pytest.mark.parametrize("roles", [{}, ROLES])
@pytest.mark.parametrize("first", ["ride", ""])
def test_two_large_files_come_out_as_they_do_one_after_the_other(tmp_path: Path, first: str, roles: dict[str, Any]) -> None:
    files = [str(tmp_path / name) for name in ("before.parquet", "after.parquet")]
    words(1, "ride").write_parquet(files[0])
    words(2, first).with_columns(nothing=pl.lit(1.0)).write_parquet(files[1])
    script = [sys.executable, "-c", COMPARE, *files, json.dumps(roles)]  # a process of its own, in which polars has not worked
    done = subprocess.run(script, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(analyze(*files, **roles).to_dict()))
    # Where the copy took texts for categories that the reference takes for free text, they are read again. So are hours, if they are compared: the
    # first block tells nothing of those of the others. Nothing else is.
    read = [f"{file} {name}" for file in files for name in words(1, "").columns if name != roles.get("by")]
    again = ["the frame residual"] * 2 if roles else [f"{files[0]} hour"]
    assert sorted(done.stderr.splitlines()) == sorted([*read, *again, *([] if first else [f"{files[1]} said"])])


def test_results_come_in_the_order_of_the_tasks_and_from_two_processes() -> None:
    def slowly(task: int) -> tuple[int, int]:
        time.sleep(0.01)
        return task, os.getpid()

    with together(slowly, range(40)) as results:
        tasks, makers = zip(*results, strict=True)
    assert tasks == tuple(range(40))
    assert len(set(makers)) == 2


def test_large_results_wait_without_keeping_the_copy_from_its_work() -> None:
    here = os.getpid()

    def work(_: int) -> tuple[int, bytes]:
        if os.getpid() == here:
            time.sleep(0.5)  # in which nobody reads what the copy sends
        return os.getpid(), bytes(1 << 20)

    with together(work, range(12)) as results:
        makers = [maker for maker, _ in results]
    assert makers.count(here) <= 3


def test_what_the_work_refuses_is_refused_here() -> None:
    def refuse(task: int) -> int:
        message = f"There is nothing to read of {task}."
        raise DataError(message)

    with together(refuse, [7]) as results, pytest.raises(DataError, match="nothing to read of 7"):
        next(results)


@pytest.mark.parametrize("task", [0, 3])
def test_what_a_copy_that_was_killed_had_begun_is_done_here(task: int) -> None:
    here = os.getpid()

    def die(one: int) -> int:
        if os.getpid() != here and one >= task:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.01 if os.getpid() == here else 0)
        return one

    with together(die, range(9)) as results:
        assert list(results) == list(range(9))


def test_a_copy_that_is_killed_while_it_sends_costs_time_alone() -> None:
    here = os.getpid()

    def work(task: int) -> bytes:
        if os.getpid() == here:
            time.sleep(0.3)
        elif task > 1:
            time.sleep(0.1)  # the result before this one fills the pipe by then
            os.kill(os.getpid(), signal.SIGKILL)
        return bytes([task]) * (1 << 22)

    with together(work, range(4)) as results:
        assert [one[0] for one in results] == [0, 1, 2, 3]


def test_work_is_done_here_where_no_process_is_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refuse)
    with together(lambda _: os.getpid(), range(3)) as results:
        assert list(results) == [os.getpid()] * 3


def test_a_copy_ends_with_who_began_it() -> None:
    def endless(_: int) -> None:
        signal.pause()

    with pytest.raises(KeyboardInterrupt), together(endless, range(2)):
        raise KeyboardInterrupt
