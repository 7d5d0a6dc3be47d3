"""Bins as text, small and quick to add up: where they crowd, each cell is stored, empty or not; elsewhere each bin by its number; all compressed."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from operator import attrgetter, mul
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, NO_BINS, Bins, Integers, is_first, starts_of

_CROWDED = 16
"""A group is stored cell by cell if at least one byte in so many is of a cell that has any rows."""

_STRETCH = 1 << 16
"""Bins that are worked on at once, so few that they stay in a core's cache."""

_HEAD = (0, 2, 4, 5)
_WIDTHS = (1, 2, 4, 8)
_BYTE, _NAME, _SIZE, _NUMBER = (np.dtype(name) for name in ("u1", "<i2", "<u4", "<i8"))
_IN_GROUP = EXACT - COARSEST
_GROUPS = 1 << (COARSEST - 1)


class Crowded(NamedTuple):
    """The cells of groups of one precision.

    Parameters:
        precision: of these groups.
        names: of the groups, two bytes each.
        cells: rows of each cell of each group.
    """

    precision: int
    names: bytes
    cells: bytes


class PackedBins(NamedTuple):
    """Bins as they are stored, decompressed: less than half of what they take unpacked, and many are added up without unpacking most of them.

    Parameters:
        size: how many bins there are.
        width: bytes that each number of rows takes.
        crowded: groups whose cells are all there, those of each precision together.
        names: of the other groups, two bytes each.
        precisions: of these, a byte each.
        sizes: how many bins each of these has, four bytes each.
        numbers: of their bins, how many bins of its precision each lies from the group's begin, eight bytes each.
        rows: of these bins.
    """

    size: int
    width: int
    crowded: tuple[Crowded, ...]
    names: bytes
    precisions: bytes
    sizes: bytes
    numbers: bytes
    rows: bytes


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
        bins = np.flatnonzero(wanted.repeat(self.sizes))
        return Places(self.groups[wanted], self.precisions[wanted], self.sizes[wanted], self.numbers[bins], self.rows[bins])


def pack(bins: Bins) -> tuple[int, str]:
    """Return how many bins there are, and all that is known of them as text; `serial.py` documents its form.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.bins import exactly
        >>> pack(exactly(np.array([0]), np.array([2])))
        (1, 'eJxjYGBkYHRgAJIIwAQABEgARg==')
    """
    sizes = np.diff(starts_of(bins.keys, bins.groups))
    spans = np.exp2(bins.precisions - COARSEST)
    width = next(width for width in _WIDTHS if int(bins.counts.max(initial=0)) < 1 << (8 * width))
    crowded = sizes * _CROWDED >= spans * width
    full, others = np.flatnonzero(crowded), np.flatnonzero(~crowded)
    full = full[np.argsort(bins.precisions[full], kind="stable")]
    numbers = (bins.keys - np.repeat(bins.groups << _IN_GROUP, sizes)) >> np.repeat(EXACT - bins.precisions, sizes)
    begins, among = np.zeros(len(sizes), dtype=np.int64), np.repeat(crowded, sizes)
    begins[full] = np.cumsum(spans[full]) - spans[full]
    cells = np.zeros(int(spans[full].sum()), dtype=np.int64)
    cells[(numbers + np.repeat(begins, sizes))[among]] = bins.counts[among]
    order = np.concatenate((full, others))
    stored = (
        *(number.to_bytes(end - begin, "little") for number, (begin, end) in zip((len(full), len(others), width), pairwise(_HEAD), strict=True)),
        bins.precisions[order].astype(_BYTE).tobytes(),
        _planes(np.diff(bins.groups[order], prepend=0), _NAME.itemsize),
        _planes(sizes[others], _SIZE.itemsize),
        _planes(cells, width),
        _planes(numbers[~among], _NUMBER.itemsize),
        _planes(bins.counts[~among], width),
    )
    return len(bins.keys), b64encode(zlib.compress(b"".join(stored))).decode()


