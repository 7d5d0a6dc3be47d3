"""What every peer's module does with its command line, inside the peer's environment: read, compare, measure, print JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from peers.clock import BEGUN


class Verdict(NamedTuple):
    """What a tool found between two frames: how many columns drifted, and whether each reading of its defaults is an alarm."""

    columns_drifted: int
    alarms: dict[str, bool]


Compare = Callable[[Any, Any], Verdict]
CompareAll = Callable[[Any, Iterable[Any]], Iterable[Verdict]]


def main(package: str, compare: Compare, compare_all: CompareAll | None = None) -> None:
    """Do what the command line asks and print JSON.

    Parameters:
        package: The distribution whose version is reported.
        compare: Compares a reference and a current pandas frame as the tool does by default; this is what is timed.
        compare_all: Compares a reference with a series of windows; by default one after another.
    """
    started = time.perf_counter() - BEGUN
    task, *paths = sys.argv[1:]
    if task == "alarms":
        print(json.dumps(alarms(Path(paths[0]), compare_all or (lambda reference, windows: (compare(reference, window) for window in windows)))))
    else:
        print(json.dumps({"version": version(package), "seconds_import": started, **timed(compare, *map(Path, paths))}))


def timed(compare: Compare, reference: Path, current: Path) -> dict[str, Any]:
    """Return the seconds of reading both files with pandas, those of comparing them, and the peak memory of the whole process in MB.

    Seconds are the clock's; `seconds_cpu` are those that all threads worked while comparing, and tell of a machine that had other things to do.
    """
    begun = time.perf_counter()
    frames = [read(path) for path in (reference, current)]
    read_by = time.perf_counter()
    worked = time.process_time()
    verdict = compare(*frames)
    done = time.perf_counter()
    return {
        "seconds_read": read_by - begun,
        "seconds_compute": done - read_by,
        "seconds_cpu": time.process_time() - worked,
        "peak_mb": peak_mb(),
        "columns_drifted": verdict.columns_drifted,
    }


def alarms(folder: Path, compare_all: CompareAll) -> dict[str, dict[str, bool]]:
    """Return {reading of the defaults: {window: alarmed}}."""
    paths = sorted(path for path in folder.glob("*.parquet") if path.stem != "reference")
    verdicts = compare_all(read(folder / "reference.parquet"), (read(path) for path in paths))
    found: dict[str, dict[str, bool]] = {}
    for path, verdict in zip(paths, verdicts, strict=True):
        for reading, alarmed in verdict.alarms.items():
            found.setdefault(reading, {})[path.stem] = bool(alarmed)
    return found


def read(path: Path) -> Any:  # noqa: ANN401 - a pandas frame; pandas is the peer's
    """Read a Parquet file as the tools want it: numbers as floats or integers, everything else as strings."""
    import pandas as pd  # noqa: PLC0415 - our own measurements never pay for it

    frame = pd.read_parquet(path)
    for name in frame.select_dtypes(["bool", "category"]).columns:
        frame[name] = frame[name].astype(str)
    return frame


def peak_mb() -> float:
    """Return the most memory that this process has held, and one that it began beside it: no more than that, for what they share counts twice."""
    return sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
