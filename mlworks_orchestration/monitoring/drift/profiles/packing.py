"""Bins as text, small and quick to add up: where they crowd, each cell is stored, empty or not; elsewhere each bin by its number; all compressed."""

import zlib
from base64 import b64decode, b64encode
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Integers, starts_of

_CROWDED = 16
"""A group is stored cell by cell if at least one byte in so many is of a cell that has any rows."""

_HEAD = (0, 2, 4, 5)
_WIDTHS = (1, 2, 4, 8)
BYTE, NAME, SIZE, NUMBER = (np.dtype(name) for name in ("u1", "<i2", "<u4", "<i8"))
"""What precisions, names, sizes and numbers are stored as."""

GROUP = np.dtype([("name", NAME), ("precision", BYTE), ("size", SIZE)], align=True)
"""A group of which each bin is stored, and how many it has."""

_IN_GROUP = EXACT - COARSEST
_SPANS = [1 << max(precision - COARSEST, 0) for precision in range(256)]


class PackedBins(NamedTuple):
    """Bins as they are stored, decompressed: less than half of what they take unpacked, and many are added up without unpacking most of them.

    Parameters:
        size: how many bins there are.
        width: bytes that each number of rows takes.
        layout: of the groups whose cells are all there, the precisions, a byte each, and then the names, two bytes each.
        cells: rows of each cell of each of these.
        groups: the others, of the type `GROUP`.
        numbers: of their bins, how many bins of its precision each lies from the group's begin, eight bytes each.
        rows: of these bins.
    """

    size: int
    width: int
    layout: bytes
    cells: bytes
    groups: bytes
    numbers: bytes
    rows: bytes


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
        bins.precisions[order].astype(BYTE).tobytes(),
        _planes(np.diff(bins.groups[order], prepend=0), NAME.itemsize),
        _planes(sizes[others], SIZE.itemsize),
        _planes(cells, width),
        _planes(numbers[~among], NUMBER.itemsize),
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
        >>> found.size, list(found.rows)
        (2, [2, 1])
    """
    raw = zlib.decompress(b64decode(text, validate=True))
    full, others, width = (int.from_bytes(raw[begin:end], "little") for begin, end in pairwise(_HEAD))
    precisions, names, sizes, begin = _heads(raw, full, others)
    spans, bins = sum(map(_SPANS.__getitem__, precisions[:full])), int(sizes.sum())
    widths = width, NUMBER.itemsize, width
    ends = list(accumulate((spans * width, bins * NUMBER.itemsize, bins * width), initial=begin))
    if ends[-1] != len(raw) or width not in _WIDTHS or min(precisions, default=COARSEST) < COARSEST:
        raise _misfit(size, raw)
    cells, numbers, rows = (_together(raw[begin:end], each) for (begin, end), each in zip(pairwise(ends), widths, strict=True))
    if np.count_nonzero(np.frombuffer(cells, f"<u{width}")) + bins != size:
        raise _misfit(size, raw)
    groups = np.zeros(others, GROUP)
    groups["name"], groups["precision"], groups["size"] = names[full:], np.frombuffer(precisions[full:], BYTE), sizes
    return PackedBins(size, width, precisions[:full] + names[:full].tobytes(), cells, groups.tobytes(), numbers, rows)


def _heads(raw: bytes, full: int, others: int) -> tuple[bytes, NDArray[np.int16], NDArray[np.uint32], int]:
    """Return the precisions and names of all groups, the sizes of those that are not crowded, and where these end."""
    lengths = full + others, (full + others) * NAME.itemsize, others * SIZE.itemsize
    ends = list(accumulate(lengths, initial=_HEAD[-1]))
    precisions, steps, sizes = (raw[begin:end] for begin, end in pairwise(ends))
    if len(raw) < ends[-1]:
        raise _misfit(full + others, raw)  # each has a bin at least
    names = np.frombuffer(_together(steps, NAME.itemsize), NAME).cumsum(dtype=NAME)
    return precisions, names, np.frombuffer(_together(sizes, SIZE.itemsize), SIZE), ends[-1]


def _planes(numbers: Integers, width: int) -> bytes:
    """Return the least significant bytes of all numbers, then the next ones, as many as `width` says."""
    return numbers.astype(NUMBER).view(BYTE).reshape(-1, NUMBER.itemsize)[:, :width].T.tobytes()


def _together(planes: bytes, width: int) -> bytes:
    """Return whole numbers, of which these are the planes."""
    return planes if width == 1 else np.frombuffer(planes, BYTE).reshape(width, -1).T.tobytes()


def _misfit(size: int, raw: bytes) -> ValueError:
    return ValueError(f"{size} bins do not fit the {len(raw)} bytes that are stored of them")
