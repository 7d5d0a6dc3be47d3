"""Means and scatter of several columns together, in a form that adds up although values are missing."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.threads import one_blas_thread

CHUNK = 8192
"""Rows worked on at once, so that memory does not grow with them."""

LIMIT = 1e140
"""Numbers beyond it, and infinities, count as missing: sums of their products would overflow."""


class CoMoments(NamedTuple):
    """What is kept of each pair of columns, over the rows in which both have a value.

    Parameters:
        rows: all rows.
        pairs: rows in which both columns have a value, shape (columns, columns).
        means: of the first column over those rows, shape (columns, columns); 0 without rows.
        scatter: sum of the products of both columns' distances from these means, shape (columns, columns).
    """

    rows: int
    pairs: Floats
    means: Floats
    scatter: Floats

    @property
    def complete(self) -> bool:
        """Whether no value is missing."""
        return bool((self.pairs == self.rows).all())

    def of_columns(self, positions: Sequence[int]) -> "CoMoments":
        """Return the moments of some of the columns."""
        square = np.ix_(positions, positions)
        return CoMoments(self.rows, self.pairs[square], self.means[square], self.scatter[square])


@one_blas_thread()
def comoments_of(values: Floats) -> CoMoments:
    """Return the moments of rows.

    Parameters:
        values: shape (rows, columns); NaN and what is beyond `LIMIT` count as missing.

    Examples:
        >>> moments = comoments_of(np.array([[1.0, 2.0], [3.0, 6.0], [np.nan, 4.0]]))
        >>> moments.pairs.tolist(), moments.means.tolist(), moments.scatter.tolist()
        ([[2.0, 2.0], [2.0, 3.0]], [[2.0, 2.0], [4.0, 4.0]], [[2.0, 4.0], [4.0, 8.0]])
    """
    starts = range(0, max(len(values), 1), CHUNK)
    return add_comoments([_chunk(values[start : start + CHUNK]) for start in starts])


def _chunk(values: Floats) -> CoMoments:
    rows, columns = values.shape
    known = np.abs(values) <= LIMIT
    if known.all() and rows:
        center = values.mean(axis=0)
        distance = values - center
        shape = columns, columns
        return CoMoments(rows, np.full(shape, float(rows)), np.broadcast_to(center[:, None], shape).copy(), distance.T @ distance)
    present = known.astype(np.float64)
    counts = present.sum(axis=0)
    zeroed = np.where(known, values, 0.0)
    center = zeroed.sum(axis=0) / np.maximum(counts, 1)
    distance = np.where(known, values - center, 0.0)
    pairs = present.T @ present
    sums = distance.T @ present
    offsets = sums / np.maximum(pairs, 1)
    scatter = distance.T @ distance - sums * offsets.T
    return CoMoments(rows, pairs, np.where(pairs > 0, center[:, None] + offsets, 0.0), scatter)


def add_comoments(parts: Sequence[CoMoments]) -> CoMoments:
    """Return the moments of all rows together (Chan, Golub and LeVeque 1979, for each pair of columns); associative up to rounding.

    Parameters:
        parts: one or more, of the same columns.
    """
    if len(parts) == 1:
        return parts[0]
    pairs = np.stack([part.pairs for part in parts])
    means = np.stack([part.means for part in parts])
    total = pairs.sum(axis=0)
    center = (pairs * means).sum(axis=0) / np.maximum(total, 1)
    offsets = means - center
    scatter = np.sum([part.scatter for part in parts], axis=0) + (pairs * offsets * offsets.transpose(0, 2, 1)).sum(axis=0)
    return CoMoments(sum(part.rows for part in parts), total, center, scatter)


def without(moments: CoMoments, part: CoMoments) -> CoMoments:
    """Return the moments of the other rows: the inverse of adding a part.

    Parameters:
        moments: of any rows.
        part: of some of them, the same columns.

    Examples:
        >>> whole, part = (comoments_of(np.array(rows)) for rows in ([[1.0], [3.0], [8.0]], [[8.0]]))
        >>> rest = without(whole, part)
        >>> rest.rows, rest.means.tolist(), rest.scatter.tolist()
        (2, [[2.0]], [[2.0]])
    """
    pairs = moments.pairs - part.pairs
    means = np.where(pairs > 0, (moments.pairs * moments.means - part.pairs * part.means) / np.maximum(pairs, 1), 0.0)
    scatter = moments.scatter - part.scatter
    for count, center in ((part.pairs, part.means), (pairs, means)):
        off = center - moments.means
        scatter = scatter - count * off * off.T
    return CoMoments(moments.rows - part.rows, pairs, means, scatter)


def scatter_about(moments: CoMoments, center: Floats) -> Floats:
    """Return the sums of products of distances from a given center, a missing value counting as that center.

    Parameters:
        moments: of any rows.
        center: shape (columns,).
    """
    offsets = moments.means - center[:, None]
    about: Floats = moments.scatter + moments.pairs * offsets * offsets.T
    return about