def packed(size: int, text: str) -> PackedBins:
    """Read what `pack` wrote, without unpacking it yet.

    Raises:
        ValueError: if there are more bytes than the bins take, or fewer.
        zlib.error: if they cannot be decompressed, or have changed.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.bins import exactly
        >>> found = packed(*pack(exactly(np.array([3, 5]), np.array([2, 1]))))
        >>> found.size, unpack([found]).keys.tolist()
        (2, [3, 5])
    """
    raw = zlib.decompress(b64decode(text, validate=True))
    full, others, width = (int.from_bytes(raw[begin:end], "little") for begin, end in pairwise(_HEAD))
    precisions, names, sizes, begin = _heads(raw, full, others)
    spans = [1 << max(precision - COARSEST, 0) for precision in precisions[:full]]
    bins, widths = int(np.frombuffer(sizes, _SIZE).sum()), (width, _NUMBER.itemsize, width)
    ends = list(accumulate(map(mul, (sum(spans), bins, bins), widths), initial=begin))
    if ends[-1] != len(raw) or width not in _WIDTHS:
        raise _misfit(size, raw)
    cells, numbers, rows = (_together(raw[begin:end], each) for (begin, end), each in zip(pairwise(ends), widths, strict=True))
    if np.count_nonzero(np.frombuffer(cells, f"<u{width}")) + bins != size:
        raise _misfit(size, raw)
    crowded = tuple(_crowded(precisions[:full], names, spans, cells, width))
    return PackedBins(size, width, crowded, names[full * _NAME.itemsize :], precisions[full:], sizes, numbers, rows)


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
    by_width, by_precision = attrgetter("width"), attrgetter("precision")
    for width, alike in groupby(sorted((part for part in parts if part.size), key=by_width), key=by_width):
        some, dtype = list(alike), np.dtype(f"<u{width}")
        crowded = sorted((one for part in some for one in part.crowded), key=by_precision)
        yield from (_added_up(precision, list(ones), dtype) for precision, ones in groupby(crowded, key=by_precision))
        before = accumulate(len(part.numbers) for part in some)
        stretches = groupby(zip(before, some, strict=True), key=lambda one: one[0] // (_STRETCH * _NUMBER.itemsize))
        yield from (_scattered([part for _, part in stretch], dtype) for _, stretch in stretches)


def _added_up(precision: int, crowded: Sequence[Crowded], dtype: np.dtype[Any]) -> Places:
    """Return the bins of groups whose cells are all there, each group once."""
    names = _joined([one.names for one in crowded], _NAME)
    cells = _joined([one.cells for one in crowded], dtype).reshape(len(names), -1)
    groups = np.unique(names)
    total = np.uint32 if dtype == _BYTE else np.int64  # bytes fit, and add up in half the time
    rows = np.stack([cells[names == group].sum(axis=0, dtype=total) for group in groups]).astype(np.int64)
    at, numbers = rows.nonzero()
    sizes = np.bincount(at, minlength=len(groups))
    return _sound(Places(groups.astype(np.int64), np.full(len(groups), precision), sizes, numbers, rows[at, numbers]))


def _scattered(parts: Sequence[PackedBins], dtype: np.dtype[Any]) -> Places:
    """Return the bins of all other groups, one part after the other."""
    groups = _joined([part.names for part in parts], _NAME).astype(np.int64)
    precisions = _joined([part.precisions for part in parts], _BYTE).astype(np.int64)
    sizes = _joined([part.sizes for part in parts], _SIZE).astype(np.int64)
    numbers, rows = _joined([part.numbers for part in parts], _NUMBER), _joined([part.rows for part in parts], dtype)
    return _sound(Places(groups, precisions, sizes, numbers, rows.astype(np.int64)))


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


def _heads(raw: bytes, full: int, others: int) -> tuple[bytes, bytes, bytes, int]:
    """Return the precisions and names of all groups, the sizes of those that are not crowded, and where these end."""
    lengths = full + others, (full + others) * _NAME.itemsize, others * _SIZE.itemsize
    ends = list(accumulate(lengths, initial=_HEAD[-1]))
    precisions, steps, sizes = (raw[begin:end] for begin, end in pairwise(ends))
    if len(raw) < ends[-1]:
        raise _misfit(full + others, raw)  # each has a bin at least
    names = np.frombuffer(_together(steps, _NAME.itemsize), _NAME).cumsum(dtype=_NAME).tobytes()
    return precisions, names, _together(sizes, _SIZE.itemsize), ends[-1]


def _crowded(precisions: bytes, names: bytes, spans: Sequence[int], cells: bytes, width: int) -> Iterator[Crowded]:
    """Yield the groups of each precision, which come one after the other."""
    ends = [end * width for end in accumulate(spans, initial=0)]
    for precision, alike in groupby(range(len(precisions)), key=precisions.__getitem__):
        at = list(alike)
        begin, end = at[0], at[-1] + 1
        yield Crowded(precision, names[begin * _NAME.itemsize : end * _NAME.itemsize], cells[ends[begin] : ends[end]])


def _planes(numbers: Integers, width: int) -> bytes:
    """Return the least significant bytes of all numbers, then the next ones, as many as `width` says."""
    return numbers.astype(_NUMBER).view(_BYTE).reshape(-1, _NUMBER.itemsize)[:, :width].T.tobytes()


def _together(planes: bytes, width: int) -> bytes:
    """Return whole numbers, of which these are the planes."""
    return planes if width == 1 else np.frombuffer(planes, _BYTE).reshape(width, -1).T.tobytes()


def _joined(pieces: Sequence[bytes], dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(b"".join(pieces), dtype)


def _misfit(size: int, raw: bytes) -> ValueError:
    return ValueError(f"{size} bins do not fit the {len(raw)} bytes that are stored of them")
