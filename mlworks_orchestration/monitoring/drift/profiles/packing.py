"""Bins as text, small and quick to read: what changes little from bin to bin is stored as differences, a byte each, and compressed."""

import zlib
from base64 import b64decode, b64encode

import numpy as np

from mlworks_orchestration.monitoring.drift.profiles.bins import COARSEST, EXACT, Bins, Integers

_BYTES = 8
_IN_GROUP = EXACT - COARSEST
_BEFORE = np.int64(-1 - (1 << (COARSEST - 1)))


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
    raw = len(sizes).to_bytes(2, "little") + bytes_of + _planes(numbers[~small])
    return len(bins.keys), b64encode(zlib.compress(raw)).decode()


def unpack(size: int, text: str) -> Bins:
    """Read what `pack` wrote.

    Raises:
        ValueError: if the parts do not fit together.
        zlib.error: if they cannot be decompressed.

    Examples:
        >>> from mlworks_orchestration.monitoring.drift.profiles.bins import exactly
        >>> unpack(*pack(exactly(np.array([3, 5]), np.array([2, 1])))).keys.tolist()
        [3, 5]
    """
    raw = zlib.decompress(b64decode(text, validate=True))
    number = int.from_bytes(raw[:2], "little")
    begin, length = 2 + number, 2 * (number + size)
    small = np.frombuffer(raw, np.uint8, length, begin)
    large, found = (small == 0).nonzero()[0], _numbers(raw[begin + length :])
    if len(large) == len(found) and (found > 0).all():
        numbers = small.astype(np.int64)
        numbers[large] = found
        groups, sizes = numbers[:number].cumsum() + _BEFORE, numbers[number : 2 * number]
        precisions = np.frombuffer(raw, np.uint8, number, 2).astype(np.int64)
        if sizes.sum() == size and _are_sound(groups, sizes, precisions):
            keys = _keys(numbers[2 * number : 2 * number + size], groups, sizes, precisions)
            if (keys[1:] > keys[:-1]).all() and _are_in_groups(keys, groups, sizes):
                return Bins(keys, numbers[2 * number + size :], groups, precisions)
    message = f"{size} bins in {number} groups do not fit the {len(raw)} bytes that are stored of them"
    raise ValueError(message)


def _keys(steps: Integers, groups: Integers, sizes: Integers, precisions: Integers) -> Integers:
    """Return the lower ends of bins from how many bins of its group's precision each is after the one before."""
    keys = steps.cumsum()
    starts, shifts = sizes.cumsum() - sizes, EXACT - precisions
    zeros = (groups << _IN_GROUP) - ((keys[starts] - steps[starts] + 1) << shifts)
    keys <<= shifts.repeat(sizes)
    keys += zeros.repeat(sizes)
    return keys


def _planes(numbers: Integers) -> bytes:
    return numbers.astype("<i8").view(np.uint8).reshape(-1, _BYTES).T.tobytes()


def _numbers(planes: bytes) -> Integers:
    return np.frombuffer(planes, np.uint8).reshape(_BYTES, -1).T.copy().view("<i8").ravel().astype(np.int64)


def _are_sound(groups: Integers, sizes: Integers, precisions: Integers) -> bool:
    if not len(groups):
        return True
    return bool(groups[-1] < -_BEFORE - 1 and sizes.max() <= sizes.sum() and precisions.min() >= COARSEST and precisions.max() <= EXACT)


def _are_in_groups(keys: Integers, groups: Integers, sizes: Integers) -> bool:
    ends = sizes.cumsum()
    return bool((keys[ends - 1] >> _IN_GROUP == groups).all() and (keys[ends - sizes] >> _IN_GROUP == groups).all())
