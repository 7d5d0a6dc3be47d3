"""Arrays as text, for the documents of profiles: little-endian bytes, zlib, base64."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_text(array: NDArray[Any]) -> dict[str, Any]:
    """Return an array as a document.

    Parameters:
        array: numbers, any shape.

    Examples:
        >>> from_text(to_text(np.array([[1.0, 2.0]])))
        array([[1., 2.]])
    """
    ordered = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return {"dtype": ordered.dtype.str, "shape": list(array.shape), "data": b64encode(zlib.compress(ordered.tobytes(), 6)).decode("ascii")}


def from_text(document: Mapping[str, Any]) -> NDArray[Any]:
    """Read what `to_text` wrote.

    Parameters:
        document: with `dtype`, `shape` and `data`.

    Raises:
        ValueError: if the data are damaged or do not fill the shape.
    """
    try:
        raw = zlib.decompress(b64decode(document["data"], validate=True))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    dtype = np.dtype(document["dtype"])
    return np.frombuffer(raw, dtype=dtype).reshape(document["shape"]).astype(dtype.newbyteorder("="))
