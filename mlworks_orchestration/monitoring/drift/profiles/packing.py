"""Bins as text, small and quick to read: what changes little from bin to bin is stored as differences, a byte each, and compressed."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, NO_BINS, Bins, Integers

_BYTES = 8
_IN_GROUP = EXACT - COARSEST
_BEFORE = np.int64(-1 - (1 << (COARSEST - 1)))


class PackedBins(NamedTuple):
    """Bins as they are stored, decompressed: they take a fifth of the memory, and many are unpacked at once in little more time than one.

    Parameters:
        size: how many bins there are.
        groups: how many groups.
        precisions: of the groups, a byte each.
        small: the numbers of groups and bins, a byte each, 0 for those that take more.
        large: those in full.
    """

    size: int
    groups: int
    precisions: bytes
    small: bytes
    large: bytes


def pack(bins: Bins) -> tuple[int, str]:
    """Return how many bins there are, and all that is known of them as text; `serial.py` documents its form.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.bins import exactly
        >>> pack(exactly(np.array([0]), np.array([2])))
        (1, 'eJxjZHBgYGRkYuRgAAMAA8UATw==')
    """
    starts = np.searchsorted(bins.keys, bins.groups << _IN_GROUP)
    sizes = np.diff(np.append(starts, len(bins.keys)))
    within = (bins.keys - np.repeat(bins.groups << _IN_GROUP, sizes)) >> np.repeat(EXACT - bins.precisions, sizes)
    steps = np.diff(within, prepend=np.int64(-1))
    steps[starts] = within[starts] + 1
    numbers = np.concatenate((np.diff(bins.groups, prepend=_BEFORE), sizes, steps, bins.counts))
    small = numbers < 1 << _BYTES
    bytes_of = bins.precisions.astype(np.uint8).tobytes() + np.where(small, numbers, 0).astype(np.uint8).tobytes()
    planes = numbers[~small].astype("<i8").view(np.uint8).reshape(-1, _BYTES).T.tobytes()
    return len(bins.keys), b64encode(zlib.compress(len(sizes).to_bytes(2, "little") + bytes_of + planes)).decode()


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
    groups = int.from_bytes(raw[:2], "little")
    begin, end = 2 + groups, 2 + 3 * groups + 2 * size
    found = PackedBins(size, groups, raw[2:begin], raw[begin:end], raw[end:])
    if size < groups or (size and not groups) or len(found.large) != _BYTES * found.small.count(0):
        message = f"{size} bins in {groups} groups do not fit the {len(raw)} bytes that are stored of them"
        raise ValueError(message)
    return found


def unpack(parts: Sequence[PackedBins]) -> Bins:
    """Return the bins of all parts, one part after the other, so that they are in order only if there is one.

    Parameters:
        parts: one or more.

    Raises:
        DataError: if what is stored of one does not fit together.
    """
    parts = [part for part in parts if part.size]
    if not parts:
        return NO_BINS
    numbers, ends = _numbers(parts), [0, *accumulate(2 * (part.groups + part.size) for part in parts)]
    begins = list(zip(ends, parts, strict=False))
    steps_of_groups, sizes = (np.concatenate([numbers[at + n * part.groups :][: part.groups] for at, part in begins]) for n in (0, 1))
    steps, counts = (np.concatenate([numbers[at + 2 * part.groups + n * part.size :][: part.size] for at, part in begins]) for n in (0, 1))
    precisions = np.frombuffer(b"".join([part.precisions for part in parts]), np.uint8).astype(np.int64)
    owned = np.array([part.groups for part in parts])
    groups = steps_of_groups.cumsum()
    keys = steps.cumsum()
    groups += _BEFORE - np.repeat(_before(groups, steps_of_groups, owned), owned)
    if _are_sound(groups, sizes, precisions, np.array([part.size for part in parts]), owned):
        before, shifts = _before(keys, steps, sizes) + 1, EXACT - precisions
        last = keys[sizes.cumsum() - 1] - before
        if ((last >= 0) & (last >> (precisions - COARSEST) == 0)).all():
            keys <<= shifts.repeat(sizes)
            keys += ((groups << _IN_GROUP) - (before << shifts)).repeat(sizes)
            return Bins(keys, counts, groups, precisions)
    message = f"A stored profile is damaged: its {len(keys)} bins do not fit its {len(groups)} groups. Materialise its partition again."
    raise DataError(message)


def opened(counted: Bins | PackedBins) -> Bins:
    """Return bins, unpacked if they are not yet.

    Raises:
        DataError: if what is stored of them does not fit together.
    """
    return unpack([counted]) if isinstance(counted, PackedBins) else counted


def _numbers(parts: Sequence[PackedBins]) -> Integers:
    """Return the numbers that are stored of all parts, those that take more than a byte put in place."""
    small = np.frombuffer(b"".join([part.small for part in parts]), np.uint8)
    planes = [np.frombuffer(part.large, np.uint8).reshape(_BYTES, -1) for part in parts]
    large = np.concatenate(planes, axis=1).T.copy().view("<i8").ravel()
    if len(large) and large.min() < 1:
        message = f"A stored profile is damaged: a number of {large.min()}, where there can be none below 1. Materialise its partition again."
        raise DataError(message)
    numbers = small.astype(np.int64)
    numbers[np.flatnonzero(small == 0)] = large
    return numbers


def _before(cumulated: Integers, values: Integers, sizes: Integers) -> Integers:
    """Return what had been cumulated before each run of values."""
    starts = sizes.cumsum() - sizes
    return cumulated[starts] - values[starts]


def _are_sound(groups: Integers, sizes: Integers, precisions: Integers, totals: Integers, owned: Integers) -> bool:
    fits = sizes.max() <= totals.max() and np.array_equal(np.add.reduceat(sizes, owned.cumsum() - owned), totals)
    return bool(fits and groups.max() < -_BEFORE - 1 and precisions.min() >= COARSEST and precisions.max() <= EXACT)
