"""Arrow arrays as numpy arrays, without copying and without pandas, which pyarrow's own way would import."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats, Integers

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_DAY = 86400.0
_FLOATS = {"double": "float64", "float": "float32", "halffloat": "float16"}


def runs(ends: Sequence[int], rows: int) -> Iterator[tuple[int, int, bool]]:
    """Yield where each run of rows starts and stops, and whether a block ends with it.

    Parameters:
        ends: how many rows come before the end of each block that ends there, ascending.
        rows: how many there are.

    Examples:
        >>> list(runs([2, 3], 5)), list(runs([2], 2))
        ([(0, 2, True), (2, 3, True), (3, 5, False)], [(0, 2, True)])
    """
    start = 0
    for end in ends:
        yield start, end, True
        start = end
    if start < rows:
        yield start, rows, False


def numbers_of(array: Any) -> NDArray[Any]:  # noqa: ANN401 - pyarrow has no types
    """Return the numbers of an array as they are in memory, anything where it is null.

    Parameters:
        array: a pyarrow.Array of integers or floats.
    """
    kind = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    return np.frombuffer(array.buffers()[1], dtype=kind, count=len(array), offset=array.offset * kind.itemsize) if len(array) else np.array([], kind)


def present_of(array: Any) -> NDArray[np.bool_]:  # noqa: ANN401
    """Return which rows of an array are not null, shape (rows,).

    Parameters:
        array: a pyarrow.Array of any type.
    """
    if array.null_count in {0, len(array)}:  # where no row has a value, there may be no bits either
        return np.full(len(array), array.null_count == 0)
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], dtype=np.uint8), count=array.offset + len(array), bitorder="little")
    return bits[array.offset :].view(np.bool_)


def taken(array: Any, rows: Integers) -> Any:  # noqa: ANN401
    """Return some of the rows of an array as a pyarrow.Array, texts spelt out.

    Parameters:
        array: a pyarrow.Array of any type.
        rows: which, shape (rows,).
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    kind = array.type
    if not array.null_count and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):  # what most are, and sooner
        return pa.Array.from_buffers(kind, len(rows), [None, pa.py_buffer(numbers_of(array).take(rows))])
    found = array.take(pa.Array.from_buffers(pa.int64(), len(rows), [None, pa.py_buffer(rows)]))  # pa.array would import pandas
    return found.dictionary_decode() if pa.types.is_dictionary(kind) else found


def floats_of(array: Any) -> Floats:  # noqa: ANN401
    """Return the numbers of an array as floats, without those that are null.

    Parameters:
        array: a pyarrow.Array of numbers of any kind, or of dates or times, which become seconds since 1970 in UTC.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    if array.null_count == len(array):
        return np.zeros(0)
    values = np.ascontiguousarray(_converted(array.cast(pa.float64()) if pa.types.is_decimal(array.type) else array), dtype=np.float64)
    return values[present_of(array)] if array.null_count else values


def with_missing(array: Any) -> Floats:  # noqa: ANN401
    """Return the numbers of an array as `floats_of` does, NaN where they are null.

    Parameters:
        array: as `floats_of` takes it.
    """
    values = np.full(len(array), np.nan)
    values[present_of(array)] = floats_of(array)
    return values


def texts_of(array: Any) -> Sequence[str | None]:  # noqa: ANN401
    """Return the texts of an array, and booleans as texts.

    Parameters:
        array: a pyarrow.Array.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    texts: Sequence[str | None] = array.cast(pa.string()).to_pylist()
    return texts


def _converted(array: Any) -> NDArray[Any]:  # noqa: ANN401
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    kind = array.type
    if pa.types.is_timestamp(kind):
        return numbers_of(array.view(pa.int64())) * _SECONDS[kind.unit]
    if pa.types.is_date32(kind):
        return numbers_of(array.view(pa.int32())) * _DAY
    if pa.types.is_date64(kind):
        return numbers_of(array.view(pa.int64())) * 1e-3
    return numbers_of(array)
