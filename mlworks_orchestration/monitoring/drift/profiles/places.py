"""Where the bins of stored profiles lie: what many of them are added up from, and one is unpacked from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, NO_BINS, Bins, Integers, is_first
from mlworks_orchestration.monitoring.drift.profiles.packing import BYTE, NAME, NUMBER, SIZE, Crowded, PackedBins

_STRETCH = 1 << 16
"""Bins that are worked on at once, so few that they stay in a core's cache."""

_CACHED = 1 << 20
"""Bytes of cells that are worked on at once, for the same reason."""

_NUMBERS = -2
_IN_GROUP = EXACT - COARSEST
_GROUPS = 1 << (COARSEST - 1)


class Places(NamedTuple):
    """Bins in groups, one group after the other.

    Parameters:
        groups: the leading 12 bits of their bins, shape (groups,).
        precisions: of each, shape (groups,).
        sizes: how many bins each has, shape (groups,).
        numbers: of each bin, how many bins of its precision it lies from its group's begin, shape (bins,).
        rows: of each bin, shape (bins,).
    """

    groups: Integers
    precisions: Integers
    sizes: Integers
    numbers: Integers
    rows: Integers

    @property
    def keys(self) -> Integers:
        """The key of each bin."""
        keys = self.numbers << (EXACT - self.precisions).repeat(self.sizes)
        keys += (self.groups << _IN_GROUP).repeat(self.sizes)
        return keys

    def only(self, wanted: NDArray[np.bool_]) -> "Places":
        """Return some of the groups."""
        sizes = self.sizes[wanted]
        ends = sizes.cumsum()
        bins = np.arange(ends[-1] if len(ends) else 0) + (self.sizes.cumsum()[wanted] - ends).repeat(sizes)
        return Places(self.groups[wanted], self.precisions[wanted], sizes, self.numbers[bins], self.rows[bins])


def unpack(parts: Sequence[PackedBins]) -> Bins:
    """Return the bins of all parts, in order if there is one part; of more, some bins are there several times.

    Parameters:
        parts: one or more.

    Raises:
        DataError: if what is stored of one does not fit together.
    """
    found = list(places_of(parts))
    if not found:
        return NO_BINS
    keys, counts, groups, precisions = map(np.concatenate, zip(*((one.keys, one.rows, one.groups, one.precisions) for one in found), strict=True))
    if len(parts) > 1:
        return Bins(keys, counts, groups, precisions)
    bins, names = np.argsort(keys), np.argsort(groups)
    if not is_first(groups[names]).all():
        message = "A stored profile is damaged: it has a group twice. Materialise its partition again."
        raise DataError(message)
    return Bins(keys[bins], counts[bins], groups[names], precisions[names])


def opened(counted: Bins | PackedBins) -> Bins:
    """Return bins, unpacked if they are not yet.

    Raises:
        DataError: if what is stored of them does not fit together.
    """
    return unpack([counted]) if isinstance(counted, PackedBins) else counted


def places_of(parts: Iterable[PackedBins]) -> Iterator[Places]:
    """Yield where the bins of all parts lie, crowded groups of one precision added up.

    Parameters:
        parts: any number.

    Raises:
        DataError: if what is stored of one does not fit together.
    """
    filled = [part for part in parts if part.size]
    for width in sorted({part.width for part in filled}):
        dtype = NUMBER if width == NUMBER.itemsize else np.dtype(f"<u{width}")
        _, _, crowded, *others = zip(*(part for part in filled if part.width == width), strict=True)
        for precision, cells in _alike(chain.from_iterable(crowded)).items():
            yield _added_up(precision, cells, dtype)
        bins = np.cumsum([len(numbers) // NUMBER.itemsize for numbers in others[_NUMBERS]])
        for begin, end in pairwise([0, *np.searchsorted(bins, np.arange(_STRETCH, bins[-1], _STRETCH)), len(bins)]):
            yield _scattered(*(pieces[begin:end] for pieces in others), dtype=dtype)


def _alike(crowded: Iterable[Crowded]) -> dict[int, dict[bytes, list[bytes]]]:
    """Return cells by precision and by the names of their groups."""
    found: defaultdict[int, dict[bytes, list[bytes]]] = defaultdict(dict)
    for precision, names, cells in crowded:
        found[precision].setdefault(names, []).append(cells)
    return found


def _added_up(precision: int, alike: Mapping[bytes, Sequence[bytes]], dtype: np.dtype[Any]) -> Places:
    """Return the bins of groups whose cells are all there, each group once."""
    groups = np.unique(_joined(list(alike), NAME)).astype(np.int64)
    rows = np.zeros((len(groups), 1 << (precision - COARSEST)), dtype=np.int64)
    for names, cells in alike.items():
        sums = _summed(cells, dtype).reshape(-1, rows.shape[1])
        for group, some in zip(np.searchsorted(groups, np.frombuffer(names, NAME)).tolist(), sums, strict=True):
            rows[group] += some
    found = np.flatnonzero(rows)
    sizes = np.count_nonzero(rows, axis=1)
    return _sound(Places(groups, np.full(len(groups), precision), sizes, found & (rows.shape[1] - 1), rows.ravel()[found]))


def _summed(pieces: Sequence[bytes], dtype: np.dtype[Any]) -> Integers:
    """Return arrays of one length added up; as many at a time as their type can count, since bytes take less than half of the time."""
    total = np.zeros(len(pieces[0]) // dtype.itemsize, dtype=np.int64)
    together = max(1, _CACHED // len(pieces[0]))
    for begin in range(0, len(pieces), together):
        cells = _joined(pieces[begin : begin + together], dtype).reshape(-1, len(total))
        fitting = int(np.iinfo(dtype).max // cells.max(initial=1))
        for first in range(0, len(cells), fitting):
            total += cells[first : first + fitting].sum(axis=0, dtype=dtype)
    return total


def _scattered(*pieces: Sequence[bytes], dtype: np.dtype[Any]) -> Places:
    """Return the bins of all other groups, one part after the other, from what `PackedBins` has of them."""
    kinds = NAME, BYTE, SIZE, NUMBER, dtype
    return _sound(Places(*(_joined(some, kind).astype(np.int64, copy=False) for some, kind in zip(pieces, kinds, strict=True))))


def _sound(places: Places) -> Places:
    """Return places that can be.

    Raises:
        DataError: if they cannot.
    """
    groups, precisions, sizes, numbers, rows = places
    if not len(groups):
        return places
    if groups.min() >= -_GROUPS and groups.max() < _GROUPS and precisions.min() >= COARSEST and precisions.max() <= EXACT and sizes.min() > 0:
        ends, upward = sizes.cumsum(), numbers[1:] > numbers[:-1]
        upward[ends[:-1] - 1] = True
        within = (numbers[ends - sizes] >= 0) & (numbers[ends - 1] >> (precisions - COARSEST) == 0)
        if upward.all() and within.all() and rows.min() > 0:
            return places
    message = f"A stored profile is damaged: its {len(numbers)} bins do not fit its {len(groups)} groups. Materialise its partition again."
    raise DataError(message)


def _joined(pieces: Sequence[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(b"".join(pieces), dtype)
