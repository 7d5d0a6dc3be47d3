"""Products of matrices in one thread: OpenBLAS wakes others even for small ones, and they go on waiting actively long after."""

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

IN_ONE_THREAD = 1 << 18
"""Multiplications of a product that OpenBLAS does in the thread that asks."""


def product(left: Floats, right: Floats) -> Floats:
    """Return the product of two matrices, slice by slice of the left.

    Parameters:
        left: shape (rows, inner).
        right: shape (inner, columns).

    Examples:
        >>> product(np.ones((1000, 40)), np.ones((40, 65))).shape
        (1000, 65)
    """
    rows = max(1, IN_ONE_THREAD // max(1, right.size))
    whole = len(left) // rows * rows
    slices = np.matmul(left[:whole].reshape(-1, rows, left.shape[1]), right)
    return np.concatenate((slices.reshape(whole, right.shape[1]), left[whole:] @ right))
