"""Files to profiles in one pass: as fast as they are read, in memory that does not grow with the rows."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.profiles.bins import Integers
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.scanning.readers import Reader, reader_of
from mlworks_orchestration.monitoring.drift.scanning.sources import Source, open_source
from mlworks_orchestration.spec import DriftKind

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 4
"""Batches that are decoded, without Python's lock, while others are counted; two threads that both count would mostly wait for it."""


@dataclass(frozen=True, eq=False)
class Scanned:
    """What one pass over rows gives.

    Parameters:
        profile: of all rows.
        blocks: profiles of consecutive runs of rows of each column; numbers in coarse cells, the same in all blocks.
        rows: how many there are.
        types: of the profile of each column, by its name in the source.
        sample: a uniform sample of the rows, in their order.
    """

    profile: Profile
    blocks: dict[ColumnKey, Sequence[ColumnProfile]]
    rows: int
    types: dict[str, str]
    sample: pl.DataFrame


def scan(  # noqa: PLR0913 - each is a choice of its own
    source: "Source | str | Path | pl.DataFrame | pa.Table",
    *,
    by: str | None = None,
    columns: Mapping[str, ColumnKey] | None = None,
    blocks: int = 0,
    sample: int = 0,
    seed: int = 0,
    exact: bool = False,
    types: Mapping[str, str] | None = None,
    ahead: bool = True,
) -> Scanned:
    """Profile rows in one pass.

    Parameters:
        source: a Parquet or CSV file, a folder of Parquet files, a Delta table, or a frame; or what `open_source` made of one.
        by: the column of times that orders the rows; without it they are in the order of the source. Rows that are not in that order
            already are sorted, which takes them all into memory.
        columns: which to profile, and what each is called; all but `by` as features if not given.
        blocks: how many consecutive runs of rows of equal length get a profile of their own.
        sample: rows to draw.
        seed: of the drawing.
        exact: keep each distinct number apart, so that statistics are exact; slower, and memory grows with them.
        types: of profiles that these are to be compared or merged with, as `Scanned.types` has them: which texts are free text, where that is known.
        ahead: decode in a thread of its own, for which there should be a core.

    Raises:
        DataError: if the source cannot be read, or a column is not there or of a type that cannot be profiled.

    Examples:
        >>> found = scan(pl.DataFrame({"wind": [3.0, 8.0, None], "origin": ["EWR", "JFK", "EWR"]}), blocks=3)
        >>> found.rows, found.types, len(found.blocks[ColumnKey(DriftKind.FEATURE, "wind")])
        (3, {'wind': 'numeric', 'origin': 'categorical'}, 3)
        >>> found.profile.columns[ColumnKey(DriftKind.FEATURE, "wind")].missing
        1
    """
    opened = _ordered(source if isinstance(source, Source) else open_source(source), by)
    keys = {name: ColumnKey(DriftKind.FEATURE, name) for name in opened.schema.names if name != by} if columns is None else columns
    for name in keys:
        _check(opened, name)
    generator = np.random.default_rng(seed)
    drawn = np.sort(generator.choice(opened.rows, min(sample, opened.rows), replace=False)) if sample else np.array([], dtype=np.int64)
    ends = np.arange(1, blocks + 1) * opened.rows // blocks if blocks else np.array([], dtype=np.int64)
    pass_over = _Pass(opened, drawn, ends, seed, exact, types or {})
    together = [[name] for name in keys] if opened.divisible else [list(keys)]
    with ThreadPoolExecutor(1) as pool:
        decoded = _batches(opened, together)
        batches = _ahead(pool, decoded) if ahead else decoded
        return _scanned(keys, [pass_over.read(names, batches) for names in together])


def _batches(source: Source, together: Sequence[Sequence[str]]) -> Iterator[Any]:
    """Yield the batches of some columns, then None, and so on."""
    for names in together:
        yield from source.batches(names)
        yield None


def _ahead(pool: Executor, batches: Iterator[Any]) -> Iterator[Any]:
    """Yield what a thread makes in the meantime; None after its end."""
    waiting = deque(pool.submit(next, batches, None) for _ in range(_AHEAD))
    while True:
        waiting.append(pool.submit(next, batches, None))
        yield waiting.popleft().result()


@dataclass(frozen=True)
class _Part:
    profiles: dict[str, ColumnProfile]
    blocks: dict[str, Sequence[ColumnProfile]]
    sample: pl.DataFrame
    rows: int


