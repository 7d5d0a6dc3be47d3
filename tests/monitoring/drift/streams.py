"""Seeded streams without drift, and what a comparison says of them."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.stats import t

from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, ColumnKey, Profile, Reference, calibrate_normal, compare, summarise
from mlworks_orchestration.monitoring.drift.statistics import CHI_SQUARED, KS, MISSING_SHARE, NEW_CATEGORY
from mlworks_orchestration.spec import Drift, DriftKind

DECIDING = (KS, MISSING_SHARE, CHI_SQUARED, NEW_CATEGORY)
Stream = dict[str, NDArray[np.float64] | NDArray[np.str_]]


def profile(stream: Mapping[str, object]) -> Profile:
    return Profile.of(pl.DataFrame(dict(stream)), {name: ColumnKey(DriftKind.FEATURE, name) for name in stream})


def part(stream: Stream, start: int, stop: int) -> Profile:
    return profile({name: values[start:stop] for name, values in stream.items()})


def learn(  # noqa: PLR0913 - as calibrate_normal
    parts: list[Profile],
    rule: Calibrated,
    window_blocks: float,
    drift: Drift | None = None,
    *,
    rows: float | None = None,
    starts: list[float] | None = None,
) -> Reference:
    whole = Profile.merged(parts)
    blocks = Blocks.of(whole, parts, starts)
    normal = calibrate_normal(
        blocks,
        rule,
        drift or Drift(),
        window_blocks=window_blocks,
        window_rows=rows,
        statistics=DECIDING,
        generator=np.random.default_rng(1),
    )
    return Reference(whole, blocks, normal)


def alarms(reference: Reference, window: Profile, drift: Drift | None = None, start: float | None = None) -> bool | None:
    declared = drift or Drift()
    return summarise(compare(reference, window, declared, DECIDING, start=start), DriftKind.FEATURE, declared).drifted


def stands_alone(stream: Stream, rows: int, window: int, rate: float = 0.01, drift: Drift | None = None) -> tuple[Reference, Profile]:
    """Learn from the first rows of a stream, and return that and the window that follows."""
    blocks = 32
    cut = np.linspace(0, rows, blocks + 1).astype(int)
    parts = [part(stream, start, stop) for start, stop in pairwise(cut)]
    return learn(parts, Calibrated.each(rate), window * blocks / rows, drift, rows=window), part(stream, rows, rows + window)


def normals(columns: int) -> Callable[[Generator, int], Stream]:
    return lambda rng, rows: {f"c{index}": rng.normal(size=rows) for index in range(columns)}


def autoregressive(columns: int, memory: float) -> Callable[[Generator, int], Stream]:
    def one(rng: Generator, rows: int) -> NDArray[np.float64]:
        made: NDArray[np.float64] = lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.normal(size=rows + 2000))[2000:]
        return made

    return lambda rng, rows: {f"c{index}": one(rng, rows) for index in range(columns)}


def skewed(columns: int) -> Callable[[Generator, int], Stream]:
    shares = 1 / np.arange(1, 41) ** 1.3
    names = np.array([f"k{index}" for index in range(40)])
    return lambda rng, rows: {f"c{index}": names[rng.choice(40, size=rows, p=shares / shares.sum())] for index in range(columns)}


def mean_interval(found: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % confidence interval of the mean of independent numbers (Student 1908)."""
    half = float(t.ppf(0.975, len(found) - 1) * np.std(found, ddof=1) / np.sqrt(len(found)))
    return float(np.mean(found)) - half, float(np.mean(found)) + half
