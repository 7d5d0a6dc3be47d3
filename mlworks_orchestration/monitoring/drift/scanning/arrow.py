"""Arrow arrays as numpy arrays, without copying and without pandas, which pyarrow's own way would import."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

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
    """Return the numbers of an array without nulls, as they are in memory.

    Parameters:
        array: a pyarrow.Array of integers or floats.
    """
    kind = np.dtype(_FLOATS.get(str(array.type), str(array.type)))
    return np.frombuffer(array.buffers()[1], dtype=kind, count=len(array), offset=array.offset * kind.itemsize) if len(array) else np.array([], kind)


def floats_of(array: Any) -> Floats:  # noqa: ANN401
    """Return the numbers of an array as floats; nulls are left out.

    Parameters:
        array: a pyarrow.Array of numbers of any kind, or of dates or times, which become seconds since 1970 in UTC.
    """
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    present = array.drop_null() if array.null_count else array
    kind = present.type
    if not len(present):
        return np.array([])
    if pa.types.is_timestamp(kind):
        return numbers_of(present.view(pa.int64())) * _SECONDS[kind.unit]
    if pa.types.is_date32(kind):
        return numbers_of(present.view(pa.int32())) * _DAY
    if pa.types.is_date64(kind):
        return numbers_of(present.view(pa.int64())) * 1e-3
    if pa.types.is_decimal(kind):
        present = present.cast(pa.float64())
    return np.ascontiguousarray(numbers_of(present), dtype=np.float64)
