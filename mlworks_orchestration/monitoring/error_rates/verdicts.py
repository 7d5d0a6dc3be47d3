"""The verdict of `compare` on very many windows at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift import Blocks, ColumnKey, Normal, Statistic, registered
from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.comparison.judge import threshold
from mlworks_orchestration.monitoring.drift.past.resample import Past, phase_weights
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.statistics.record import deciding
from mlworks_orchestration.monitoring.error_rates.histories import Histories
from mlworks_orchestration.spec import Drift


class Test(NamedTuple):
    """What one statistic that decides says of one column in each window.

    Parameters:
        p_value: NaN where it cannot be told; None of a pure distance, whose threshold is evidence enough.
        exceeds: whether the effect reaches its threshold.
    """

    p_value: Floats | None
    exceeds: Flags


@dataclass(frozen=True, eq=False)
class Verdicts:
    """How windows of histories compare with the past that they were drawn from, counted in the past's cells.

    Parameters:
        blocks: the past.
        normal: what was learnt from it.
        drift: the declaration.
        histories: the windows.
    """

    blocks: Blocks
    normal: Normal
    drift: Drift
    histories: Histories

    @cached_property
    def _weights(self) -> Floats:
        weights = phase_weights(Past(self.blocks.number, self.normal.season.period, 1), self.normal.window)
        shares: Floats = weights / weights.max(axis=1, keepdims=True)
        return shares

    def tests(self, key: ColumnKey, windows: Floats) -> list[Test]:
        """Return what all statistics that decide say of a column.

        Parameters:
            key: the column.
            windows: rows a cell, then those without a value, shape (windows, cells + 1).
        """
        column = self.blocks.columns[key]
        return [self._test(key, one, windows) for one in registered() if deciding(one, key.kind, column.type, self.drift)]

    def _test(self, key: ColumnKey, statistic: Statistic, windows: Floats) -> Test:
        p_value, effect = np.full(len(windows), np.nan), np.full(len(windows), np.nan)
        distance = False
        phases = self.histories.phases.ravel()
        for phase, reference in enumerate(self._references(key)):
            here = phases == phase
            with np.errstate(divide="ignore", invalid="ignore"):
                found = statistic.measured(self.blocks.columns[key].groups.side_by_side(reference, windows[here]))
            distance = found.p_value is None
            effect[here] = np.where(np.isfinite(found.value), found.effect, np.nan)
            p_value[here] = 0.0 if found.p_value is None else found.p_value
        rows = windows.sum(axis=1) if statistic.counts_missing else windows[:, :-1].sum(axis=1)
        told = np.isfinite(effect) & (rows >= max(self.drift.min_rows, statistic.least_rows))
        limits, calibrated = self._limits(key, statistic, rows)
        exceeds = told & (np.where(told, effect, 0.0) >= limits)
        return Test(None, exceeds & calibrated) if distance else Test(np.where(told, p_value, np.nan), exceeds)

    def _references(self, key: ColumnKey) -> Floats:
        """Return what windows of each phase are compared with; what the past has, but not at that time, is rare and not new."""
        counts = self.blocks.columns[key].counts
        matching = self._weights @ counts
        return np.where((matching == 0) & counts.any(axis=0), 0.5, matching) if len(matching) > 1 else matching

    def _limits(self, key: ColumnKey, statistic: Statistic, rows: Floats) -> tuple[Floats, Flags]:
        different, which = np.unique(np.rint(rows).astype(np.int64), return_inverse=True)
        found = [threshold(self.normal, key, statistic.name, self.drift, int(number)) for number in different]
        return np.array([limit for limit, _ in found])[which], np.array([source != "floor" for _, source in found])[which]


def alarms(tests: Sequence[Test], significance: float) -> Flags:
    """Return the windows in which any test of a family shows evidence, corrected as `benjamini_hochberg` does, and effect.

    Parameters:
        tests: all that decide of a kind.
        significance: largest corrected p-value that is evidence.

    Examples:
        >>> both = [Test(np.array([0.01, 0.04, 0.04]), np.array([True, True, True])), Test(np.array([0.9, 0.03, 0.9]), np.array([False] * 3))]
        >>> alarms(both, 0.05).tolist()
        [True, True, False]
    """
    found: Flags = np.any([one.exceeds for one in tests if one.p_value is None] or [np.zeros_like(tests[0].exceeds)], axis=0)
    family = [one for one in tests if one.p_value is not None]
    if not family:
        return found
    p_values = np.array([one.p_value for one in family])
    rising = np.sort(p_values, axis=0)  # NaN last
    number = np.isfinite(p_values).sum(axis=0)
    below = rising * number / np.arange(1, len(family) + 1)[:, None] <= significance
    largest = np.max(np.where(below, rising, -1.0), axis=0)
    both: Flags = found | np.any((p_values <= largest) & np.array([one.exceeds for one in family]), axis=0)
    return both
