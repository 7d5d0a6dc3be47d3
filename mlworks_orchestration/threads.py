"""How many threads native code takes: one for little work, so that no core spins while it waits for another."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

LITTLE = 500_000
"""Cells of a matrix. Up to so many, one thread takes two thirds of the processor's time of two or less, and a quarter more of the clock's at most
(`benchmarks/threads.py`)."""


@contextmanager
def threads_for(cells: int) -> Iterator[None]:
    """Let OpenMP and BLAS, as the libraries that are loaded use them, take one thread if there is little to do.

    The steps of a run go side by side in processes of their own, so a thread that waits for work takes the core from another step.

    Parameters:
        cells: rows times columns of the matrix that is worked on.

    Example:
        >>> with threads_for(1000 * 12):
        ...     sum(range(10))
        45
    """
    if cells > LITTLE:
        yield
        return
    with _controller().limit(limits=1):
        yield


@cache
def _controller() -> "ThreadpoolController":
    # Found once, for looking takes two milliseconds: by the first fit or prediction the libraries of the estimator are loaded.
    from threadpoolctl import ThreadpoolController  # noqa: PLC0415 - only who fits needs it

    return ThreadpoolController()
