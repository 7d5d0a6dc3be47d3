"""The profile of a column of categories from its values, a stretch at a time: codes are counted, names only looked at when the dictionary changes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Integers
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedCategories
from mlworks_orchestration.monitoring.drift.profiles.categorical import MOST, CategoricalProfile
from mlworks_orchestration.monitoring.drift.scanning.arrow import numbers_of, present_of, runs

_MOST_NAMED = 4 * MOST
"""Names that are kept apart; before there are more, what was counted is turned into profiles, which pool the rare ones."""


class Tally:
    """Counts categories: each name has a place, and each block a count of each place."""

    def __init__(self) -> None:
        self._dictionary: Any = None
        self._place_of_code: Integers = np.zeros(0, dtype=np.int64)
        self._places: dict[str | None, int] = {}
        self._rows: Integers = np.zeros(0, dtype=np.int64)
        self._missing = 0
        self._ended: list[tuple[Integers, int]] = []
        self._pooled: list[CategoricalProfile] = []
        self._blocks: list[CategoricalProfile] = []

    def add(self, values: Any, ends: Sequence[int] = ()) -> None:  # noqa: ANN401 - pyarrow has no types
        """Count a stretch of values.

        Parameters:
            values: a pyarrow.DictionaryArray of texts.
            ends: how many of them come before the end of each block that ends there, ascending.
        """
        if self._dictionary is None or not values.dictionary.equals(self._dictionary):
            self._dictionary = values.dictionary
            self._place()
        codes, present = numbers_of(values.indices), present_of(values.indices)
        for start, end, ended in runs(ends, len(values)):
            there = codes[start:end]
            if values.indices.null_count:
                there = there[present[start:end]]
                self._missing += end - start - len(there)
            if len(there):
                counted = np.zeros(len(self._place_of_code), dtype=np.int64)
                np.add.at(counted, there.astype(np.int64), 1)  # faster than bincount, and than with 32 bits
                np.add.at(self._rows, self._place_of_code, counted)  # a dictionary may hold a name twice
            if ended:
                self._end_block()

    def blocks(self) -> Sequence[CategoricalProfile]:
        """Return the profile of each block that has ended."""
        if self._blocks or None in self._places or len(self._places) > MOST:
            return [*self._blocks, *(self._named(rows, missing) for rows, missing in self._ended)]
        rows = np.zeros((len(self._ended), len(self._places)), dtype=np.int64)
        for block, (counted, _) in zip(rows, self._ended, strict=True):
            block[: len(counted)] = counted
        names = [name for name in self._places if name is not None]
        return BlockedCategories(names, rows, np.array([missing for _, missing in self._ended], dtype=np.int64))

    def profile(self) -> CategoricalProfile:
        """Return the profile of all values so far."""
        rows = self._rows.copy()
        for counted, _ in self._ended:
            rows[: len(counted)] += counted
        rest = self._named(rows, self._missing + sum(missing for _, missing in self._ended))
        return CategoricalProfile.merged([*self._blocks, *self._pooled, rest]) if self._blocks or self._pooled else rest

    def _place(self) -> None:
        """Give each name of the dictionary its place."""
        if len(self._places) + len(self._dictionary) > _MOST_NAMED:
            self._pool()
        places = self._places
        self._place_of_code = np.array([places.setdefault(name, len(places)) for name in self._dictionary.to_pylist()], dtype=np.int64)
        self._rows = _wide(self._rows, len(places))

    def _end_block(self) -> None:
        """End a block: the rows since the last one are a profile of their own, named as late as can be."""
        if self._pooled or len(self._places) > _MOST_NAMED:
            self._blocks += [self._named(rows, missing) for rows, missing in self._ended]
            self._blocks.append(CategoricalProfile.merged([*self._pooled, self._named(self._rows, self._missing)]))
            self._ended, self._pooled = [], []
        else:
            self._ended.append((self._rows, self._missing))
        self._rows, self._missing = np.zeros_like(self._rows), 0

    def _pool(self) -> None:
        """Turn all that was counted into profiles, and forget the names."""
        self._blocks += [self._named(rows, missing) for rows, missing in self._ended]
        self._pooled = [CategoricalProfile.merged([*self._pooled, self._named(self._rows, self._missing)])]
        self._ended, self._places, self._rows, self._missing = [], {}, self._rows[:0], 0

    def _named(self, rows: Integers, missing: int) -> CategoricalProfile:
        names, there = list(self._places), rows.nonzero()[0]
        counts = dict(zip([names[place] for place in there.tolist()], rows[there].tolist(), strict=True))
        missing += counts.pop(None, 0)
        return CategoricalProfile.limited(missing, {str(name): number for name, number in counts.items()})


def _wide(rows: Integers, places: int) -> Integers:
    """Return counts with as many places as there are names."""
    wide = np.zeros(places, dtype=np.int64)
    wide[: len(rows)] = rows
    return wide
