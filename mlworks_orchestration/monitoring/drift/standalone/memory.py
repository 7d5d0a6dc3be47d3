"""Memory that is freed: kept where it is soon needed again, and given back where it is not."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT, _LARGE = 1 << 26, 1 << 22


def keep_freed() -> None:
    """Have the C library keep up to 64 MB that arrays of up to 4 MB leave free, for the rest of this process and for its copies.

    By default it gives free memory back to the system, and gets it anew, page by page and zeroed, for the next array; reading and counting columns
    makes thousands of arrays. Where the C library is not GNU's, nothing happens.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(_TRIM_THRESHOLD, _KEPT)
        change(_MMAP_THRESHOLD, _LARGE)  # it would no longer grow by itself


def release_read() -> None:
    """Give back what Arrow keeps for further batches."""
    import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

    pa.default_memory_pool().release_unused()
