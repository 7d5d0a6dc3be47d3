"""Memory that is freed and soon needed again."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT = 1 << 28


def keep_freed() -> None:
    """Have the C library keep up to 256 MB that arrays leave free, for the rest of this process and for its copies.

    By default it gives free memory back to the system, and gets it anew, page by page and zeroed, for the next array. Of reading and counting
    columns, whose arrays come and go thousands of times, that is a twentieth of all work. Where the C library is not GNU's, nothing happens.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(_TRIM_THRESHOLD, _KEPT)
        change(_MMAP_THRESHOLD, _KEPT)
