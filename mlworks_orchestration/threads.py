"""How many threads native code takes: one for little work, so that no core spins while it waits for another."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import current_thread, main_thread
from typing import Literal

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
    with one_blas_thread(), _controller("openmp").limit(limits=1):
        yield


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let BLAS take one thread, for products and decompositions of small matrices.

    It wakes others even for small ones, and on a busy machine they wait for each other a thousand times longer than the work takes. All threads of
    Python share them, so only the main one sets a limit: two that end in the order in which they began would leave it behind.

    Example:
        >>> import numpy as np
        >>> with one_blas_thread():
        ...     (np.ones((100, 100)) @ np.ones((100, 100))).trace()
        np.float64(10000.0)
    """
    blas = _controller("blas")
    limited = all(library.num_threads == 1 for library in blas.lib_controllers)  # to set a limit again would, in a copied process, start threads
    if limited or current_thread() is not main_thread():
        yield
        return
    with blas.limit(limits=1):
        yield


@cache
def _controller(api: Literal["blas", "openmp"]) -> ThreadpoolController:
    # Found once, for looking takes two milliseconds: by the first fit or prediction the libraries of the estimator are loaded.
    return ThreadpoolController().select(user_api=api)
