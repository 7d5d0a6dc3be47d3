"""Consecutive blocks of a column, counted in the same cells: one table instead of a profile a block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import overload

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.categorical import CategoricalProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile


@dataclass(frozen=True, eq=False)
class BlockedNumbers(Sequence[NumericProfile]):
    """Blocks of numbers; each is a profile, made when it is asked for.

    Parameters:
        kind: the class of the profiles.
        values: of the cells, ascending, shape (cells,).
        rows: a block and cell, shape (blocks, cells).
        missing: rows without a value of each block, shape (blocks,).

    Examples:
        >>> import numpy as np
        >>> blocks = BlockedNumbers(NumericProfile, np.array([1.0, 4.0]), np.array([[2, 1], [0, 3]]), np.array([0, 5]))
        >>> [(block.present, block.missing, block.moments.mean) for block in blocks]
        [(3, 0, 2.0), (3, 5, 4.0)]
    """

    kind: type[NumericProfile]
    values: Floats
    rows: Integers
    missing: Integers

    def __len__(self) -> int:
        """Return how many blocks there are."""
        return len(self.missing)

    @overload
    def __getitem__(self, at: int) -> NumericProfile: ...

    @overload
    def __getitem__(self, at: slice) -> "BlockedNumbers": ...

    def __getitem__(self, at: int | slice) -> "NumericProfile | BlockedNumbers":
        """Return a block, or a run of blocks."""
        if isinstance(at, slice):
            return BlockedNumbers(self.kind, self.values, self.rows[at], self.missing[at])
        there = self.rows[at].nonzero()[0]
        return self.kind.of_counts(self.values[there], self.rows[at][there], int(self.missing[at]))

    def __iter__(self) -> Iterator[NumericProfile]:
        """Yield each block."""
        return (self[at] for at in range(len(self)))


@dataclass(frozen=True, eq=False)
class BlockedCategories(Sequence[CategoricalProfile]):
    """Blocks of categories, none of them pooled; each is a profile, made when it is asked for.

    Parameters:
        names: of the categories, each once.
        rows: a block and category, shape (blocks, categories).
        missing: rows without a value of each block, shape (blocks,).

    Examples:
        >>> import numpy as np
        >>> blocks = BlockedCategories(["EWR", "JFK"], np.array([[2, 1], [0, 3]]), np.array([0, 5]))
        >>> [(dict(block.counts), block.missing) for block in blocks]
        [({'EWR': 2, 'JFK': 1}, 0), ({'JFK': 3}, 5)]
    """

    names: Sequence[str]
    rows: Integers
    missing: Integers

    def __len__(self) -> int:
        """Return how many blocks there are."""
        return len(self.missing)

    @overload
    def __getitem__(self, at: int) -> CategoricalProfile: ...

    @overload
    def __getitem__(self, at: slice) -> "BlockedCategories": ...

    def __getitem__(self, at: int | slice) -> "CategoricalProfile | BlockedCategories":
        """Return a block, or a run of blocks."""
        if isinstance(at, slice):
            return BlockedCategories(self.names, self.rows[at], self.missing[at])
        there = self.rows[at].nonzero()[0]
        counts = dict(zip([self.names[index] for index in there.tolist()], self.rows[at][there].tolist(), strict=True))
        return CategoricalProfile(int(self.missing[at]), counts)

    def __iter__(self) -> Iterator[CategoricalProfile]:
        """Yield each block."""
        return (self[at] for at in range(len(self)))
