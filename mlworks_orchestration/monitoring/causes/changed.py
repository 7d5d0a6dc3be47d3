"""How much more a feature changed in some rows than in all others."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.causes.jackknife import BLOCKS, jackknife

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_CELLS = 10


class Change(NamedTuple):
    """How much a feature changed.

    Parameters:
        inside: total variation distance of the chosen rows, before against now, in ten cells; 0 to 1.
        outside: of all other rows.
        excess: by how much more it is inside, corrected for the part that chance has in distances of few rows.
        error: standard error of the excess.
    """

    inside: float
    outside: float
    excess: float
    error: float


class Codes(NamedTuple):
    """The cell of each row, before and now.

    Parameters:
        before: cells of the earlier rows, shape (rows before,).
        now: cells of the later rows, shape (rows now,).
    """

    before: Integers
    now: Integers


def cells_of(before: pl.Series, now: pl.Series) -> Codes:
    """Number the cells of a feature's values: tenths of the earlier rows, or the nine most frequent categories and the rest; missing is one more.

    Parameters:
        before: the feature's earlier values, in time order.
        now: its later ones.

    Examples:
        >>> codes = cells_of(pl.Series([1.0, 2.0, 3.0, 4.0]), pl.Series([0.0, None, 9.0]))
        >>> codes.before.tolist(), codes.now.tolist()
        ([0, 1, 2, 3], [0, 10, 3])
    """
    if not before.dtype.is_numeric():
        frequent = before.cast(pl.String).drop_nulls().value_counts(sort=True, name="_rows")[before.name][: _CELLS - 1].to_list()
        numbers = {value: i for i, value in enumerate(frequent)}
        return Codes(
            *(np.array([_CELLS if v is None else numbers.get(v, _CELLS - 1) for v in s.cast(pl.String)], dtype=np.int64) for s in (before, now))
        )
    sides = [np.asarray(side.cast(pl.Float64).to_numpy(), dtype=np.float64) for side in (before, now)]
    ordered = np.sort(sides[0][~np.isnan(sides[0])])
    edges = np.unique(ordered[np.maximum(len(ordered) * np.arange(1, _CELLS) // _CELLS - 1, 0)]) if len(ordered) else ordered
    return Codes(*(np.where(np.isnan(side), _CELLS, np.searchsorted(edges, side)) for side in sides))


def compare_change(codes: Codes, before: Flags, now: Flags) -> Change:
    """Compare how much a feature changed in chosen rows and in all others.

    Blocks of consecutive rows are left out, before and now each for itself, so that rows that share a reading do not count as many.

    Parameters:
        codes: the feature's cells, rows in time order.
        before: which of the earlier rows are chosen, shape (rows before,).
        now: which of the later ones, shape (rows now,).
    """
    tables = [_table(cells, chosen) for cells, chosen in zip(codes, (before, now), strict=True)]
    totals = [table.sum(axis=0) for table in tables]

    def excess(side: int, kept: Integers) -> float:
        counts = [tables[side][kept].sum(axis=0) if i == side else total for i, total in enumerate(totals)]
        outside, inside = (_distance(counts[0][where], counts[1][where]) for where in (0, 1))
        return inside - outside

    early, late = (jackknife(lambda kept, side=side: excess(side, kept), len(tables[side])) for side in (0, 1))  # type: ignore[misc]
    outside, inside = (_distance(totals[0][where], totals[1][where]) for where in (0, 1))
    return Change(inside, outside, early.value - early.bias - late.bias, float(np.hypot(early.error, late.error)))


def _table(cells: Integers, chosen: Flags) -> Integers:
    """Return rows by block, in or out, and cell, shape (blocks, 2, cells)."""
    blocks = min(BLOCKS, len(cells))
    block = np.arange(len(cells)) * blocks // max(len(cells), 1)
    counts = np.bincount((block * 2 + chosen) * (_CELLS + 1) + cells, minlength=blocks * 2 * (_CELLS + 1))
    return np.asarray(counts, dtype=np.int64).reshape(blocks, 2, _CELLS + 1)


def _distance(before: Integers, now: Integers) -> float:
    return float(np.abs(before / max(before.sum(), 1) - now / max(now.sum(), 1)).sum() / 2)
