"""Alarms on streams in time order, ours and, with `--peers`, other tools' defaults: quiet windows, shifts in one column, a change on top of a season.

Each window is compared with the reference by itself. Ours are two: a model at work, whose past is kept as profiles and which knows when a window
began, and `mlworks drift`, which is given two tables. Prints a table and writes `.artifacts/alarms.json`; exit code 1 when a claim does not hold,
of either: at most 2 % of the quiet windows of streams without change alarm, a shift of 0.2 standard deviations is found in 99 % of the windows of
independent rows, and a change on top of a season in the first window that holds it.

Streams whose rows remember as many rows as a block has show where the claims end. It takes about ten minutes of a processor, most of them for
`mlworks drift`, which learns from the reference anew for each window, on the season of 20,000 rows.

Usage: python benchmarks/alarms.py [--peers] [--only STREAM …] [--repeats N] [--seed S]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from our_alarms import OURS, Alarms
from streams import SHIFTS, STREAMS, Stream, cut

ARTIFACTS = Path(__file__).parent.parent / ".artifacts"
MOST_FALSE, LEAST_FOUND = 0.02, 0.99
Rates = Mapping[str, float | int | None]
"""Of one tool on one stream: the shares of windows that alarm, how many were quiet, and the first that finds a whole standard deviation."""


@dataclass(frozen=True)
class Claim:
    """What is claimed of one of ours.

    Parameters:
        text: whose, and what.
        found: what was measured.
        holds: whether it is as claimed.
    """

    text: str
    found: str
    holds: bool


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


def measure(stream: Stream, tools: list[str], repeats: int, seed: int) -> dict[str, Rates]:
    """Return the rates of each tool on a stream, over all its repeats; the first window is the latest of the repeats."""
    every: dict[str, dict[str, bool | None]] = {}
    firsts: dict[str, list[int | None]] = {}
    for repeat in range(repeats if stream.known else 1):
        named = cut(stream, stream.make(np.random.default_rng((seed + repeat, 1))))
        asked: dict[str, Alarms] = {name: ours(stream, named) for name, ours in OURS.items()}
        for tool in tools if repeat == 0 else []:
            asked |= theirs(tool, named)
        for tool, found in asked.items():
            every.setdefault(tool, {}).update({f"{name}@{repeat}": alarm for name, alarm in found.items()})
            firsts.setdefault(tool, []).append(first_window(found))
    return {tool: _pooled(found, firsts[tool]) for tool, found in every.items()}


def _pooled(found: Alarms, firsts: list[int | None]) -> Rates:
    groups: dict[str, list[bool]] = {}
    for name, alarmed in found.items():
        groups.setdefault(name.rsplit("-", 1)[0], []).append(alarmed is True)
    latest = None if None in firsts else max(first for first in firsts if first is not None)
    return {name: sum(alarmed) / len(alarmed) for name, alarmed in groups.items()} | {"windows": len(groups["quiet"]), "first_window": latest}


def claims(results: Mapping[str, Mapping[str, Rates]]) -> Iterator[Claim]:
    """Yield what is claimed of each of ours, and whether it holds."""
    for name in OURS:
        mine = {stream.name: results[stream.name][name] for stream in STREAMS if stream.known and stream.claimed}
        windows = sum(int(one["windows"] or 0) for one in mine.values())
        alarms = round(sum(float(one["quiet"] or 0) * int(one["windows"] or 0) for one in mine.values()))
        yield Claim(f"{name}: quiet windows ≤ {MOST_FALSE:.0%}", f"{alarms} of {windows}", alarms / windows <= MOST_FALSE)
        found = float(mine["independent, 20 columns"][f"shift-{SHIFTS[0]}"] or 0)
        yield Claim(f"{name}: {SHIFTS[0]} standard deviations found in ≥ {LEAST_FOUND:.0%}", f"{found:.1%}", found >= LEAST_FOUND)
        firsts = [one["first_window"] for stream, one in mine.items() if stream.startswith("season")]
        yield Claim(f"{name}: change on a season found in the first window", f"windows {firsts}", all(first == 1 for first in firsts))


def told(name: str, tool: str, one: Rates) -> str:
    """Return the line of a tool on a stream."""
    shares = [one.get("quiet"), *(one.get(f"shift-{shift}") for shift in SHIFTS)]
    cells = "".join(f"{'' if share is None else f'{share:.1%}':>8}" for share in shares)
    return f"{name:<28}{tool:<24}{one['windows']:>8}{cells}{one['first_window'] or '':>7}"


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
        print("\n".join(told(stream.name, tool, one) for tool, one in results[stream.name].items()), flush=True)
    judged = list(claims(results)) if len(results) == len(STREAMS) else []
    print("\n".join(f"{'holds' if claim.holds else 'FAILS'}: {claim.text} ({claim.found})" for claim in judged))
    ARTIFACTS.mkdir(exist_ok=True)
    document = {"streams": results, "claims": [asdict(claim) for claim in judged]}
    (ARTIFACTS / "alarms.json").write_text(json.dumps(document, indent=1, ensure_ascii=False))
    return 0 if all(claim.holds for claim in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
