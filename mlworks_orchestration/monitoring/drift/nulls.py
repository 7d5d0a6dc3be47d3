"""The effects of statistics between windows of a reference and the reference itself, all replicates at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.blocks import BlockColumn, Blocks
from mlworks_orchestration.monitoring.drift.dependence import dependence
from mlworks_orchestration.monitoring.drift.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.resample import Draws, Past, draw
from mlworks_orchestration.monitoring.drift.season import Season
from mlworks_orchestration.monitoring.drift.statistics.record import Statistic
from mlworks_orchestration.monitoring.drift.thresholds import Calibrated
from mlworks_orchestration.spec import Drift

ALONE = 600
"""Replicates of a comparison that stands alone."""

SLIDING = 12_000
"""Windows of all pseudo-histories together, for a model."""

LONGEST = 365
"""Windows of one pseudo-history, at most."""

BATCH = 2000
"""Windows that are measured at once: their cells stay in the processor's cache."""

BETWEEN_CELLS = 1.04
"""By how much the largest distance at the ends of 64 cells is short of the largest anywhere: 0.58 steps' standard deviation (Siegmund 1985, X.2)."""


@dataclass(frozen=True, eq=False)
class Setting:
    """How pseudo-histories are drawn, and what was drawn.

    Parameters:
        window: its length in blocks.
        rows: of a window, where it is shorter than a block; None where blocks make it up.
        phases: with how many different parts of the reference windows are compared.
        sequences: pseudo-histories.
        steps: windows of each.
        season: of the reference.
        draws: which blocks, by how many are kept together.
    """

    window: int
    rows: float | None
    phases: int
    sequences: int
    steps: int
    season: Season
    draws: Mapping[int, Draws]


def setting(generator: Generator, blocks: Blocks, season: Season, rule: Calibrated, window: tuple[float, float | None]) -> Setting:
    """Draw the pseudo-histories for a rule.

    Parameters:
        generator: of random numbers.
        blocks: of the reference.
        season: of the reference.
        rule: how windows follow each other.
        window: its length in blocks, and its rows where it is shorter than a block.
    """
    number, (length, rows) = blocks.number, window
    whole = max(1, int(length + 1e-9))
    steps = max(1, min(LONGEST, round(rule.windows))) if rule.sliding else 1
    sequences = ceil(SLIDING / steps) if rule.sliding else ALONE
    needed = {dependence(column, season.period, whole).stretch for column in blocks.columns.values()}
    draws = {
        stretch: draw(generator, Past(number, season.period, stretch), window=whole, sequences=sequences, steps=steps) for stretch in sorted(needed)
    }
    phases = 1 if whole % season.period == 0 else season.period
    return Setting(whole, rows if length < 1 else None, phases, sequences, steps, season, draws)


def effects(
    generator: Generator, blocks: Blocks, made: Setting, statistics: Sequence[Statistic], drift: Drift
) -> Mapping[tuple[ColumnKey, str], tuple[Floats, float]]:
    """Return the effect of each statistic on each column in each pseudo-window, and the median rows of a window.

    Effects are 0 where a statistic could not have told.

    Parameters:
        generator: of random numbers.
        blocks: of the reference.
        made: what was drawn.
        statistics: that take cells.
        drift: least number of rows.
    """
    found: dict[tuple[ColumnKey, str], tuple[Floats, float]] = {}
    for key, column in blocks.columns.items():
        taking = [one for one in statistics if column.type in one.types]
        if not taking or not column.counts.any():
            continue
        parts: dict[str, list[Floats]] = {one.name: [] for one in taking}
        totals = []
        whole = column.counts.sum(axis=0)
        for windows in _replicates(generator, column, made):
            cells = column.groups.side_by_side(whole, windows)
            totals.append(windows.sum(axis=1))
            for one in taking:
                compared = totals[-1] if one.counts_missing else cells.present
                told = compared >= max(drift.min_rows, one.least_rows)
                with np.errstate(divide="ignore", invalid="ignore"):
                    effect = one.measure(cells).effect
                parts[one.name].append(np.where(told & np.isfinite(effect), effect, 0.0))
        rows = float(np.median(np.concatenate(totals)))
        found |= {(key, name): (np.concatenate(part), rows) for name, part in parts.items()}
    return found


def _replicates(generator: Generator, column: BlockColumn, made: Setting) -> Iterator[Floats]:
    """Yield batches of windows: the whole reference, moved by as much as a drawn window differs from a drawn reference.

    A window shorter than a block differs by as much more as the root of the ratio of their rows: all within it may depend on each other.
    """
    number = len(column.counts)
    rests = dependence(column, made.season.period, made.window)
    draws, counts = made.draws[rests.stretch], column.counts
    references = _shares(draws.references @ counts)
    expected = _shares(counts.sum(axis=0, keepdims=True))
    wider = sqrt(max(1.0, float(np.median(counts.sum(axis=1))) / made.rows)) if made.rows else 1.0
    spread = np.repeat(rests.spread(generator, made.sequences), made.steps) * (BETWEEN_CELLS if column.groups.mixed.any() else 1.0)
    unseen = column.unseen(made.window) if column.groups.names is not None else np.zeros(number)
    for start in range(0, len(draws.windows), BATCH):
        part = slice(start, start + BATCH)
        windows = draws.windows[part] @ counts
        rows = windows.sum(axis=1, keepdims=True)
        deviations = (wider * (_shares(windows) - expected) - (references[draws.against[part]] - expected)) * spread[part, None]
        shares = _shares(np.maximum(expected + deviations, 0.0))
        if unseen.any():
            # Beyond the mean: statistics of new categories expect what every window brings.
            new = np.maximum(unseen[draws.first[part]] - unseen.mean(), 0.0)
            shares *= 1 - new[:, None]
            shares[:, -2] += new
        yield shares * (rows if made.rows is None else np.minimum(rows, made.rows))


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return shares
