"""How sure a number is that is computed from rows in time order."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCKS = 20
"""How many blocks rows are cut into."""


class Estimate(NamedTuple):
    """A number, and how sure it is.

    Parameters:
        value: of all rows.
        error: its standard error, in the value's unit; 0 with a single row, of which nothing can be left out.
        bias: by how much it is too large on average, as far as leaving out blocks tells.
    """

    value: float
    error: float
    bias: float


def jackknife(measure: Callable[[NDArray[np.int64]], float], rows: int) -> Estimate:
    """Compute a number of all rows, and its standard error and bias by leaving out one block of consecutive rows after the other.

    Blocks, at most twenty of about equal length, keep neighbouring rows together, so that errors that go together (as on a stormy day) count once
    (Künsch 1989, The jackknife and the bootstrap for general stationary observations, Annals of Statistics 17; with blocks that do not overlap).

    Parameters:
        measure: from the numbers of some rows, in order, to a value.
        rows: how many there are, in time order.

    Examples:
        >>> values = np.arange(20.0)
        >>> found = jackknife(lambda kept: float(values[kept].mean()), 20)
        >>> round(found.value, 2), round(found.error, 2), round(float(values.std(ddof=1) / np.sqrt(20)), 2)
        (9.5, 1.32, 1.32)
        >>> found = jackknife(lambda kept: float(values[kept].var()), 20)
        >>> round(found.value - found.bias, 2) == round(float(values.var(ddof=1)), 2)
        True
    """
    everything = np.arange(rows)
    value = measure(everything)
    blocks = np.array_split(everything, min(BLOCKS, rows))
    if len(blocks) < 2:  # noqa: PLR2004 - one block has nothing beside it
        return Estimate(value, 0.0, 0.0)
    without = np.array([measure(np.delete(everything, block)) for block in blocks])
    others = len(blocks) - 1
    spread = np.square(without - without.mean()).sum() * others / len(blocks)
    return Estimate(value, float(np.sqrt(spread)), others * float(without.mean() - value))
