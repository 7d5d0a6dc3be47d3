"""One column of a reference, counted block by block."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import Any, cast

import numpy as np

from mlworks_orchestration.monitoring.drift.past.groups import Groups, group
from mlworks_orchestration.monitoring.drift.profiles.arrays import from_text, to_text
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers
from mlworks_orchestration.monitoring.drift.profiles.blocked import BlockedCategories, BlockedNumbers
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.statistics.record import Counted


@dataclass(frozen=True, eq=False)
class BlockColumn:
    """One column, counted block by block.

    Parameters:
        type: of its profile.
        groups: its cells.
        counts: rows a block and cell, the last cell those without a value, shape (blocks, cells + 1).
        spans: rows of categories that occur in no block before the first nor after the second: shape (n, 3), first, last, rows; of those that occur
            in more than a quarter of the blocks' span there are none. They tell how many new categories a window brings when nothing is wrong.
        per_row: how many of what is counted a row has on average: 1, unless the tokens of texts are.
    """

    type: str
    groups: Groups
    counts: Floats
    spans: Floats
    per_row: float = 1.0

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

    def hidden(self, reference: ColumnProfile) -> float:
        """Return how far what the blocks tell together is from the reference: the largest distance of cumulative shares, 0 to 1.

        Cells that end where the values of the first block do tell nothing of what only came later: all of it lies in one of them.

        Parameters:
            reference: whose blocks they are.
        """
        whole, told = self.groups.counts(reference, [reference])[0], self.counts[:, :-1].sum(axis=0)
        if not whole.any() or not told.any():
            return 0.0
        return float(np.abs(np.cumsum(told / told.sum() - whole / whole.sum())).max())

    def to_document(self) -> dict[str, Any]:
        """Return what is stored of it, as JSON can hold it."""
        return {
            "type": self.type,
            "groups": self.groups.to_document(),
            "counts": to_text(self.counts.astype(np.int64)),
            "spans": to_text(self.spans.astype(np.int64)),
            "per_row": self.per_row,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "BlockColumn":
        """Read what `to_document` gave."""
        counts, spans = (from_text(document[name]).astype(np.float64) for name in ("counts", "spans"))
        return cls(document["type"], Groups.from_document(document["groups"]), counts, spans, float(document.get("per_row", 1.0)))


def count(reference: ColumnProfile, parts: Sequence[ColumnProfile | None]) -> BlockColumn:
    """Count the parts of a reference in its own cells.

    Parameters:
        reference: numeric or categorical.
        parts: consecutive, in order; None where one lacks the column.
    """
    cells = group(reference)
    if isinstance(parts, BlockedNumbers) and parts.kind.type == reference.type:
        return BlockColumn(reference.type, cells, np.column_stack((cells.rows(reference, parts), parts.missing)), np.zeros((0, 3)))
    if isinstance(parts, BlockedCategories) and reference.type == CategoricalProfile.type:
        counts = np.column_stack((cells.named(cast("CategoricalProfile", reference), parts), parts.missing.astype(np.float64)))
        block, code = parts.rows.nonzero()
        return BlockColumn(reference.type, cells, counts, _spans(len(parts), block, code, parts.rows[block, code]))
    usable = [index for index, part in enumerate(parts) if part is not None and part.type == reference.type]
    found = [cast("ColumnProfile", parts[index]) for index in usable]
    counts = np.zeros((len(parts), cells.size + 1))
    if found:
        counts[usable, :-1] = cells.counts(reference, found)
        counts[usable, -1] = [part.missing for part in found]
    spans = _spans(len(parts), *_coded(parts)) if isinstance(reference, CategoricalProfile) else np.zeros((0, 3))
    return BlockColumn(reference.type, cells, counts, spans)


def _coded(parts: Sequence[ColumnProfile | None]) -> tuple[Integers, Integers, Integers]:
    """Return which block each count of a category is of, a number for the category, and the rows."""
    blocks = {block: part.counts for block, part in enumerate(parts) if isinstance(part, CategoricalProfile)}
    names = list(chain.from_iterable(blocks.values()))
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    code = np.fromiter(map(codes.__getitem__, names), dtype=np.int64, count=len(names))
    block = np.repeat(np.array([*blocks], dtype=np.int64), [len(counts) for counts in blocks.values()])
    return block, code, np.fromiter(chain.from_iterable(counts.values() for counts in blocks.values()), dtype=np.int64, count=len(names))


def _spans(number: int, block: Integers, code: Integers, rows: Integers) -> Floats:
    """Return the rows of rare categories by the first and the last block that has them.

    Parameters:
        number: of blocks.
        block: of each count, ascending, shape (n,).
        code: of its category, shape (n,).
        rows: shape (n,).
    """
    first, last = np.zeros((2, int(code.max(initial=-1)) + 1), dtype=np.int64)
    last[code] = block
    first[code[::-1]] = block[::-1]
    totals = np.bincount(code, weights=rows)
    rare = (last - first < max(1, number // 4)) & (totals > 0)
    pairs, owner = np.unique(first[rare] * number + last[rare], return_inverse=True)
    return np.column_stack((pairs // number, pairs % number, np.bincount(owner, weights=totals[rare], minlength=len(pairs))))


def count_texts(counted: Counted, reference: ColumnProfile, parts: Sequence[ColumnProfile | None]) -> BlockColumn:
    """Count what a statistic of texts looks at in the parts of a reference.

    Parameters:
        counted: says what that is.
        reference: of texts.
        parts: as `count` takes them.
    """
    whole = counted.profile(reference, reference)
    of_parts = [counted.profile(reference, part) if part is not None and part.type == reference.type else None for part in parts]
    return replace(count(whole, of_parts), per_row=whole.present / reference.present if reference.present else 1.0)
