"""Alarms on streams in time order, ours and, with `--peers`, other tools' defaults: quiet windows, shifts in one column, a change on top of a season.

Each window is compared with the reference by itself, as `mlworks drift` does. Prints a table and writes `.artifacts/alarms.json`; exit code 1 when
a claim does not hold: at most 2 % of the quiet windows of streams without change alarm, a shift of 0.2 standard deviations is found in 99 %
of the windows of independent rows, and a change on top of a season in the first window that holds it.

Streams whose rows remember as many rows as a block has show where the claims end.

Usage: python benchmarks/alarms.py [--peers] [--only STREAM …] [--repeats N] [--seed S]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from streams import STREAMS, Stream

from mlworks_orchestration.monitoring.drift import STATISTICS, Blocks, Calibrated, ColumnKey, Profile, Reference, calibrate_normal, compare, summarise
from mlworks_orchestration.spec import Drift, DriftKind

ARTIFACTS = Path(__file__).parent.parent / ".artifacts"
DECIDING = [statistic for statistic in STATISTICS if statistic.decides]
SHIFTS = (0.2, 0.5, 1.0)
"""Of one column, in standard deviations."""

MOST_FALSE, LEAST_FOUND = 0.02, 0.99
LEAST_BLOCKS, MOST_BLOCKS = 64, 128
Alarms = Mapping[str, bool | None]


def cut(stream: Stream, frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the reference, the quiet windows and those with a shift, by name: `reference`, `quiet-000`, `shift-0.2-000`."""
    quiet = [frame.slice(start, stream.window) for start in range(stream.reference, frame.height - stream.window + 1, stream.window)]
    named = {"reference": frame.head(stream.reference)} | {f"quiet-{index:03}": window for index, window in enumerate(quiet)}
    if stream.shifted:
        spread = _spread(frame[stream.shifted].to_numpy())
        for shift in SHIFTS:
            moved = [window.with_columns(pl.col(stream.shifted) + shift * spread) for window in quiet]
            named |= {f"shift-{shift}-{index:03}": window for index, window in enumerate(moved)}
    return named


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation that a normal of this spread between quartiles has."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 1.349


def ours(stream: Stream, named: Mapping[str, pl.DataFrame]) -> Alarms:
    """Return which windows alarm us, by name; null where it cannot be told."""
    frame = named["reference"]
    keys = {name: ColumnKey(DriftKind.FEATURE, name) for name in frame.columns}
    number = min(MOST_BLOCKS, max(LEAST_BLOCKS, round(stream.reference / stream.window)))
    ends = np.linspace(0, frame.height, number + 1).astype(int)
    parts = [Profile.of(frame[int(start) : int(stop)], keys) for start, stop in pairwise(ends)]
    whole, drift = Profile.merged(parts), Drift()
    blocks = Blocks.of(whole, parts, [float(start) for start in ends[:-1]])
    generator, length = np.random.default_rng(0), stream.window * number / frame.height
    normal = calibrate_normal(
        blocks, Calibrated.each(0.01), drift, window_blocks=length, window_rows=stream.window, statistics=DECIDING, generator=generator
    )
    reference = Reference(whole, blocks, normal)
    starts = {name: float(stream.reference + stream.window * int(name[-3:])) for name in named if name != "reference"}
    found = {name: compare(reference, Profile.of(named[name], keys), drift, DECIDING, start=start) for name, start in starts.items()}
    return {name: summarise(rows, DriftKind.FEATURE, drift).drifted for name, rows in found.items()}


def theirs(tool: str, named: Mapping[str, pl.DataFrame]) -> dict[str, Alarms]:
    """Return which windows alarm another tool, by policy and name; empty if it is not installed here."""
    from peers import alarms  # noqa: PLC0415 - other tools are asked only with --peers

    with tempfile.TemporaryDirectory() as folder:
        for name, frame in named.items():
            frame.write_parquet(Path(folder) / f"{name}.parquet")
        return {f"{tool} {policy}": found for policy, found in (alarms(tool, folder) or {}).items()}


