"""The version loads and answers in a clean process: always run, for what cannot be loaded must not serve."""

import json
import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import shorten
from typing import Any

from mlworks_orchestration.spec import LOADS_CLEANLY, LOADS_CLEANLY_ASSERTS, AnyModelTest
from mlworks_orchestration.training.model_tests import answering
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register
from mlworks_orchestration.training.model_tests.subject import Subject

_SECONDS = 300
_LONGEST = 400


def loads_cleanly(subject: Subject, test: AnyModelTest) -> Finding:
    """Start a process, compare what is installed with the requirements that were logged, load the model and let it answer its own example.

    The process has the interpreter, the packages and the import path of this one and nothing of its state: what was only registered, patched or
    defined here is missing there, as it would be where the model is served.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    del test
    said = _asked(subject.folder)
    if "error" in said:
        words = shorten(said["error"], _LONGEST, placeholder=" …").rstrip(".")
        return Finding("failed", f"It does not load or answer in a clean process: {words}.")
    answers = said["answers"]
    if not answers or not all(math.isfinite(value) for value in answers):
        return Finding("failed", f"In a clean process it answers {answers[:5]} to its own example; each row needs a finite number.")
    return Finding("passed", f"It loads in a clean process, with the packages that were logged, and answers {len(answers)} rows.", rows=len(answers))


def _asked(folder: Path) -> dict[str, Any]:
    """Return what the clean process says, or why it says nothing."""
    path = os.pathsep.join(entry for entry in sys.path if entry and Path(entry).is_dir())
    with tempfile.TemporaryDirectory(prefix="mlworks-clean-") as empty:
        command = [sys.executable, "-P", str(answering.__file__), str(folder)]
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and file
                command, cwd=empty, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return {"error": f"it did not answer within {_SECONDS} seconds"}
    if done.returncode:
        return {"error": f"it ended with exit code {done.returncode}; {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}"}
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


LOADS = register(Kind(LOADS_CLEANLY, LOADS_CLEANLY_ASSERTS, loads_cleanly))
