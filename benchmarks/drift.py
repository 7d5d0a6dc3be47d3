"""Speed and memory of the drift report beside reading the data and beside other tools, side by side in one run.

Two Parquet files of 50 columns (40 of floats, 10 of strings, see `peers/tables.py`) are made once, under .mlworks/benchmarks. Everything is a fresh
process on files that the system has in memory; seconds are those after the imports. Ours contain the reading of both files, so the peers' reading,
which is measured by itself, counts in the ratios.
Quick things, and the peer that a goal is held to most narrowly, are done several times in turn, of which the median counts. The other peers are done
once. On a busy machine peers are credited with their processor's seconds, in environments of their own that pip fills on first use (.mlworks/peers,
or $MLWORKS_PEERS; some GB). With all peers it takes some twelve minutes, without (`--skip peers`) one.
Writes `.artifacts/drift.json`; exit code 1 when a goal (`peers/goals.py`) that was measured is missed, or ours failed.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from peers import TOOLS, Unavailable
from peers.environments import run
from peers.goals import goals
from peers.report import table
from peers.subjects import SUBJECTS, Subject

ROOT = Path(__file__).parent.parent
RESULT = ROOT / ".artifacts" / "drift.json"
DATA = Path(os.environ.get("MLWORKS_HOME", ROOT / ".mlworks")) / "benchmarks"
ROWS = [10_000, 100_000, 1_000_000]
BIG = 10_000_000


def main() -> int:
    """Measure what was asked for, print the tables and the goals."""
    options = parse()
    measurements = json.loads(RESULT.read_text()) if (options.show or options.keep) and RESULT.exists() else []
    for rows in [] if options.show else [*options.rows, *[BIG] * options.big]:
        files = make(rows)
        for row in measure(chosen(options, rows), files, rows, options.rounds):
            measurements = [other for other in measurements if (other["name"], other["rows"]) != (row["name"], rows)] + [row]
            RESULT.parent.mkdir(exist_ok=True)
            RESULT.write_text(json.dumps(measurements, indent=2))
    for rows in sorted({row["rows"] for row in measurements}):
        print("", table(measurements, rows), sep="\n")
    judged = goals(measurements)
    print("", *judged, sep="\n")
    return int(any(goal.verdict == "missed" for goal in judged) or any(row["name"].startswith("ours") and "failed" in row for row in measurements))


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["peers", *SUBJECTS]
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="sizes of the tables")
    parser.add_argument("--big", action="store_true", help=f"{BIG:,} rows too, for ours and reading (7 GB of files)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="what to measure")
    parser.add_argument("--skip", nargs="+", choices=names, default=[], help="what to leave out")
    parser.add_argument("--rounds", type=int, default=5, help="how often what is done in turns is done; the median counts")
    parser.add_argument("--keep", action="store_true", help="keep what the last run measured and this one does not")
    parser.add_argument("--show", action="store_true", help="measure nothing, print the last run's tables")
    return parser.parse_args()


def chosen(options: argparse.Namespace, rows: int) -> list[Subject]:
    """Return what is measured at this number of rows."""
    only, skip = ({*names, *(TOOLS if "peers" in names else ())} for names in (options.only, options.skip))
    return [subject for subject in SUBJECTS.values() if subject.name in only - skip and rows <= subject.most_rows]


def make(rows: int) -> Path:
    """Return the folder of both files, made if they are not there, and have the system read them once."""
    folder = DATA / f"drift-{rows}"
    if not (folder / "current.parquet").exists():
        print(f"making two tables of {rows:,} rows in {folder} …", flush=True)
        run("tables", str(folder), str(rows))
    for path in sorted(folder.glob("*.parquet")):
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass
    return folder


def measure(subjects: list[Subject], folder: Path, rows: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield one measurement a subject: those that are repeated in turns, so that noise falls on all of them alike, then the peers."""
    repeated = [subject for subject in subjects if subject.repeats]
    if any(subject.module == "ours" for subject in repeated):
        print(f"{rows:,} rows: storing profiles …", flush=True)
        run("ours", "store", *(str(folder / f"{side}.parquet") for side in ("reference", "current")))
    taken: dict[str, list[dict[str, Any]]] = {subject.name: [] for subject in repeated}
    for number in range(rounds if repeated else 0):
        print(f"{rows:,} rows: in turns, round {number + 1} of {rounds} …", flush=True)
        for subject in repeated:
            taken[subject.name].append(once(subject, folder, rows))
    for subject in repeated:
        yield median(taken[subject.name]) | (memory(subject, folder) if subject.several else {})
    for subject in subjects:
        if not subject.repeats:
            print(f"{rows:,} rows: {subject.title} …", flush=True)
            yield once(subject, folder, rows)


def once(subject: Subject, folder: Path, rows: int) -> dict[str, Any]:
    """Measure one subject in a fresh process; a tool that is not to be had is a row that says so."""
    head = {"name": subject.name, "rows": rows, "measured": time.strftime("%Y-%m-%d %H:%M")}
    try:
        return {**head, **run(subject.module, subject.task, *(str(folder / f"{file}.parquet") for file in subject.files))}
    except Unavailable as reason:
        print(f"  {reason}", flush=True)
        return {**head, "failed": str(reason)}


def memory(subject: Subject, folder: Path) -> dict[str, Any]:
    """Measure the memory of all processes of a subject, in a run of its own, for to look at it takes time."""
    found: dict[str, Any] = run("memory", subject.module, subject.task, *(str(folder / f"{file}.parquet") for file in subject.files))
    return found


def median(measured: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one measurement with the median of each number, and all the seconds that it is the median of."""
    failed = [row for row in measured if "failed" in row]
    if failed:
        return failed[0]
    middle = {name: statistics.median(row[name] for row in measured) for name, value in measured[0].items() if isinstance(value, float)}
    return {**measured[-1], **middle, "all_seconds_compute": sorted(row["seconds_compute"] for row in measured)}


if __name__ == "__main__":
    sys.exit(main())
