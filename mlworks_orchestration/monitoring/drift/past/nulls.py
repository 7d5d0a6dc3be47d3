"""The effects of statistics between windows of a reference and the reference itself, all replicates at once."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift.past.block_column import BlockColumn
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.resample import Draws, Indices
from mlworks_orchestration.monitoring.drift.past.setting import Setting, counted
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.statistics.record import OF_CELLS, Statistic, deciding
from mlworks_orchestration.spec import Drift
from mlworks_orchestration.threads import one_blas_thread

BATCH = 40_000
"""Windows times columns that are drawn at once, about 20 MB."""

COLUMNS = 50
"""Columns that are drawn at once where much is."""

LITTLE = 1 << 29
"""Multiplications from which on several threads pay; with fewer, a column at a time is drawn, which stays in a core's cache."""

BETWEEN_CELLS = 1.04
"""By how much the largest distance at the ends of 64 cells is short of the largest anywhere: 0.58 steps' standard deviation (Siegmund 1985, X.2)."""

_HARDLY = 1e-300


def effects(
    generator: Generator, blocks: Blocks, made: Setting, statistics: Sequence[Statistic], drift: Drift
) -> Mapping[tuple[ColumnKey, str], tuple[Floats, float]]:
    """Return the effect of each statistic on each column on which it decides, in each pseudo-window, and the median rows of a window.

    Effects are 0 where a statistic could not have told.

    Parameters:
        generator: of random numbers.
        blocks: of the reference.
        made: what was drawn.
        statistics: that take cells, or can be told from them.
        drift: least number of rows, and which statistics decide or have a threshold of their own.
    """
    alike: dict[int, list[_Null]] = {}
    for (key, text), column in counted(blocks).items():
        taking = _of_text(statistics, text) if text else [one for one in statistics if _is_judged(one, key, column.type, drift)]
        if taking and column.counts.any():
            rest = made.rests[key, text]
            alike.setdefault(rest.stretch, []).append(_Null.of(key, column, taking, made, rest.spread(generator, made.sequences)))
    found: dict[tuple[ColumnKey, str], tuple[Floats, float]] = {}
    for stretch, nulls in alike.items():
        draws = made.draws[stretch]
        much = len(draws.windows) * sum(null.column.counts.size for null in nulls) > LITTLE
        at_once = COLUMNS if much else 1
        with nullcontext() if much else one_blas_thread():
            for start in range(0, len(nulls), at_once):
                _measure(nulls[start : start + at_once], draws, drift)
        for null in nulls:
            rows = float(np.median(np.concatenate(null.rows))) / null.column.per_row * _longer(made)
            found |= {(null.key, one.name): (np.concatenate(null.effects[one.name]), rows) for one in null.statistics}
    return found


def _is_judged(statistic: Statistic, key: ColumnKey, column_type: str, drift: Drift) -> bool:
    """Return whether effects of a statistic on a column are held against what is normal."""
    named = column_type in statistic.types and bool({statistic.name, key.column} & drift.thresholds.keys())
    return named or deciding(statistic, key.kind, column_type, drift)


def _longer(made: Setting) -> float:
    """Return by how much a window is longer than the whole blocks that it is drawn of; it differs by the root of that less."""
    return max(1.0, made.length / made.window)


def _of_text(statistics: Sequence[Statistic], name: str) -> list[Statistic]:
    """Return a statistic of texts as it is told from counts in cells."""
    return [replace(one, types=OF_CELLS, measure=one.counted.measure) for one in statistics if one.name == name and one.counted]


