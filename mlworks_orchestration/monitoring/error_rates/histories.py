"""Pseudo-productions: windows that slide, partition by partition, over histories drawn from a model's past."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift import Blocks, Normal
from mlworks_orchestration.monitoring.drift.past.dependence import dependence
from mlworks_orchestration.monitoring.drift.past.resample import Past, phases_of, stretches
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.threads import one_blas_thread

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Histories:
    """Which partitions of the past follow each other.

    Parameters:
        order: the partition at each place, shape (histories, windows + window - 1).
        window: partitions in a window.
        phases: of the season, at which each window begins, shape (histories, windows); 0 without a season.
    """

    order: Indices
    window: int
    phases: Indices

    def counts(self, blocks: Floats, shifted: Floats | None = None, begins: int = 0) -> Floats:
        """Return the rows a cell of each window, shape (histories * windows, cells).

        Parameters:
            blocks: rows a cell of each partition, shape (partitions, cells).
            shifted: the same after a shift.
            begins: the place from which on partitions are the shifted ones.
        """
        both = blocks if shifted is None else np.vstack((blocks, shifted))
        after = 0 if shifted is None else len(blocks) * (np.arange(self.order.shape[1]) >= begins)
        sums = np.cumsum(both[self.order + after], axis=1)
        windows = sums[:, self.window - 1 :].copy()
        windows[:, 1:] -= sums[:, : -self.window]
        return windows.reshape(-1, blocks.shape[1])


@one_blas_thread()
def draw_histories(generator: Generator, blocks: Blocks, normal: Normal, *, histories: int, windows: int) -> Histories:
    """Draw histories in contiguous stretches that keep weekday, season and autocorrelation, the same for all columns.

    Parameters:
        generator: of random numbers.
        blocks: the past.
        normal: what was learnt from it.
        histories: how many.
        windows: of each.
    """
    period, window = normal.season.period, max(1, int(normal.window + 1e-9))
    stretch = max(dependence(column, period, window).stretch for column in blocks.columns.values())
    starts = generator.integers(0, blocks.number, histories)
    order = stretches(generator, Past(blocks.number, period, stretch), starts, windows + window - 1)
    phases = phases_of(period, normal.window)
    at = np.rint((starts[:, None] + np.arange(windows)) % period * phases / period).astype(np.int64) % phases
    return Histories(order, window, at)
