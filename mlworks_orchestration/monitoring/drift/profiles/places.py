"""Where the bins of stored profiles lie: what many of them are added up from, and one is unpacked from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, NO_BINS, Bins, Integers, is_first
from mlworks_orchestration.monitoring.drift.profiles.packing import BYTE, GROUP, NAME, NUMBER, PackedBins

_STRETCH = 1 << 16
"""Bins that are worked on at once, so few that they stay in a core's cache."""

_CACHED = 1 << 20
"""Bytes of cells that are worked on at once, for the same reason."""

_NUMBERS = -2
_IN_GROUP = EXACT - COARSEST
_GROUPS = 1 << (COARSEST - 1)
_ROWS = {width: np.dtype(f"<u{width}") for width in (1, 2, 4)} | {NUMBER.itemsize: NUMBER}
_MOST = {dtype: np.iinfo(dtype).max for dtype in _ROWS.values()}


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

    def only(self, wanted: Integers) -> "Places":
        """Return the groups at some positions."""
        sizes = self.sizes[wanted]
        ends = sizes.cumsum()
        bins = np.arange(ends[-1] if len(ends) else 0) + (self.sizes.cumsum()[wanted] - ends).repeat(sizes)
        return Places(self.groups[wanted], self.precisions[wanted], sizes, self.numbers[bins], self.rows[bins])


NOWHERE = Places(*[NO_BINS.keys] * len(Places._fields))
"""No bins."""


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


def places_of(parts: Iterable[PackedBins]) -> Iterator[Places]:
    """Yield where the bins of all parts lie, those of crowded groups added up.

    Parameters:
        parts: any number.

    Raises:
        DataError: if what is stored of one does not fit together.
    """
    filled = [part for part in parts if part.size]
    for width in sorted({part.width for part in filled}):
        _, _, layouts, cells, *others = zip(*(part for part in filled if part.width == width), strict=True)
        alike: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for layout, some in zip(layouts, cells, strict=True):
            alike[layout].append(some)
        yield _added_up(alike, _ROWS[width])
        bins = np.cumsum([len(numbers) // NUMBER.itemsize for numbers in others[_NUMBERS]])
        for begin, end in pairwise([0, *np.searchsorted(bins, np.arange(_STRETCH, bins[-1], _STRETCH)), len(bins)]):
            yield _scattered(_ROWS[width], *(pieces[begin:end] for pieces in others))


def _added_up(alike: Mapping[bytes, Sequence[bytes]], dtype: np.dtype[Any]) -> Places:
    """Return the bins of groups whose cells are all there, those of each precision once."""
    found: dict[tuple[int, int], Integers] = {}
    for layout, pieces in alike.items():
        if not layout:
            continue
        precisions, names = _groups_of(layout)
        sums, ends = _summed(pieces, dtype), accumulate((1 << (precision - COARSEST) for precision in precisions), initial=0)
        for group, (begin, end) in zip(zip(precisions, names, strict=True), pairwise(ends), strict=True):
            found[group] = found[group] + sums[begin:end] if group in found else sums[begin:end]
    if not found:
        return NOWHERE
    precision, groups = np.array(list(found)).T
    if not _are_possible(precision, groups):
        raise _damage(len(found))
    numbers = [np.flatnonzero(cells) for cells in found.values()]
    rows = [cells[some] for cells, some in zip(found.values(), numbers, strict=True)]
    return Places(groups, precision, np.array([len(some) for some in numbers]), np.concatenate(numbers), np.concatenate(rows))


def _groups_of(layout: bytes) -> tuple[bytes, list[int]]:
    """Return the precisions and the names of crowded groups."""
    count = len(layout) // (BYTE.itemsize + NAME.itemsize)
    return layout[:count], np.frombuffer(layout[count:], NAME).tolist()


def _summed(pieces: Sequence[bytes], dtype: np.dtype[Any]) -> Integers:
    """Return arrays of one length added up; as many at a time as their type can count, since bytes take less than half of the time."""
    total = np.zeros(len(pieces[0]) // dtype.itemsize, dtype=np.int64)
    together = max(1, _CACHED // len(pieces[0]))
    for begin in range(0, len(pieces), together):
        cells = _joined(pieces[begin : begin + together], dtype).reshape(-1, len(total))
        fitting = int(_MOST[dtype] // cells.max(initial=1))
        for first in range(0, len(cells), fitting):
            total += cells[first : first + fitting].sum(axis=0, dtype=dtype)
    return total


def _scattered(dtype: np.dtype[Any], groups: Sequence[bytes], numbers: Sequence[bytes], rows: Sequence[bytes]) -> Places:
    """Return the bins of all other groups, one part after the other.

    Raises:
        DataError: if what is stored of one does not fit together.
    """
    found, within, counts = _joined(groups, GROUP), _joined(numbers, NUMBER), _joined(rows, dtype)
    names, precisions, sizes = (found[field].astype(np.int64) for field in ("name", "precision", "size"))
    if len(found) and not (_are_possible(precisions, names) and _are_in_order(within, precisions, sizes) and counts.all()):
        raise _damage(len(found))
    return Places(names, precisions, sizes, within.astype(np.int64, copy=False), counts.astype(np.int64))


def _are_possible(precisions: NDArray[Any], names: NDArray[Any]) -> bool:
    """Return whether there are such groups, of which there must be one at least."""
    return bool(COARSEST <= precisions.min() <= precisions.max() <= EXACT and -_GROUPS <= names.min() <= names.max() < _GROUPS)


def _are_in_order(numbers: Integers, precisions: Integers, sizes: Integers) -> bool:
    """Return whether the bins of each group ascend, and lie in it."""
    ends, upward = sizes.cumsum(), numbers[1:] > numbers[:-1]
    if not sizes.all():
        return False
    upward[ends[:-1] - 1] = True
    return bool((numbers[ends - sizes] >= 0).all() and not (numbers[ends - 1] >> (precisions - COARSEST)).any() and upward.all())


def _damage(groups: int) -> DataError:
    return DataError(f"A stored profile is damaged: its bins do not fit its {groups} groups. Materialise its partition again.")


def _joined(pieces: Sequence[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(b"".join(pieces), dtype)
