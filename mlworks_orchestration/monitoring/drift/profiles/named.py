"""Rows by category as stored profiles have them: less than half of what a dictionary takes, and many are added up without looking up each name."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from sys import intern
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Integers

_SLOTS = 1 << 16
"""Of a table that tells objects apart by some of the bits of their places: so few that it stays in a core's cache."""

_ALIGNED = 4
"""Last bits of an object's place that are always 0."""


class Named(NamedTuple):
    """Rows by category.

    Parameters:
        names: of the categories, interned: one name in many profiles is one object.
        objects: which object each name is, its place in memory, shape (categories,).
        rows: of each, shape (categories,).
    """

    names: tuple[str, ...]
    objects: Integers
    rows: Integers

    def __reduce__(self) -> tuple[Callable[[Mapping[str, int]], "Named"], tuple[dict[str, int]]]:
        """Take names to another process, where they are other objects."""
        return named, (self.counts,)

    @property
    def counts(self) -> dict[str, int]:
        """Rows by name."""
        return dict(zip(self.names, self.rows.tolist(), strict=True))


def named(counts: Mapping[str, int]) -> Named:
    """Return rows by name in this form.

    Parameters:
        counts: rows by name, whole numbers.

    Examples:
        >>> named({"EWR": 2}).counts
        {'EWR': 2}
    """
    names = tuple(map(intern, counts))
    return Named(names, np.fromiter(map(id, names), np.int64, len(names)), np.fromiter(counts.values(), np.int64, len(names)))


def add_named(parts: Sequence[Named]) -> dict[str, int]:
    """Return the rows of each name in all parts, in alphabetical order.

    Parameters:
        parts: one or more.

    Examples:
        >>> add_named([named({"JFK": 2}), named({"JFK": 1, "EWR": 2})])
        {'EWR': 2, 'JFK': 3}
    """
    names, objects, rows = zip(*parts, strict=True)
    leaders = _leaders(np.concatenate(objects))
    totals = np.zeros(len(leaders), dtype=np.int64)
    np.add.at(totals, leaders, np.concatenate(rows))
    found = np.flatnonzero(leaders == np.arange(len(leaders)))
    begins = np.array(list(accumulate(map(len, names), initial=0)))
    owners = np.searchsorted(begins, found, side="right") - 1
    chosen = [names[owner][place] for owner, place in zip(owners.tolist(), (found - begins[owners]).tolist(), strict=True)]
    return dict(sorted(zip(chosen, totals[found].tolist(), strict=True)))


def _leaders(objects: Integers) -> Integers:
    """Return the position of one that is the same for each object, shape (objects,): for all that are the same, the same position."""
    slots = (objects >> _ALIGNED) & (_SLOTS - 1)
    last = np.zeros(_SLOTS, dtype=np.int64)
    last[slots] = np.arange(len(objects))
    leaders: Integers = last[slots]
    others = np.flatnonzero(objects[leaders] != objects)  # share a slot with another, as few do
    _, first, same = np.unique(objects[others], return_index=True, return_inverse=True)
    leaders[others] = others[first[same]]
    return leaders
