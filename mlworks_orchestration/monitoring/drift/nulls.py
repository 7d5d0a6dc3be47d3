"""The effects of statistics between windows of a reference and the reference itself, all replicates at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.blocks import BlockColumn, Blocks
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


@dataclass(frozen=True, eq=False)
class Setting:
    """How pseudo-histories are drawn, and what was drawn.

    Parameters:
        window: its length in blocks.
        rows: of a window, where it is shorter than a block; None where blocks make it up.
        stretch: blocks that are kept together.
        phases: with how many different parts of the reference windows are compared.
        sequences: pseudo-histories.
        steps: windows of each.
        season: of the reference.
        draws: which blocks.
    """

    window: int
    rows: float | None
    stretch: int
    phases: int
    sequences: int
    steps: int
    season: Season
    draws: Draws


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
    stretch = max(1, min(max(whole, ceil(number ** (1 / 3))), number // 4))
    steps = max(1, min(LONGEST, round(rule.windows))) if rule.sliding else 1
    sequences = ceil(SLIDING / steps) if rule.sliding else ALONE
    draws = draw(generator, Past(number, season.period, stretch), window=whole, sequences=sequences, steps=steps)
    phases = 1 if whole % season.period == 0 else season.period
    return Setting(whole, rows if length < 1 else None, stretch, phases, sequences, steps, season, draws)


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
    """Yield batches of windows: the whole reference, moved by as much as a drawn window differs from a drawn reference."""
    draws, counts = made.draws, column.counts
    references = _shares(draws.references @ counts)
    expected = _shares(counts.sum(axis=0, keepdims=True))
    spread = _spread(generator, column, made)
    unseen = column.unseen(made.window) if column.groups.names is not None else None
    for start in range(0, len(draws.windows), BATCH):
        part = slice(start, start + BATCH)
        windows = draws.windows[part] @ counts
        rows = windows.sum(axis=1, keepdims=True)
        deviations = (_shares(windows) - references[draws.against[part]]) * spread[part, None]
        if made.rows is not None:
            deviations += _noise(generator, expected[0], len(windows), made.rows, float(np.median(rows)))
            rows = np.minimum(rows, made.rows)
        shares = _shares(np.maximum(expected + deviations, 0.0))
        if unseen is not None:
            # Beyond the mean: statistics of new categories expect what every window brings.
            new = np.maximum(unseen[draws.first[part]] - unseen.mean(), 0.0)
            shares *= 1 - new[:, None]
            shares[:, -2] += new
        yield shares * rows


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    return shares


def _noise(generator: Generator, shares: Floats, windows: int, rows: float, block_rows: float) -> Floats:
    """Return the sampling noise that a window has beyond a block's, because its rows are fewer: a multinomial's, as a normal."""
    variance = max(1 / rows - 1 / max(block_rows, 1.0), 0.0)
    roots = np.sqrt(shares)
    drawn = generator.standard_normal((windows, len(shares)))
    noise: Floats = (drawn - (drawn @ roots)[:, None] * roots) * roots * np.sqrt(variance)
    return noise


def _spread(generator: Generator, column: BlockColumn, made: Setting) -> Floats:
    """Return by how much each window's deviation is stretched, because few blocks tell little of how far windows can go, shape (windows,).

    The root of the ratio of degrees of freedom to a chi-squared variable that has as many: what makes Student's t of a normal. They are the
    blocks over how long they depend on each other, less those that the phases of the season take.
    """
    number = len(column.counts)
    dependence = _dependence(column, made.season.period)
    independent = number / dependence
    freedom = max(independent * (1 - max(made.season.period, dependence) / number), 2.0)
    drawn = np.sqrt(independent / generator.chisquare(freedom, made.sequences))
    return np.repeat(drawn, made.steps)


def _dependence(column: BlockColumn, period: int) -> float:
    """Return over how many blocks one depends on those before: 1 plus twice the autocorrelations, up to the first that is not clearly above 0."""
    roots = np.sqrt(_shares(column.counts))
    number = len(roots)
    phases = np.arange(number) % period
    means = np.array([roots[phases == phase].mean(axis=0) for phase in range(period)])
    rest = roots - means[phases]
    gram = rest @ rest.T
    total = float(np.trace(gram)) / number
    if total <= 0:
        return 1.0
    dependence = 1.0
    for lag in range(1, number // 4 + 1):
        correlation = float(np.trace(gram, offset=lag)) / (number - lag) / total + 1 / number
        if correlation < 1 / np.sqrt(number):
            break
        dependence += 2 * correlation
    return dependence