def first_window(found: Alarms) -> int | None:
    """Return the number of the first window that finds a whole standard deviation, from 1; None if none does."""
    large = [alarmed is True for name, alarmed in sorted(found.items()) if name.startswith(f"shift-{SHIFTS[-1]}-")]
    return large.index(True) + 1 if True in large else None


def measure(stream: Stream, tools: list[str], repeats: int, seed: int) -> dict[str, dict[str, float | int | None]]:
    """Return the rates of each tool on a stream, over all its repeats; the first window is the latest of the repeats."""
    every: dict[str, dict[str, bool | None]] = {}
    firsts: dict[str, list[int | None]] = {}
    for repeat in range(repeats if stream.known else 1):
        named = cut(stream, stream.make(np.random.default_rng((seed + repeat, 1))))
        asked: dict[str, Alarms] = {"ours": ours(stream, named)}
        for tool in tools if repeat == 0 else []:
            asked |= theirs(tool, named)
        for tool, found in asked.items():
            every.setdefault(tool, {}).update({f"{name}@{repeat}": alarm for name, alarm in found.items()})
            firsts.setdefault(tool, []).append(first_window(found))
    return {tool: _pooled(found, firsts[tool]) for tool, found in every.items()}


def _pooled(found: Alarms, firsts: list[int | None]) -> dict[str, float | int | None]:
    groups: dict[str, list[bool]] = {}
    for name, alarmed in found.items():
        groups.setdefault(name.rsplit("-", 1)[0], []).append(alarmed is True)
    latest = None if None in firsts else max(first for first in firsts if first is not None)
    return {name: sum(alarmed) / len(alarmed) for name, alarmed in groups.items()} | {"windows": len(groups["quiet"]), "first_window": latest}


def claims(results: Mapping[str, Mapping[str, Mapping[str, float | int | None]]]) -> dict[str, bool]:
    """Return which claims hold."""
    mine = {stream.name: results[stream.name]["ours"] for stream in STREAMS if stream.known and stream.claimed}
    quiet = sum(float(one["quiet"] or 0) * float(one["windows"] or 0) for one in mine.values()) / sum(
        float(one["windows"] or 0) for one in mine.values()
    )
    seasons = [one["first_window"] == 1 for name, one in mine.items() if name.startswith("season")]
    found = float(mine["independent, 20 columns"]["shift-0.2"] or 0)
    return {
        "quiet windows ≤ 2 %": quiet <= MOST_FALSE,
        "0.2 standard deviations found in ≥ 99 %": found >= LEAST_FOUND,
        "change on a season found in the first window": all(seasons),
    }


def main() -> int:
    """Measure, print and write; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="ask other tools too")
    names = [stream.name for stream in STREAMS]
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="streams to draw; claims are judged when all are")
    parser.add_argument("--repeats", type=int, default=5, help="how often to draw each seeded stream")
    parser.add_argument("--seed", type=int, default=0, help="of the first draw; others than were looked at when the method was chosen")
    asked = parser.parse_args()
    tools: list[str] = []
    if asked.peers:
        from peers import TOOLS  # noqa: PLC0415 - as above

        tools = list(TOOLS)
    results = {}
    print(f"{'stream':<28}{'tool':<24}{'windows':>8}{'quiet':>8}" + "".join(f"{f'+{shift} sd':>8}" for shift in SHIFTS) + f"{'first':>7}")
    for stream in [stream for stream in STREAMS if stream.name in asked.only]:
        results[stream.name] = measure(stream, tools, asked.repeats, asked.seed)
        for tool, one in results[stream.name].items():
            shares = [one.get("quiet"), *(one.get(f"shift-{shift}") for shift in SHIFTS)]
            told = "".join(f"{'' if share is None else f'{share:.1%}':>8}" for share in shares)
            print(f"{stream.name:<28}{tool:<24}{one['windows']:>8}{told}{one['first_window'] or '':>7}", flush=True)
    kept = claims(results) if len(results) == len(STREAMS) else {}
    print("\n".join(f"{'holds' if holds else 'FAILS'}: {claim}" for claim, holds in kept.items()))
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / "alarms.json").write_text(json.dumps({"streams": results, "claims": kept}, indent=1, ensure_ascii=False))
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
