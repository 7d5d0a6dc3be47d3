"""Pseudo-histories of a reference: which of its blocks a replicate's windows, and its reference, are made of."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

Indices = NDArray[np.int64]

WHOLE = 0.95
"""A window within a twentieth of a cycle of whole cycles holds whole cycles."""

BESIDE = 0.25
"""By so much of a block a window may lie beside the reference and still be compared with what of it lies within."""


@dataclass(frozen=True, eq=False)
class Draws:
    """What replicates are made of.

    Parameters:
        windows: how often each block is in each window, shape (sequences * windows, blocks).
        first: the block with which each window begins, shape (sequences * windows,).
        references: how often each block is in each reference, shape (references, blocks).
        against: which reference each window is compared with, shape (sequences * windows,).
        sequences: how many sequences of windows there are.
    """

    windows: Floats
    first: Indices
    references: Floats
    against: Indices
    sequences: int


@dataclass(frozen=True)
class Past:
    """What pseudo-histories are drawn from.

    Parameters:
        blocks: how many there are.
        period: of the season, in blocks; 1 without.
        stretch: blocks that are kept together.
    """

    blocks: int
    period: float
    stretch: int


def stretches(generator: Generator, past: Past, starts: Indices, length: int) -> Indices:
    """Draw sequences of blocks in contiguous stretches that keep their phase of the season.

    A circular moving-block bootstrap (Künsch 1989; Politis and Romano 1992), with stretches that begin only at blocks of the phase that is due
    (the generalised seasonal block bootstrap: Dudek, Leskow, Paparoditis and Politis 2014).

    Parameters:
        generator: of random numbers.
        past: the blocks; a block of the phase that is due is the one nearest to it.
        starts: in which block each sequence begins, shape (sequences,).
        length: of each sequence.

    Returns:
        which block stands where, shape (sequences, length).

    Examples:
        >>> drawn = stretches(np.random.default_rng(0), Past(21, 7, 4), np.array([0, 3]), 9)
        >>> (drawn % 7).tolist()
        [[0, 1, 2, 3, 4, 5, 6, 0, 1], [3, 4, 5, 6, 0, 1, 2, 3, 4]]
    """
    blocks, period, stretch = past.blocks, past.period, past.stretch
    due = starts[:, None] + stretch * np.arange(-(-length // stretch))
    first = due - period * np.floor((due + 0.5) / period)  # the earliest cycle, at -0.5 or later
    cycles = np.floor((blocks - 0.51 - first) / period) + 1
    begins = first + period * np.floor(generator.random(due.shape) * cycles)
    drawn = begins[:, :, None] + np.arange(stretch)
    whole = period * max(1, int(blocks / period))
    while (beyond := drawn > blocks - 0.51).any():
        drawn = np.where(beyond, drawn - whole, drawn)
    nearest: Indices = np.clip(np.rint(drawn), 0, blocks - 1).astype(np.int64)
    return nearest.reshape(len(starts), -1)[:, :length]


def draw(generator: Generator, past: Past, *, window: int, sequences: int, steps: int) -> Draws:
    """Draw sequences of sliding windows, and for each sequence a reference of its own.

    Parameters:
        generator: of random numbers.
        past: the blocks.
        window: its length in blocks.
        sequences: how many.
        steps: windows in a sequence, each a block later.
    """
    blocks = past.blocks
    starts = generator.integers(0, blocks, sequences)
    order = stretches(generator, past, starts, steps + window - 1)
    rows = np.arange(sequences)[:, None]
    windows = np.zeros((sequences, steps, blocks), dtype=np.float32)
    windows[:, 0] = np.bincount((rows * blocks + order[:, :window]).ravel(), minlength=sequences * blocks).reshape(sequences, blocks)
    later = np.arange(1, steps)  # each window has one block more than the one before, and one less
    windows[rows, later, order[:, window:]] += 1.0
    windows[rows, later, order[:, : steps - 1]] -= 1.0
    windows = np.cumsum(windows, axis=1, dtype=np.float32) if steps > 1 else windows
    pseudo = stretches(generator, past, np.zeros(sequences, dtype=np.int64), blocks)
    weights = phase_weights(past, window)
    references = np.zeros((sequences, len(weights), blocks))
    np.add.at(references, (rows[:, :, None], np.arange(len(weights))[:, None], pseudo[:, None, :]), weights[None])
    phases = np.rint((starts[:, None] + np.arange(steps)) % past.period * len(weights) / past.period).astype(np.int64) % len(weights)
    against = (rows * len(weights) + phases).ravel()
    return Draws(windows.reshape(-1, blocks).astype(np.float64), order[:, :steps].ravel(), references.reshape(-1, blocks), against, sequences)


def phases_of(period: float, window: float) -> int:
    """Return how many phases of the season windows are told apart by: 1 if they are whole cycles.

    Parameters:
        period: of the season; 1 without.
        window: its length in blocks.

    Examples:
        >>> phases_of(1, 3), phases_of(7, 14), phases_of(7, 1), phases_of(10.67, 3)
        (1, 1, 7, 11)
    """
    cycles = window / period
    return 1 if period == 1 or (cycles > WHOLE and abs(cycles - round(cycles)) < 1 - WHOLE) else round(period)


def phase_weights(past: Past, window: float) -> Floats:
    """Return how much each block of the reference counts for a window that begins at each phase, shape (phases, blocks).

    Parameters:
        past: the blocks.
        window: its length in blocks.

    Examples:
        >>> phase_weights(Past(6, 3, 1), 2).tolist()
        [[1.0, 1.0, 0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0]]
    """
    phases = phases_of(past.period, window)
    return np.array([weights_at(past, window, phase * past.period / phases) for phase in range(phases)])


def weights_at(past: Past, window: float, position: float) -> Floats:
    """Return how much each block of the reference counts for a window: by how much of it lies whole cycles away from the window.

    Cycles in which the window would not lie within the reference altogether are left out, unless there are no others.

    Parameters:
        past: the blocks.
        window: its length in blocks.
        position: where it begins, in blocks after the first.

    Examples:
        >>> weights_at(Past(6, 3, 1), 1.5, 7.0).tolist()
        [0.0, 1.0, 0.5, 0.0, 1.0, 0.5]
    """
    if phases_of(past.period, window) == 1:
        return np.ones(past.blocks)
    begins = position % past.period + past.period * np.arange(-1 - int(window / past.period), int(past.blocks / past.period) + 1)
    inside = (begins >= -BESIDE) & (begins + window <= past.blocks + BESIDE)
    begins = begins[inside] if inside.any() else begins
    blocks = np.arange(past.blocks)
    overlaps = np.minimum(blocks + 1, begins[:, None] + window) - np.maximum(blocks, begins[:, None])
    weights: Floats = np.maximum(overlaps, 0.0).sum(axis=0)
    return weights
