"""The reference cut into consecutive blocks, from which it is learnt how much its windows differ when nothing is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Any, cast

import numpy as np

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.past.documents import check_format
from mlworks_orchestration.monitoring.drift.past.groups import Groups, group
from mlworks_orchestration.monitoring.drift.profiles.arrays import from_text, to_text
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedNumbers
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.statistics.record import OF_CELLS
from mlworks_orchestration.spec import DriftKind

FORMAT = "mlworks.blocks"
VERSION = 1


@dataclass(frozen=True, eq=False)
class BlockColumn:
    """One column, counted block by block.

    Parameters:
        type: of its profile.
        groups: its cells.
        counts: rows a block and cell, the last cell those without a value, shape (blocks, cells + 1).
        spans: rows of categories that occur in no block before the first nor after the second: shape (n, 3), first, last, rows; of those that occur
            in more than a quarter of the blocks' span there are none. They tell how many new categories a window brings when nothing is wrong.
    """

    type: str
    groups: Groups
    counts: Floats
    spans: Floats

    @cached_property
    def shapes(self) -> Floats:
        """What each block looks like: its cumulative shares, of categories the roots of its shares, shape (blocks, cells + 1).

        The distance of two blocks is then Cramér's and von Mises', or Hellinger's; a block without rows looks like the others' mean.
        """
        rows = self.counts.sum(axis=1, keepdims=True)
        shares = self.counts / np.maximum(rows, 1.0)
        looks = np.cumsum(shares, axis=1) if self.groups.names is None else np.sqrt(shares)
        filled = rows[:, 0] > 0
        looks[~filled] = looks[filled].mean(axis=0) if filled.any() else 0.0
        return looks

    def unseen(self, length: int) -> Floats:
        """Return the share of rows in categories that no block outside a window has, for the window that starts with each block.

        Parameters:
            length: of the window in blocks; a quarter of all blocks at most is looked at.
        """
        blocks = len(self.counts)
        length = max(1, min(length, blocks // 4))
        starts = np.arange(blocks - length + 1)
        first, last, rows = self.spans.T
        inside = (first[None] >= starts[:, None]) & (last[None] < starts[:, None] + length)
        totals = np.convolve(self.counts.sum(axis=1), np.ones(length), mode="valid")
        shares = (inside * rows[None]).sum(axis=1) / np.maximum(totals, 1.0)
        return np.append(shares, np.repeat(shares[-1:], length - 1))


@dataclass(frozen=True, eq=False)
class Blocks:
    """Consecutive blocks of the reference's rows, each column counted in few cells.

    Parameters:
        columns: those that are compared as counts in cells.
        starts: when each block begins, in seconds (or any measure that grows evenly), shape (blocks,); None where only their order is known.
    """

    columns: Mapping[ColumnKey, BlockColumn]
    starts: Floats | None

    @property
    def number(self) -> int:
        """How many blocks there are."""
        return max((len(column.counts) for column in self.columns.values()), default=0)

    @classmethod
    def of(cls, reference: Profile, parts: Sequence[Profile], starts: Sequence[datetime] | Sequence[float] | None = None) -> "Blocks":
        """Count the parts of a reference in its own cells.

        Parameters:
            reference: decides the cells; its rows are about those of the parts.
            parts: consecutive, in order; a part may lack a column, and then has no rows of it.
            starts: when each part begins, ascending.

        Raises:
            DataError: if the starts are not one a part, or do not ascend.

        Examples:
            >>> import polars as pl
            >>> wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
            >>> parts = [Profile.of(pl.DataFrame({"wind": [float(day), None]}), wind) for day in range(3)]
            >>> Blocks.of(Profile.merged(parts), parts).columns[wind["wind"]].counts.tolist()
            [[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]]
        """
        by_column = {key: [part.columns.get(key) for part in parts] for key in reference.columns}
        return replace(cls.of_columns(reference, by_column), starts=_seconds(starts, len(parts)))

    @classmethod
    def of_columns(cls, reference: Profile, parts: Mapping[ColumnKey, Sequence[ColumnProfile | None]]) -> "Blocks":
        """Count the parts of each column of a reference in its own cells; when they began is not known.

        Parameters:
            reference: as `of` takes it.
            parts: of each of its columns, consecutive, in order.
        """
        return cls({key: _count(column, parts[key]) for key, column in reference.columns.items() if column.type in OF_CELLS}, None)

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it, as JSON can hold it."""
        columns = [
            {
                "kind": key.kind.value,
                "column": key.column,
                "type": column.type,
                "groups": column.groups.to_document(),
                "counts": to_text(column.counts.astype(np.int64)),
                "spans": to_text(column.spans.astype(np.int64)),
            }
            for key, column in self.columns.items()
        ]
        return {"format": FORMAT, "version": VERSION, "starts": None if self.starts is None else self.starts.tolist(), "columns": columns}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Blocks":
        """Read what `to_document` gave.

        Raises:
            DataError: if it is damaged, or of a version that this release does not know.
        """
        check_format(document, FORMAT, VERSION)
        try:
            columns = {
                ColumnKey(DriftKind(one["kind"]), one["column"]): BlockColumn(
                    one["type"],
                    Groups.from_document(one["groups"]),
                    from_text(one["counts"]).astype(np.float64),
                    from_text(one["spans"]).astype(np.float64),
                )
                for one in document["columns"]
            }
            return cls(columns, None if document["starts"] is None else np.array(document["starts"], dtype=np.float64))
        except (KeyError, ValueError, TypeError) as error:
            message = f"The stored blocks of a reference are damaged ({type(error).__name__}: {error}); build the reference again."
            raise DataError(message) from error


