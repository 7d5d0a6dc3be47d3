"""Bins as text, small: what changes little from bin to bin is stored as differences, byte by byte, and compressed."""

import zlib
from base64 import b64decode, b64encode

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.bins import COARSEST, EXACT, Bins, Integers, exactly

_BYTES = 8


def pack(bins: Bins) -> tuple[int, str]:
    """Return how many bins there are, and all that is known of them as text; `serial.py` documents its form.

    Examples:
        >>> pack(exactly(np.array([0]), np.array([2])))
        (1, 'eJxjYIAAJijtAAAAYwBD')
    """
    steps = np.diff(bins.keys, prepend=np.int64(0))
    raw = _planes(steps) + _planes(bins.counts) + bins.precisions.astype(np.uint8).tobytes()
    return len(bins.keys), b64encode(zlib.compress(raw)).decode()


def unpack(size: int, text: str) -> Bins:
    """Read what `pack` wrote.

    Raises:
        ValueError: if the parts do not fit together.
        zlib.error: if they cannot be decompressed.

    Examples:
        >>> unpack(*pack(exactly(np.array([3, 5]), np.array([2, 1])))).keys.tolist()
        [3, 5]
    """
    raw = np.frombuffer(zlib.decompress(b64decode(text, validate=True)), dtype=np.uint8)
    steps, counts, precisions = np.split(raw, [size * _BYTES, 2 * size * _BYTES])
    whole = exactly(np.cumsum(_numbers(steps)), _numbers(counts))
    bins = whole._replace(precisions=precisions.astype(np.int64))
    if not _is_sound(bins, size):
        message = f"{size} bins in {len(bins.groups)} groups do not fit the {len(raw)} bytes that are stored of them"
        raise ValueError(message)
    return bins


def _planes(numbers: Integers) -> bytes:
    return numbers.astype("<i8").view(np.uint8).reshape(-1, _BYTES).T.tobytes()


def _numbers(planes: NDArray[np.uint8]) -> Integers:
    return planes.reshape(_BYTES, -1).T.copy().view("<i8").ravel().astype(np.int64)


def _is_sound(bins: Bins, size: int) -> bool:
    if not (len(bins.keys) == len(bins.counts) == size and bins.precisions.shape == bins.groups.shape):
        return False
    known = ((bins.precisions >= COARSEST) & (bins.precisions <= EXACT)).all()
    ascending = (bins.keys[1:] > bins.keys[:-1]).all()
    return bool(known and ascending and (bins.counts > 0).all() and not (bins.keys & ((1 << (EXACT - bins.precision)) - 1)).any())
