"""The peers' environments, made when first used, and the calls into them. Standard library only."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
TOOLS = ("evidently", "nannyml", "whylogs", "tfdv", "alibi_detect", "scipy_loop")
TIMEOUT_SECONDS = 1800


class Unavailable(Exception):  # noqa: N818 - a state that is reported as such, not an error of ours
    """A tool cannot be installed here, or failed on what it was given; the text says why."""


def speed(tool: str, reference: Path, current: Path, task: str = "speed") -> dict[str, Any]:
    """Return what `tool` reports of comparing two Parquet files: its version, seconds, peak memory and number of drifted columns."""
    found: dict[str, Any] = run(tool, task, str(reference), str(current))
    return found


def alarms(tool: str, folder: Path) -> dict[str, dict[str, bool]]:
    """Return, for each way of reading `tool`'s defaults as an alarm, which windows of `folder` alarm it.

    Parameters:
        tool: One of `TOOLS`.
        folder: Holds reference.parquet and the windows 000.parquet, 001.parquet, … in time order; feature columns only.

    Raises:
        Unavailable: The tool cannot be installed here, or failed.
    """
    found: dict[str, dict[str, bool]] = run(tool, "alarms", str(folder))
    return found


def run(tool: str, *arguments: str) -> Any:  # noqa: ANN401 - any JSON
    """Run a tool's module in its environment and return the JSON of the last line that it prints."""
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent), "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [str(interpreter(tool)), "-m", f"peers.{tool}", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS)  # noqa: S603 - our own modules
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
        message = f"{tool} failed: {lines[-1]}"
        raise Unavailable(message) from error
    except subprocess.TimeoutExpired as error:
        message = f"{tool} took more than {TIMEOUT_SECONDS} s."
        raise Unavailable(message) from error
    return json.loads(done.stdout.splitlines()[-1])


def interpreter(tool: str) -> Path:
    """Return the Python of a tool's environment, made and filled by pip on first use; our own Python for a tool that needs no more."""
    requirements = FOLDER / f"{tool}.txt"
    if not requirements.exists():
        return Path(sys.executable)
    home = Path(os.environ.get("MLWORKS_PEERS", FOLDER.parent.parent / ".mlworks" / "peers")) / tool
    python, filled = home / "bin" / "python", home / "installed.txt"
    if not filled.exists() or filled.read_text() != requirements.read_text():
        print(f"installing {tool} into {home} …", flush=True)
        try:
            subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True, capture_output=True, text=True)  # noqa: S603
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(requirements)]
            subprocess.run(install, check=True, capture_output=True, text=True)  # noqa: S603
        except subprocess.CalledProcessError as error:
            message = f"{tool} cannot be installed here: {(error.stderr.strip().splitlines() or ['no reason given'])[-1]}"
            raise Unavailable(message) from error
        filled.write_text(requirements.read_text())
    return python