def _count(reference: ColumnProfile, parts: Sequence[ColumnProfile | None]) -> BlockColumn:
    cells = group(reference)
    if isinstance(parts, BlockedNumbers) and parts.kind.type == reference.type:
        return BlockColumn(reference.type, cells, np.column_stack((cells.rows(reference, parts), parts.missing)), np.zeros((0, 3)))
    usable = [index for index, part in enumerate(parts) if part is not None and part.type == reference.type]
    found = [cast("ColumnProfile", parts[index]) for index in usable]
    counts = np.zeros((len(parts), cells.size + 1))
    if found:
        counts[usable, :-1] = cells.counts(reference, found)
        counts[usable, -1] = [part.missing for part in found]
    spans = _spans(parts) if isinstance(reference, CategoricalProfile) else np.zeros((0, 3))
    return BlockColumn(reference.type, cells, counts, spans)


def _spans(parts: Sequence[ColumnProfile | None]) -> Floats:
    """Return the rows of rare categories by the first and the last block that has them."""
    number = len(parts)
    blocks = {block: part.counts for block, part in enumerate(parts) if isinstance(part, CategoricalProfile)}
    names = list(chain.from_iterable(blocks.values()))
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    code = np.fromiter(map(codes.__getitem__, names), dtype=np.int64, count=len(names))
    block = np.repeat(np.array([*blocks], dtype=np.int64), [len(counts) for counts in blocks.values()])
    first, last = (np.zeros(len(codes), dtype=np.int64) for _ in range(2))
    last[code] = block
    first[code[::-1]] = block[::-1]
    rows = np.bincount(code, weights=np.fromiter(chain.from_iterable(counts.values() for counts in blocks.values()), dtype=np.float64))
    rare = last - first < max(1, number // 4)
    pairs, owner = np.unique(first[rare] * number + last[rare], return_inverse=True)
    return np.column_stack((pairs // number, pairs % number, np.bincount(owner, weights=rows[rare], minlength=len(pairs))))


def _seconds(starts: Sequence[datetime] | Sequence[float] | None, parts: int) -> Floats | None:
    if starts is None:
        return None
    seconds = np.array([start.timestamp() if isinstance(start, datetime) else float(start) for start in starts])
    if len(seconds) != parts or (np.diff(seconds) < 0).any():
        message = f"The {parts} blocks of a reference came with {len(seconds)} starts; give one a block, in ascending order, or none at all."
        raise DataError(message)
    return seconds
