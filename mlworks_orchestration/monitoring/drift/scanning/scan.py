"""Files to profiles in one pass: as fast as they are read, in memory that does not grow with the rows."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan, Scanned
from mlworks_orchestration.monitoring.drift.scanning.source import Source, UnsettledError
from mlworks_orchestration.monitoring.drift.scanning.sources import open_source
from mlworks_orchestration.spec import DriftKind

if TYPE_CHECKING:
    import pyarrow as pa

_AHEAD = 4
"""Batches that are decoded, without Python's lock, while others are counted; two threads that both count would mostly wait for it."""


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

    Raises:
        DataError: if the source cannot be read, or a column is not there or of a type that cannot be profiled.

    Examples:
        >>> found = scan(pl.DataFrame({"wind": [3.0, 8.0, None], "origin": ["EWR", "JFK", "EWR"]}), blocks=3)
        >>> found.rows, found.types, len(found.blocks[ColumnKey(DriftKind.FEATURE, "wind")])
        (3, {'wind': 'numeric', 'origin': 'categorical'}, 3)
        >>> found.profile.columns[ColumnKey(DriftKind.FEATURE, "wind")].missing
        1
    """
    opened = source if isinstance(source, Source) else open_source(source)
    keys = {name: ColumnKey(DriftKind.FEATURE, name) for name in opened.schema.names if name != by} if columns is None else columns

    def scanned(rows: Source) -> Scanned:
        return carried_out(Plan.of(rows, keys, by=by, blocks=blocks, sample=sample, seed=seed, exact=exact), types)

    try:
        return scanned(opened)
    except UnsettledError:
        return scanned(opened.settled())


def carried_out(plan: Plan, types: Mapping[str, str] | None = None) -> Scanned:
    """Read all that is planned, decoding in a thread of its own.

    Parameters:
        plan: of a pass over rows.
        types: as `scan` takes them.

    Raises:
        DataError: if the source is damaged, or a column is of a type that cannot be profiled.
    """
    with ThreadPoolExecutor(1) as pool:
        batches = _ahead(pool, _batches(plan.source, plan.together))
        return plan.joined([plan.read(names, batches, types) for names in plan.together])


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
