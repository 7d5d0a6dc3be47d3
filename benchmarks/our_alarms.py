"""Which windows of a stream alarm us, as each of the two things that we have: a model at work and `mlworks drift`."""

import sys
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import polars as pl
from rich.console import Console
from rich.progress import track
from streams import Stream

from mlworks_orchestration.monitoring.drift import (
    STATISTICS,
    Blocks,
    Calibrated,
    ColumnKey,
    Profile,
    Reference,
    analyze,
    calibrate_normal,
    compare,
    summarise,
)
from mlworks_orchestration.spec import Drift, DriftKind

LEAST_BLOCKS, MOST_BLOCKS = 64, 128
Alarms = Mapping[str, bool | None]
"""Whether each window alarms, by name; null where it cannot be told."""

_DECIDING = [statistic for statistic in STATISTICS if statistic.decides]


def at_work(stream: Stream, named: Mapping[str, pl.DataFrame]) -> Alarms:
    """Return which windows alarm a model at work: profiles of partitions are its past, and it knows when each window began.

    Parameters:
        stream: whose lengths of reference and windows.
        named: as `streams.cut` returned them.
    """
    frame = named["reference"]
    keys = {name: ColumnKey(DriftKind.FEATURE, name) for name in frame.columns}
    reference, drift = _learnt(stream, frame, keys), Drift()
    starts = {name: float(stream.reference + stream.window * int(name[-3:])) for name in named if name != "reference"}
    found = {name: compare(reference, Profile.of(named[name], keys), drift, _DECIDING, start=start) for name, start in starts.items()}
    return {name: summarise(rows, DriftKind.FEATURE, drift).drifted for name, rows in found.items()}


def _learnt(stream: Stream, frame: pl.DataFrame, keys: Mapping[str, ColumnKey]) -> Reference:
    number = min(MOST_BLOCKS, max(LEAST_BLOCKS, round(stream.reference / stream.window)))
    ends = np.linspace(0, frame.height, number + 1).astype(int)
    parts = [Profile.of(frame[int(start) : int(stop)], keys) for start, stop in pairwise(ends)]
    whole = Profile.merged(parts)
    blocks = Blocks.of(whole, parts, [float(start) for start in ends[:-1]])
    generator, length = np.random.default_rng(0), stream.window * number / frame.height
    normal = calibrate_normal(
        blocks, Calibrated.each(0.01), Drift(), window_blocks=length, window_rows=stream.window, statistics=_DECIDING, generator=generator
    )
    return Reference(whole, blocks, normal)


def stand_alone(stream: Stream, named: Mapping[str, pl.DataFrame]) -> Alarms:
    """Return which windows alarm `mlworks drift`: it reads the reference anew for each, and does not know when the window began.

    Parameters:
        stream: whose name is told while it goes on.
        named: as `streams.cut` returned them.
    """
    windows = [name for name in named if name != "reference"]
    console = Console(file=sys.stderr)
    shown = track(windows, f"{stream.name}, mlworks drift", console=console, transient=True, disable=not console.is_terminal)
    return {name: analyze(named["reference"], named[name]).drifted for name in shown}


OURS: Mapping[str, Callable[[Stream, Mapping[str, pl.DataFrame]], Alarms]] = {"ours, a model at work": at_work, "ours, mlworks drift": stand_alone}
"""By what they are called in tables."""
