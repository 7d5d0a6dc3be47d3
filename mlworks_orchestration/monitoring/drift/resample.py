"""Pseudo-histories of a reference: which of its blocks a replicate's windows, and its reference, are made of."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.bins import Floats

Indices = NDArray[np.int64]


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
    period: int
    stretch: int


def stretches(generator: Generator, past: Past, starts: Indices, length: int) -> Indices:
    """Draw sequences of blocks in contiguous stretches that keep their phase of the season.

    A circular moving-block bootstrap (Künsch 1989; Politis and Romano 1992), with stretches that begin only at blocks of the phase that is due
    (the generalised seasonal block bootstrap: Dudek, Leskow, Paparoditis and Politis 2014).

    Parameters:
        generator: of random numbers.
        past: the blocks.
        starts: the phase of each sequence's first block, shape (sequences,).
        length: of each sequence.

    Returns:
        which block stands where, shape (sequences, length).

    Examples:
        >>> drawn = stretches(np.random.default_rng(0), Past(21, 7, 4), np.array([0, 3]), 9)
        >>> (drawn % 7).tolist()
        [[0, 1, 2, 3, 4, 5, 6, 0, 1], [3, 4, 5, 6, 0, 1, 2, 3, 4]]
    """
    blocks, period, stretch = past.blocks, past.period, past.stretch
    count = -(-length // stretch)
    phases = (starts[:, None] + stretch * np.arange(count)) % period
    members = (blocks - 1 - phases) // period + 1
    begins = phases + period * np.floor(generator.random(phases.shape) * members).astype(np.int64)
    drawn = begins[:, :, None] + np.arange(stretch)
    cycle = period * (blocks // period)
    while (drawn >= blocks).any():
        drawn = np.where(drawn >= blocks, drawn - cycle, drawn)
    return drawn.reshape(len(starts), -1)[:, :length]


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
    order = stretches(generator, past, starts % past.period, steps + window - 1)
    rows = np.arange(sequences)[:, None]
    seen = np.zeros((sequences, steps + window, blocks), dtype=np.float32)
    seen[rows, np.arange(1, steps + window), order] = 1.0
    seen = np.cumsum(seen, axis=1)
    windows = (seen[:, window:] - seen[:, :-window]).reshape(-1, blocks).astype(np.float64)
    pseudo = stretches(generator, past, np.zeros(sequences, dtype=np.int64), blocks)
    weights = phase_weights(blocks, past.period, window)
    references = np.zeros((sequences, len(weights), blocks))
    np.add.at(references, (rows[:, :, None], np.arange(len(weights))[:, None], pseudo[:, None, :]), weights[None])
    phases = (starts[:, None] + np.arange(steps)) % len(weights)
    against = (np.arange(sequences)[:, None] * len(weights) + phases).ravel()
    return Draws(windows, order[:, :steps].ravel(), references.reshape(-1, blocks), against, sequences)


def phase_weights(blocks: int, period: int, window: int) -> Floats:
    """Return how much each block of the reference counts for a window that begins at each phase: as its phase's share of the window asks.

    Parameters:
        blocks: how many there are.
        period: of the season; 1 without.
        window: its length in blocks.

    Returns:
        shape (phases, blocks); a window of whole cycles is compared with all blocks alike, and has one phase.

    Examples:
        >>> phase_weights(6, 3, 2).tolist()
        [[1.0, 1.0, 0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 0.0, 1.0]]
    """
    if window % period == 0:
        return np.ones((1, blocks))
    held = np.array([np.bincount((begin + np.arange(window)) % period, minlength=period) for begin in range(period)])
    phases = np.arange(blocks) % period
    weights: Floats = (held * (blocks / period) / np.bincount(phases, minlength=period))[:, phases]
    return weights
