"""The shares of windows that docs/drift.md publishes of ours are those that the benchmark measures: some of the same windows, judged anew."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

ROOT = Path(__file__).parents[2]
MODULES = ("alarms", "our_alarms", "streams")
DRAWS = 5
"""Draws whose shares are published together; a season is found differently in each."""

CONFIDENCE, ROUNDED, SIGMA = 0.99, 0.005, "\N{GREEK SMALL LETTER SIGMA}"
INDEPENDENT, HEAVY = "independent, 20 columns", "heavy tails and outliers"
WORKING, ALONE = "ours, a model at work", "ours, mlworks drift"

TEXT = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
STREAMS = {
    "autoregressive": "autoregressive",
    "volatility that lasts": "volatility that lasts",
    "moving average of 500": "moving average of 500",
    "season, windows of a twentieth": "season of 20,000 rows",
    "season, of a quarter": "season, windows of 5,000",
}
"""The streams of the second table's columns."""


@pytest.fixture(scope="module")
def benchmarks() -> Iterator[SimpleNamespace]:
    """Import the benchmark's modules, as a script beside them does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
    for name in MODULES:
        sys.modules.pop(name, None)


def table(header: str) -> dict[str, dict[str, str]]:
    """Return the cells of the table whose header begins so, by row and column."""
    [text] = re.findall(rf"^\| {re.escape(header)}.*?(?=\n\n)", TEXT, flags=re.DOTALL | re.MULTILINE)
    names, _, *rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in rows}


def share(text: str) -> float:
    """Return `27 %` as a number."""
    return float(text.removesuffix(" %")) / 100


def published(way: str) -> dict[tuple[str, str], float]:
    """Return what is published of one of ours, by stream and kind of window."""
    first, second = table("tool, and what is taken for its alarm |")[way], table("tool | autoregressive")[way]
    told = {(INDEPENDENT, "quiet"): share(first["quiet, independent"]), (HEAVY, "quiet"): share(first["quiet, heavy tails"])}
    for stream in (INDEPENDENT, HEAVY):
        told |= {(stream, f"shift-{size}"): share(first[f"{size:g} {SIGMA}"]) for size in (0.2, 0.5, 1.0)}
    for column, stream in STREAMS.items():
        quiet, moved = second[column].split(", ")
        told |= {(stream, "quiet"): share(quiet), (stream, "shift-0.5"): share(moved)}
    return told


def is_within(told: float, alarms: int, windows: int) -> bool:
    """Return whether a share, rounded to a percent, lies in the interval of what was measured (Clopper and Pearson 1934)."""
    low, high = binomtest(alarms, windows).proportion_ci(CONFIDENCE)
    return bool(low - ROUNDED <= told <= high + ROUNDED)


def measured(benchmarks: ModuleType, way: str, name: str, most: int) -> dict[str, list[bool]]:
    """Return whether windows of a stream alarm, by kind of window; of each kind at most so many, evenly spread over the published draws."""
    found: dict[str, list[bool]] = {}
    for draw in range(DRAWS):
        for kind, alarmed in measured_draw(benchmarks, way, name, draw, most // DRAWS).items():
            found.setdefault(kind, []).extend(alarmed)
    return found


def measured_draw(benchmarks: ModuleType, way: str, name: str, draw: int, most: int) -> dict[str, list[bool]]:
    [stream] = [one for one in benchmarks.streams.STREAMS if one.name == name]
    named = benchmarks.streams.cut(stream, stream.make(np.random.default_rng((draw, 1))))
    kinds: dict[str, list[str]] = {}
    for window in named:
        kinds.setdefault(window.rpartition("-")[0], []).append(window)
    chosen = {kind: [windows[index] for index in _spread(len(windows), most)] for kind, windows in kinds.items() if (name, kind) in published(way)}
    asked = {"reference": named["reference"]} | {window: named[window] for windows in chosen.values() for window in windows}
    found = benchmarks.our_alarms.OURS[way](stream, asked)
    return {kind: [found[window] is True for window in windows] for kind, windows in chosen.items()}


def _spread(number: int, most: int) -> list[int]:
    return [number * index // min(number, most) for index in range(min(number, most))]


@pytest.mark.parametrize(
    ("way", "stream", "most"),
    [
        (WORKING, INDEPENDENT, 10),
        (WORKING, "autoregressive", 10),
        (WORKING, "moving average of 500", 10),
        (WORKING, "season of 20,000 rows", 20),
        (WORKING, "season, windows of 5,000", 10),
        (ALONE, "autoregressive", 10),
        (ALONE, "season, windows of 5,000", 10),
        (ALONE, HEAVY, 10),
    ],
)
def test_published_shares_are_those_of_windows_judged_anew(benchmarks: ModuleType, way: str, stream: str, most: int) -> None:
    found = measured(benchmarks, way, stream, most)
    assert found.keys() == {kind for name, kind in published(way) if name == stream}
    for kind, alarmed in found.items():
        told = published(way)[stream, kind]
        assert is_within(told, sum(alarmed), len(alarmed)), (
            f"{way}, {stream}, {kind}: {told:.0%} published, {sum(alarmed)} of {len(alarmed)} measured"
        )


def test_a_share_that_is_far_off_is_told_from_what_was_measured() -> None:
    assert is_within(1.0, 12, 12)
    assert not is_within(0.6, 12, 12)
    assert is_within(0.0, 0, 12)
    assert not is_within(0.4, 0, 12)


def test_both_of_ours_are_published(benchmarks: ModuleType) -> None:
    assert {WORKING, ALONE} == set(benchmarks.our_alarms.OURS)
    assert len(published(WORKING)) == len(published(ALONE)) == 18
