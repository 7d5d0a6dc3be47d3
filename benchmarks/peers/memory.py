"""The memory of a subject of several processes, what they share counted once: `python -m peers.memory MODULE TASK REFERENCE CURRENT`.

Standard library and Linux only: what is loaded here, too, would count half.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

EVERY_SECONDS = 0.002


def main() -> None:
    """Do what the command line asks and print JSON."""
    print(json.dumps({"peak_mb": peak_mb_of([sys.executable, "-m", f"peers.{sys.argv[1]}", *sys.argv[2:]])}))


def peak_mb_of(command: Sequence[str]) -> float:
    """Return the most memory that a command and its processes held at a time, in MB: the sum of their proportional set sizes, looked at every 2 ms.

    Parameters:
        command: What to run, to its end.

    Raises:
        CalledProcessError: It failed.
    """
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own modules
        while process.poll() is None:
            with suppress(OSError):  # one of them has just ended
                peak = max(peak, sum(map(_kilobytes, _family(process.pid))))
            time.sleep(EVERY_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024


def _family(process: int) -> list[int]:
    """Return a process and those that it began."""
    return [process, *map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())]


def _kilobytes(process: int) -> int:
    """Return a process's own memory, and its share of what it shares; 0 where it is ending."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
