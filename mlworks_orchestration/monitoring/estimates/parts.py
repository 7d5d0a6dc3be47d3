"""How labelled rows are cut into parts that are left out in turn, so that the spread of what is learnt without each tells how sure it is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_PARTS = 10


def numbered(blocks: ArrayLike | None, rows: int, seed: int) -> NDArray[np.int64]:
    """Return the number of the block in which each row lies, from 0, shape (rows,).

    Parameters:
        blocks: days, or whatever sorts in time and goes together, shape (rows,); without it each row is a block of its own, in no order.
        rows: how many there are.
        seed: of the order of rows without blocks.
    """
    return np.random.default_rng(seed).permutation(rows) if blocks is None else np.unique(np.asarray(blocks), return_inverse=True)[1]


def parted(block: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the part in which each row lies, from 0, shape (rows,): at most ten, each of as many blocks that follow each other.

    Parameters:
        block: as `numbered` returns it.

    Examples:
        >>> parted(np.array([0, 0, 1, 2, 2])).tolist(), int(parted(np.arange(1000)).max())
        ([0, 0, 1, 2, 2], 9)
    """
    count = int(block.max()) + 1
    return block * min(MOST_PARTS, count) // count


def jackknife(without: NDArray[np.float64]) -> float:
    """Return the variance of an estimate from its values without each part of the rows (the delete-a-group jackknife, Kott 2001).

    Parameters:
        without: shape (parts,).
    """
    count = len(without)
    return (count - 1) / count * float(np.square(without - without.mean()).sum())
