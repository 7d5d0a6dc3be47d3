"""Our own report, measured as the peers are: `python -m peers.ours speed|pair|cached|merge|store REFERENCE CURRENT`.

`speed` is `mlworks drift` on two files, from cold; `pair` the same while another process does it too (`wait` is that one). `cached` compares the
current file with the stored profile of the reference, and `merge` compares 365 stored daily profiles of the current rows with it, and reads no rows;
`store` makes both, beside the files.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, cast

import pyarrow.compute
import pyarrow.parquet  # noqa: F401 - with both, rows are read and drawn: imports, and as such start-up

from mlworks_orchestration.monitoring.drift import ColumnKey, Profile, compare, from_json, to_json
from mlworks_orchestration.monitoring.drift.scanning.scan import scan
from mlworks_orchestration.monitoring.drift.standalone.analyze import analyze
from mlworks_orchestration.spec import Drift, DriftKind
from peers.clock import BEGUN
from peers.measure import peak_mb

DAYS = 365


def main() -> None:
    """Do what the command line asks and print JSON."""
    task, reference, current = sys.argv[1], *map(Path, sys.argv[2:])
    started = time.perf_counter() - BEGUN
    if task == "store":
        store(reference, current)
        print("{}")
        return
    if task == "wait":
        print("ready", flush=True)
        sys.stdin.readline()
        task = "speed"
    measured = {"speed": whole, "pair": pair, "cached": cached, "merge": merge}[task](reference, current)
    print(json.dumps({"version": version("mlworks-orchestration"), "seconds_import": started, **measured, "peak_mb": peak_mb()}))


def whole(reference: Path, current: Path) -> dict[str, Any]:
    """Compare two files."""
    return timed(lambda: sum(bool(column.drifted) for column in analyze(reference, current, fork=True).columns))


def pair(reference: Path, current: Path) -> dict[str, Any]:
    """Compare two files while another process, which has imported all too, does so."""
    command = [sys.executable, "-m", "peers.ours", "wait", str(reference), str(current)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603 - this module
        cast("IO[str]", other.stdout).readline()
        print("begin", file=other.stdin, flush=True)
        measured = whole(reference, current)
    if other.returncode:
        raise subprocess.CalledProcessError(other.returncode, command)
    return measured


def cached(reference: Path, current: Path) -> dict[str, Any]:
    """Compare a file with a stored profile; loading it counts."""
    texts = next(stored(beside(reference)))
    sizes = [len(text) for text in texts.values() if json.loads(text)["type"] == "numeric"]
    return timed(lambda: drifted(load(texts), scan(current).profile)) | {"largest_profile_kb": max(sizes) / 1024}


def merge(reference: Path, current: Path) -> dict[str, Any]:
    """Merge the days' profiles and compare them; loading them counts as reading."""
    begun = time.perf_counter()
    before, days = load(next(stored(beside(reference)))), [load(texts) for texts in stored(daily(current))]
    loaded = time.perf_counter() - begun
    return timed(lambda: drifted(before, Profile.merged(days))) | {"seconds_read": loaded}


def timed(work: Callable[[], int]) -> dict[str, Any]:
    """Return the seconds of what counts drifted columns, those of processes that it began included, and their number."""
    begun, worked = time.perf_counter(), sum(os.times()[:4])
    count = work()
    seconds = {"seconds_compute": time.perf_counter() - begun, "seconds_cpu": sum(os.times()[:4]) - worked}
    return {"seconds_read": 0.0, **seconds, "columns_drifted": count}


def drifted(reference: Profile, current: Profile) -> int:
    """Return how many columns drifted, by a statistic that decides."""
    return len({one.column for one in compare(reference, current, Drift()) if one.decides and one.drifted})


def store(reference: Path, current: Path) -> None:
    """Write the reference's profile, and those of a year of equal days of the current rows, a line a profile."""
    import polars as pl  # noqa: PLC0415 - has been imported by ours already

    save(beside(reference), [scan(reference).profile])
    rows = pl.scan_parquet(current)
    count = rows.select(pl.len()).collect().item()
    keys = {name: ColumnKey(DriftKind.FEATURE, name) for name in rows.collect_schema().names()}
    days = pairwise(count * day // DAYS for day in range(DAYS + 1))
    save(daily(current), [Profile.of(rows.slice(start, end - start).collect(), keys) for start, end in days])


def save(path: Path, profiles: list[Profile]) -> None:
    """Write profiles, whole or not at all."""
    unfinished = path.with_suffix(".unfinished")
    lines = (json.dumps({key.column: to_json(column) for key, column in one.columns.items()}) for one in profiles)
    unfinished.write_text("\n".join(lines))
    unfinished.rename(path)


def stored(path: Path) -> Iterator[dict[str, str]]:
    """Yield each stored profile: text by column."""
    return (json.loads(line) for line in path.read_text().splitlines())


def load(texts: dict[str, str]) -> Profile:
    """Return a profile from its columns' texts."""
    return Profile({ColumnKey(DriftKind.FEATURE, name): from_json(text) for name, text in texts.items()})


def beside(path: Path) -> Path:
    """Return where the profile of a file is stored."""
    return path.with_suffix(".profile.json")


def daily(path: Path) -> Path:
    """Return where the daily profiles of a file are stored."""
    return path.with_suffix(".days.json")


if __name__ == "__main__":
    main()
