"""What steps print: in the files that the Dagster UI shows, and on the terminal, also what other processes print."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = textwrap.dedent("""
    import os, signal, subprocess, sys
    import dagster as dg

    @dg.asset
    def talking():
        print("said by Python")
        print("said in anger", file=sys.stderr)
        subprocess.run([sys.executable, "-c", "print('said by another process', flush=True)"], check=True)
        if "killed" in sys.argv:
            sys.stdout.flush()
            os.kill(os.getpid(), signal.SIGKILL)

    with dg.DagsterInstance.get() as instance:
        print("before")
        dg.materialize([talking], instance=instance, run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}})
        print("after")
""")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    logs = {"module": "mlworks_orchestration.graph.compute_logs", "class": "ComputeLogs", "config": {"base_dir": str(tmp_path)}}
    (tmp_path / "dagster.yaml").write_text(f"compute_logs: {logs}\ntelemetry: {{enabled: false}}\n")
    return tmp_path


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DAGSTER_HOME": str(home)}
    return subprocess.run([sys.executable, "-c", PROGRAM, *arguments], env=environment, capture_output=True, text=True, check=False)


def logged(home: Path, extension: str) -> str:
    return "".join(path.read_text() for path in home.glob(f"logs/*/compute_logs/*.{extension}"))


def test_what_a_step_and_its_processes_print_is_in_its_log_and_on_the_terminal_in_order(home: Path) -> None:
    done = run(home)
    assert done.returncode == 0, done.stderr
    spoken = ["said by Python", "said by another process"]
    assert sorted(logged(home, "out").split("\n")[:2]) == sorted(spoken)
    lines = done.stdout.split("\n")
    assert lines[0] == "before"
    assert lines[-2] == "after"
    assert sorted(lines[1:-2]) == sorted(spoken)
    assert "said in anger" in logged(home, "err")
    assert "said in anger" in done.stderr


def test_a_capture_that_has_ended_is_marked_as_complete(home: Path) -> None:
    run(home)
    assert list(home.glob("logs/*/compute_logs/*.complete"))


def test_what_was_printed_before_a_process_was_killed_is_in_the_log(home: Path) -> None:
    assert run(home, "killed").returncode < 0
    assert "said by Python" in logged(home, "out")
    assert not list(home.glob("logs/*/compute_logs/*.complete"))
