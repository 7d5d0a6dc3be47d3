"""What is certain of columns that have more categories than are kept: between which counts each category's rows lie."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile

POOLED = "the column has more categories than are kept, and what of the others changed is not known"
"""Why a comparison of categories cannot tell."""


class Kept(NamedTuple):
    """Between which counts the rows of categories lie, the first side being the reference, the others windows.

    Parameters:
        lowest: rows that each category has at least, shape (sides, categories); of categories that any side keeps.
        highest: rows that it has at most, likewise.
        other: rows beyond those at least, of these categories or of any others, shape (sides,).
        bound: rows that a category without a column here has at most, shape (sides,).
    """

    lowest: Floats
    highest: Floats
    other: Floats
    bound: Floats

    @classmethod
    def nothing(cls, present: Floats) -> "Kept":
        """Return what is certain where no category's rows are.

        Parameters:
            present: rows that have a value, shape (sides,).
        """
        blank = np.zeros((len(present), 0))
        return cls(blank, blank, present, present)


def kept(sides: Sequence[CategoricalProfile]) -> Kept | None:
    """Return what is certain of the categories of each side; None where no side pools any, so that all is.

    Parameters:
        sides: the reference, then windows.

    Examples:
        >>> found = kept([CategoricalProfile(0, {"EWR": 9}, other=5, bound=3), CategoricalProfile(0, {"JFK": 7})])
        >>> found.lowest.tolist(), found.highest.tolist()
        ([[9.0, 0.0], [0.0, 7.0]], [[12.0, 3.0], [0.0, 7.0]])
    """
    if not any(side.other for side in sides):
        return None
    names = sorted(set().union(*(side.counts for side in sides)))
    lowest = np.array([[side.counts.get(name, 0) for name in names] for side in sides], dtype=np.float64)
    other, bound = np.array([[side.other, min(side.bound, side.other)] for side in sides], dtype=np.float64).T
    return Kept(lowest, lowest + bound[:, None], other, bound)
