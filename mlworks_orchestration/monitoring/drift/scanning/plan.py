"""One pass over rows, planned: what is read of them, some columns at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import takewhile
from typing import Any, Self

import numpy as np
import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import Bins, Integers
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.scanning.arrow import taken
from mlworks_orchestration.monitoring.drift.scanning.order import check_has, in_order
from mlworks_orchestration.monitoring.drift.scanning.readers import Reader, reader_of
from mlworks_orchestration.monitoring.drift.scanning.source import Source
from mlworks_orchestration.monitoring.drift.scanning.table import NONE


@dataclass(frozen=True, eq=False)
class Scanned:
    """What one pass over rows gives.

    Parameters:
        profile: of all rows.
        blocks: profiles of consecutive runs of rows of each column; numbers in coarse cells, the same in all blocks.
        rows: how many there are.
        types: of the profile of each column, by its name in the source.
        drawn: the values of each column in a uniform sample of the rows, in their order, each a pyarrow.Array; none if no sample was asked for.
    """

    profile: Profile
    blocks: dict[ColumnKey, Sequence[ColumnProfile]]
    rows: int
    types: dict[str, str]
    drawn: dict[str, Any]

    @cached_property
    def sample(self) -> pl.DataFrame:
        """The sample of rows; polars works on it in this process from now on."""
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        return pl.DataFrame(pl.from_arrow(pa.Table.from_pydict(self.drawn))) if self.drawn else pl.DataFrame()


@dataclass(frozen=True, eq=False)
class Plan:
    """One pass over a source, which can be carried out some columns at a time, in any order and in several processes.

    Parameters:
        source: what to read.
        keys: which columns to profile, and what each is called.
        drawn: the rows of the sample, ascending; None if no sample was asked for.
        ends: where the blocks end.
        seed: of what text profiles draw.
        exact: keep each distinct number apart.
        cells: bins of all values of columns of numbers, by name, where an earlier pass has told them: blocks are then counted at their quantiles.
    """

    source: Source
    keys: Mapping[str, ColumnKey]
    drawn: Integers | None
    ends: Integers
    seed: int
    exact: bool
    cells: Mapping[str, Bins] = field(default_factory=dict)
    _within: dict[tuple[int, int], tuple[Integers, list[int]]] = field(default_factory=dict, init=False)

    @classmethod
    def of(  # noqa: PLR0913 - each is a choice of its own
        cls,
        source: Source,
        keys: Mapping[str, ColumnKey],
        *,
        by: str | None = None,
        blocks: int = 0,
        sample: int = 0,
        seed: int = 0,
        exact: bool = False,
    ) -> Self:
        """Plan a pass; `scan` says what each parameter means.

        Raises:
            DataError: if a column is not there, or rows cannot be ordered.
        """
        if sample:
            import pyarrow.compute  # noqa: F401, PLC0415 - which rows are drawn with, and better now than in each of two processes
        ordered = in_order(source, by)
        for name in keys:
            check_has(ordered, name)
        generator = np.random.default_rng(seed)
        drawn = np.sort(generator.choice(ordered.rows, min(sample, ordered.rows), replace=False)) if sample else None
        ends = np.arange(1, blocks + 1) * ordered.rows // blocks if blocks else np.array([], dtype=np.int64)
        return cls(ordered, keys, drawn, ends, seed, exact)

    def again(self, cells: Mapping[str, Bins], blocks: int) -> Self:
        """Return a second pass over the same rows, whose blocks are counted in cells of all rows instead of those of the first block.

        Parameters:
            cells: the bins that the first pass found, by name.
            blocks: into how many runs of rows to cut them.
        """
        return replace(self, ends=np.arange(1, blocks + 1) * self.source.rows // blocks, cells=cells)

    @property
    def together(self) -> list[list[str]]:
        """The columns by what is read at once: each alone where that costs no more, else all."""
        return [[name] for name in self.keys] if self.source.divisible or not self.keys else [list(self.keys)]

    def read(self, names: Sequence[str], batches: Iterator[Any] | None = None, types: Mapping[str, str] | None = None) -> Scanned:
        """Read some of the columns from the first to the last row.

        Parameters:
            names: of the columns.
            batches: of these columns, each a pyarrow.RecordBatch, up to a None; those of the source if not given.
            types: as `scan` takes them.

        Raises:
            DataError: if the source is damaged, or a column is of a type that cannot be profiled.
        """
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        known, readers = types or {}, dict[str, Reader]()
        generator, position = np.random.default_rng(self.seed), 0
        drawn: dict[str, list[Any]] = {name: [] for name in names}
        try:
            for batch in takewhile(lambda one: one is not None, self.source.batches(names) if batches is None else batches):
                for name, array in zip(names, batch.columns, strict=True):
                    if name not in readers:
                        readers[name] = reader_of(name, array, generator, exact=self.exact, known=known.get(name), cells=self.cells.get(name))
                within, ends = self._within_batch(position, batch.num_rows)
                for name, array in zip(names, batch.columns, strict=True):
                    readers[name].add(array, ends)
                    if self.drawn is not None:
                        drawn[name].append(taken(array, within))
                position += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            message = f"{self.source.name!r} cannot be read beyond row {position} ({error}); write it again."
            raise DataError(message) from error
        for name in names:
            if name not in readers:
                empty = pa.array([], self.source.schema.field(name).type)
                readers[name] = reader_of(name, empty, generator, exact=self.exact, known=known.get(name), cells=self.cells.get(name))
                drawn[name].append(empty)
        return self._scanned(readers, position, {} if self.drawn is None else {name: pa.concat_arrays(parts) for name, parts in drawn.items()})

    def joined(self, parts: Sequence[Scanned]) -> Scanned:
        """Return what was read of all columns.

        Parameters:
            parts: of some columns each, in their order.
        """
        return Scanned(
            profile=Profile({key: profile for part in parts for key, profile in part.profile.columns.items()}),
            blocks={key: blocks for part in parts for key, blocks in part.blocks.items()},
            rows=max((part.rows for part in parts), default=self.source.rows),
            types={name: kind for part in parts for name, kind in part.types.items()},
            drawn={name: drawn for part in parts for name, drawn in part.drawn.items()},
        )

    def _within_batch(self, position: int, height: int) -> tuple[Integers, list[int]]:
        """Return which rows of a batch are in the sample, and where blocks end in it; each column has the same."""
        if (position, height) not in self._within:
            rows, ends = (NONE if self.drawn is None else self.drawn), self.ends
            first, last = np.searchsorted(rows, (position, position + height))
            begun, over = np.searchsorted(ends, (position, position + height), side="right")
            self._within[position, height] = rows[first:last] - position, (ends[begun:over] - position).tolist()
        return self._within[position, height]

    def _scanned(self, readers: Mapping[str, Reader], rows: int, drawn: dict[str, Any]) -> Scanned:
        profiles = {name: reader.profile() for name, reader in readers.items()}
        return Scanned(
            profile=Profile({self.keys[name]: profile for name, profile in profiles.items()}),
            blocks={self.keys[name]: reader.blocks() for name, reader in readers.items()},
            rows=rows,
            types={name: profile.type for name, profile in profiles.items()},
            drawn=drawn,
        )