@dataclass(frozen=True)
class _Pass:
    """One pass over a source.

    Parameters:
        source: what to read.
        drawn: the rows of the sample, ascending.
        ends: where the blocks end.
        seed: of what text profiles draw.
        exact: keep each distinct number apart.
        types: of profiles, where known.
    """

    source: Source
    drawn: Integers
    ends: Integers
    seed: int
    exact: bool
    types: Mapping[str, str]

    def read(self, names: Sequence[str], batches: Iterator[Any]) -> _Part:
        """Read some of the columns from the first to the last row.

        Parameters:
            names: of the columns.
            batches: of these columns, each a pyarrow.RecordBatch, up to a None.
        """
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        readers: dict[str, Reader] = {}
        generator, sampled, position = np.random.default_rng(self.seed), list[Any](), 0
        try:
            for batch in takewhile(lambda one: one is not None, batches):
                for name, array in zip(names, batch.columns, strict=True):
                    if name not in readers:
                        readers[name] = reader_of(name, array, generator, exact=self.exact, known=self.types.get(name))
                self._feed(readers, batch, position)
                if len(self.drawn):
                    sampled.append(_drawn(batch, self.drawn - position))
                position += batch.num_rows
        except (OSError, pa.ArrowException) as error:
            message = f"{self.source.name!r} cannot be read beyond row {position} ({error}); write it again."
            raise DataError(message) from error
        for name in names:
            if name not in readers:
                readers[name] = reader_of(
                    name, pa.array([], self.source.schema.field(name).type), generator, exact=self.exact, known=self.types.get(name)
                )
        drawn = pl.DataFrame(pl.from_arrow(pa.Table.from_batches(sampled))) if sampled else pl.DataFrame()
        profiles = {name: reader.profile() for name, reader in readers.items()}
        return _Part(profiles, {name: reader.blocks() for name, reader in readers.items()}, drawn, position)

    def _feed(self, readers: Mapping[str, Reader], batch: Any, position: int) -> None:  # noqa: ANN401 - pyarrow has no types
        """Give a batch to the readers, and say where blocks end in it."""
        ends = [end for end in (self.ends[np.searchsorted(self.ends, position, side="right") :] - position).tolist() if end <= batch.num_rows]
        for reader, array in zip(readers.values(), batch.columns, strict=True):
            reader.add(array, ends)


def _scanned(keys: Mapping[str, ColumnKey], parts: Sequence[_Part]) -> Scanned:
    profiles = {name: profile for part in parts for name, profile in part.profiles.items()}
    return Scanned(
        profile=Profile({keys[name]: profile for name, profile in profiles.items()}),
        blocks={keys[name]: blocks for part in parts for name, blocks in part.blocks.items()},
        rows=max((part.rows for part in parts), default=0),
        types={name: profile.type for name, profile in profiles.items()},
        sample=pl.concat([part.sample for part in parts], how="horizontal"),
    )


def _drawn(batch: Any, rows: Integers) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the rows of a batch that are among those wanted, texts spelt out."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    wanted = np.ascontiguousarray(rows[np.searchsorted(rows, 0) : np.searchsorted(rows, batch.num_rows)], dtype=np.int64)
    within = pa.Array.from_buffers(pa.int64(), len(wanted), [None, pa.py_buffer(wanted)])  # pa.array would import pandas
    taken = batch.take(within)
    plain = [array.dictionary_decode() if pa.types.is_dictionary(array.type) else array for array in taken.columns]
    return pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def _check(source: Source, name: str) -> None:
    if name not in source.schema.names:
        message = f"{source.name!r} has no column {name!r}; {nearest(name, source.schema.names)}."
        raise DataError(message)


def _ordered(source: Source, by: str | None) -> Source:
    """Return the rows in the order of a column of times."""
    if by is None:
        return source
    _check(source, by)
    import pyarrow as pa  # noqa: PLC0415

    times = pl.Series(pa.chunked_array([batch.column(0) for batch in source.batches([by])], source.schema.field(by).type))
    if times.null_count():
        without = f"{times.null_count()} of {len(times)} rows have no {by!r}"
        message = f"{source.name!r}: {without}, so they cannot be ordered; leave them out, or order by another column."
        raise DataError(message)
    if times.is_sorted():
        return source
    table = pa.Table.from_batches(source.batches(source.schema.names))
    return open_source(pl.DataFrame(pl.from_arrow(table)).sort(by, maintain_order=True))
