"""Uniform samples of rows that merge: each row draws a priority, and a sample is the rows whose priority lies below a threshold."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers

MOST_OF_PART = 256
"""Rows that the profile of a partition keeps at most."""

MOST_MERGED = 2048
"""Rows that the profile of a window or of a reference keeps at most."""


class Lowest(NamedTuple):
    """Which rows a sample holds.

    Parameters:
        threshold: all rows of a lower priority are in it; 1 if all rows are.
        priorities: of the rows in it, ascending, shape (kept,).
    """

    threshold: float
    priorities: Floats


def draw(rows: int, most: int, generator: np.random.Generator) -> tuple[Lowest, Integers]:
    """Draw a sample of rows without replacement.

    Parameters:
        rows: how many there are.
        most: how many to keep at most.
        generator: of the priorities, uniform from 0 to 1.

    Returns:
        the sample, and the positions of its rows, in the order of their priorities.

    Examples:
        >>> sample, positions = draw(1000, 3, np.random.default_rng(1))
        >>> len(positions), bool((sample.priorities < sample.threshold).all()), sample.threshold < 0.02
        (3, True, True)
    """
    priorities = generator.random(rows)
    threshold = float(np.partition(priorities, most)[most]) if rows > most else 1.0
    positions = np.flatnonzero(priorities < threshold)
    order = positions[np.argsort(priorities[positions], kind="stable")]
    return Lowest(threshold, priorities[order]), order


def merge(parts: Sequence[Lowest], most: int) -> tuple[Lowest, list[Integers], Integers]:
    """Merge samples: what lies below every threshold, and of that the lowest `most`.

    A part that had to drop rows says nothing above its threshold, so nobody's rows above it are kept: the result is a uniform sample of all rows
    together, however large each part was. Order and grouping of the merges do not matter (as for the theta sketch of Dasgupta, Lang, Rhodes and
    Thaler, ICDT 2016).

    Parameters:
        parts: one or more.
        most: how many rows to keep at most.

    Returns:
        the sample, for each part the positions of its rows that stay, and the order of these, one part after the other, by priority.
    """
    threshold = min(part.threshold for part in parts)
    everything = np.sort(np.concatenate([part.priorities for part in parts]))
    below = int(np.searchsorted(everything, threshold))
    if below > most:
        threshold = float(everything[most])
    kept = [np.arange(np.searchsorted(part.priorities, threshold)) for part in parts]
    priorities = np.concatenate([part.priorities[positions] for part, positions in zip(parts, kept, strict=True)])
    order = np.argsort(priorities, kind="stable")
    return Lowest(threshold, priorities[order]), kept, order
