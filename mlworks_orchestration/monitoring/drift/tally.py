"""The profile of a column of categories from its values, a stretch at a time: codes are counted, names only looked at when the dictionary changes."""

from collections import Counter
from typing import Any

import numpy as np

from mlworks_orchestration.monitoring.drift.arrow import numbers_of
from mlworks_orchestration.monitoring.drift.bins import Integers
from mlworks_orchestration.monitoring.drift.categorical import MOST, CategoricalProfile


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

    def add(self, values: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        """Count a stretch of values.

        Parameters:
            values: a pyarrow.DictionaryArray of texts.
        """
        if self._dictionary is None or not values.dictionary.equals(self._dictionary):
            self._name()
            self._dictionary, self._names = values.dictionary, None
            self._codes = np.zeros(len(values.dictionary), dtype=np.int64)
        self._missing += values.null_count
        codes = values.indices.drop_null() if values.null_count else values.indices
        if len(codes):
            self._codes += np.bincount(numbers_of(codes), minlength=len(self._codes))

    def end_block(self) -> None:
        """End a block: the rows since the last one are a profile of their own."""
        self._blocks.append(self._flushed())

    def blocks(self) -> list[CategoricalProfile]:
        """Return the profile of each block that has ended."""
        return self._blocks

    def profile(self) -> CategoricalProfile:
        """Return the profile of all values so far."""
        return CategoricalProfile.merged([*self._blocks, self._flushed()])

    def _flushed(self) -> CategoricalProfile:
        self._name()
        profile = CategoricalProfile.merged([*self._pooled, CategoricalProfile.limited(self._missing, self._counts)])
        self._pooled, self._counts, self._missing = [], Counter(), 0
        return profile

    def _name(self) -> None:
        """Give the codes counted so far their names."""
        found = np.flatnonzero(self._codes)
        if len(found):
            names = self._names
            if names is None:
                names = self._names = self._dictionary.to_pylist()
            for code, rows in zip(found.tolist(), self._codes[found].tolist(), strict=True):
                name = names[code]
                if name is None:
                    self._missing += rows
                else:
                    self._counts[name] += rows
            self._codes[:] = 0
        if len(self._counts) > 4 * MOST:
            self._pooled = [CategoricalProfile.merged([*self._pooled, CategoricalProfile.limited(0, self._counts)])]
            self._counts = Counter()
