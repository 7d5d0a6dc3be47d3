"""The profile of a column of categories from its values, a stretch at a time: codes are counted, names only looked at when the dictionary changes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Integers
from mlworks_orchestration.monitoring.drift.profiles.categorical import MOST, CategoricalProfile
from mlworks_orchestration.monitoring.drift.scanning.arrow import numbers_of, present_of, runs


class Tally:
    """Counts categories; beyond several times as many as a profile keeps, the rare ones are pooled on the way."""

    def __init__(self) -> None:
        self._dictionary: Any = None
        self._names: list[str | None] | None = None
        self._codes: Integers = np.zeros(0, dtype=np.int64)
        self._counts: Counter[str] = Counter()
        self._missing = 0
        self._pooled: list[CategoricalProfile] = []
        self._blocks: list[CategoricalProfile] = []
        self._unnamed: list[tuple[Integers, int]] = []

    def add(self, values: Any, ends: Sequence[int] = ()) -> None:  # noqa: ANN401 - pyarrow has no types
        """Count a stretch of values.

        Parameters:
            values: a pyarrow.DictionaryArray of texts.
            ends: how many of them come before the end of each block that ends there, ascending.
        """
        if self._dictionary is None or not values.dictionary.equals(self._dictionary):
            self._name()
            self._dictionary, self._names = values.dictionary, None
            self._codes = np.zeros(len(values.dictionary), dtype=np.int64)
        codes, present = numbers_of(values.indices), present_of(values.indices)
        for start, end, ended in runs(ends, len(values)):
            there = codes[start:end]
            if values.indices.null_count:
                there = there[present[start:end]]
                self._missing += end - start - len(there)
            if len(there):
                self._codes += np.bincount(there, minlength=len(self._codes))
            if ended:
                self._end_block()

    def blocks(self) -> list[CategoricalProfile]:
        """Return the profile of each block that has ended."""
        self._name_blocks()
        return self._blocks

    def profile(self) -> CategoricalProfile:
        """Return the profile of all values so far."""
        if not (self._blocks or self._counts or self._pooled):  # one dictionary for all
            codes, missing = zip((self._codes, self._missing), *self._unnamed, strict=True)
            return self._named(np.add.reduce(codes), sum(missing))
        return CategoricalProfile.merged([*self.blocks(), self._flushed()])

    def _end_block(self) -> None:
        """End a block: the rows since the last one are a profile of their own, its codes named as late as can be."""
        if self._counts or self._pooled:
            self._blocks.append(self._flushed())
        else:
            self._unnamed.append((self._codes, self._missing))
            self._codes, self._missing = np.zeros_like(self._codes), 0

    def _flushed(self) -> CategoricalProfile:
        self._name()
        profile = CategoricalProfile.merged([*self._pooled, CategoricalProfile.limited(self._missing, self._counts)])
        self._pooled, self._counts, self._missing = [], Counter(), 0
        return profile

    def _name(self) -> None:
        """Give the codes counted so far their names."""
        self._name_blocks()
        counts = self._by_name(self._codes)
        self._missing += counts.pop(None, 0)
        self._counts.update(counts)
        self._codes[:] = 0
        if len(self._counts) > 4 * MOST:
            self._pooled = [CategoricalProfile.merged([*self._pooled, CategoricalProfile.limited(0, self._counts)])]
            self._counts = Counter()

    def _name_blocks(self) -> None:
        self._blocks += [self._named(codes, missing) for codes, missing in self._unnamed]
        self._unnamed = []

    def _named(self, codes: Integers, missing: int) -> CategoricalProfile:
        counts = self._by_name(codes)
        return CategoricalProfile.limited(missing + counts.pop(None, 0), counts)

    def _by_name(self, codes: Integers) -> dict[Any, int]:
        """Return rows by category, those without one under None."""
        found = np.flatnonzero(codes)
        if not len(found):
            return {}
        if self._names is None:
            self._names = self._dictionary.to_pylist()
        names = [self._names[code] for code in found.tolist()]
        rows = codes[found].tolist()
        counts: dict[Any, int] = dict(zip(names, rows, strict=True))
        if len(counts) < len(names):  # an Arrow dictionary may hold a name twice
            counts = dict.fromkeys(counts, 0)
            for name, times in zip(names, rows, strict=True):
                counts[name] += times
        return counts