@dataclass(frozen=True, eq=False)
class _Null:
    """What becomes of one column: its effects, batch by batch.

    Parameters:
        key: the column.
        column: counted by block.
        statistics: to measure.
        expected: shares of the whole reference, shape (cells + 1,).
        spread: by how much each window's deviation is stretched, shape (windows,).
        unseen: share of rows in new categories that a window beginning with each block brings beyond the mean, shape (blocks,).
        limit: what is counted of a window, where it is shorter than a block.
        pooled: how many phases of the reference windows are compared with together: of texts all, of other columns the one that is like the window.
        effects: by statistic, of each batch.
        rows: of the windows, of each batch.
    """

    key: ColumnKey
    column: BlockColumn
    statistics: Sequence[Statistic]
    expected: Floats
    spread: Floats
    unseen: Floats
    limit: float | None
    pooled: int
    effects: dict[str, list[Floats]]
    rows: list[Floats]

    @classmethod
    def of(cls, key: ColumnKey, column: BlockColumn, statistics: Sequence[Statistic], made: Setting, spread: Floats) -> "_Null":
        """Prepare a column; new categories are those beyond the mean, because their statistics expect what every window brings."""
        expected = _shares(column.counts.sum(axis=0, keepdims=True))[0]
        unseen = column.unseen(made.window) if len(column.spans) else np.zeros(len(column.counts))
        limit = None if made.rows is None else made.rows * column.per_row
        wide = np.repeat(spread, made.steps) * (BETWEEN_CELLS if column.groups.mixed.any() else 1.0) / sqrt(_longer(made))
        effects: dict[str, list[Floats]] = {one.name: [] for one in statistics}
        pooled, beyond = made.phases if any(one.counted for one in statistics) else 1, np.maximum(unseen - unseen.mean(), 0.0)
        return cls(key, column, statistics, expected, wide, beyond, limit, pooled, effects, [])

    def compared(self, references: Floats, against: Indices) -> Floats:
        """Return the reference of each window, shape (windows, cells + 1)."""
        if self.pooled == 1:
            return references.take(against, axis=0)
        whole: Floats = references.reshape(-1, self.pooled, references.shape[1]).mean(axis=1)
        return whole.take(against // self.pooled, axis=0)

    def windows(self, drawn: Floats, references: Floats, first: Indices, part: slice) -> Floats:
        """Return windows: the whole reference, moved by as much as a drawn window differs from a drawn reference.

        A window shorter than a block differs by as much more as the root of the ratio of their rows: all within it may depend on each other.
        """
        rows = drawn.sum(axis=1, keepdims=True)
        wider = sqrt(max(1.0, float(np.median(rows)) / self.limit)) if self.limit else 1.0
        shares: Floats = drawn * (wider / np.maximum(rows, _HARDLY))
        shares -= references
        if wider > 1:
            shares += (1 - wider) * self.expected
        shares *= self.spread[part, None]
        shares += self.expected
        np.maximum(shares, 0.0, out=shares)
        counted = rows if self.limit is None else np.minimum(rows, self.limit)
        scale = counted / np.maximum(shares.sum(axis=1, keepdims=True), _HARDLY)
        if not self.unseen.any():
            shares *= scale
            return shares
        new = self.unseen[first]
        shares *= scale * (1 - new[:, None])
        shares[:, -2] += counted[:, 0] * new
        return shares

    def measure(self, windows: Floats, drift: Drift) -> None:
        """Add the effects of a batch of windows."""
        cells = self.column.groups.side_by_side(self.column.counts.sum(axis=0), windows)
        if cells.values is not None:
            cells = replace(cells, mixed=np.zeros_like(cells.mixed))  # nobody asks for bounds here
        self.rows.append(windows.sum(axis=1))
        for one in self.statistics:
            compared = (self.rows[-1] if one.counts_missing else cells.present) / self.column.per_row
            with np.errstate(divide="ignore", invalid="ignore"):
                effect = one.measured(cells).effect
            told = (compared >= max(drift.min_rows, one.least_rows)) & np.isfinite(effect)
            self.effects[one.name].append(np.where(told, effect, 0.0))


def _measure(nulls: Sequence[_Null], draws: Draws, drift: Drift) -> None:
    """Measure columns side by side, a batch of windows after the other."""
    columns = [null.column.counts for null in nulls]
    references = [_shares(part) for part in _products(draws.references, columns)]
    batch = max(1, BATCH // len(nulls))
    for start in range(0, len(draws.windows), batch):
        part = slice(start, start + batch)
        drawn = _products(draws.windows[part], columns)
        for null, mine, reference in zip(nulls, drawn, references, strict=True):
            null.measure(null.windows(mine, null.compared(reference, draws.against[part]), draws.first[part], part), drift)


def _products(weights: Floats, columns: Sequence[Floats]) -> Sequence[Floats]:
    """Return weighted sums of each column's blocks, of all columns as one product."""
    return np.split(weights @ np.hstack(columns), np.cumsum([counts.shape[1] for counts in columns])[:-1], axis=1)


def _shares(counts: Floats) -> Floats:
    shares: Floats = counts / np.maximum(counts.sum(axis=1, keepdims=True), _HARDLY)
    return shares
