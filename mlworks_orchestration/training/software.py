"""What a step costs: wall time, memory and rows a second."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_INTERVAL_SECONDS = 0.01
_BYTES_PER_MB = 1_000_000


@dataclass
class Measured:
    """What a block cost; complete when the block has ended.

    Parameters:
        rows: how many rows it worked on; set it inside the block when it is known only there.
        duration_seconds: wall time.
        peak_memory_mb: largest resident memory of the whole process, in megabytes, seen while the block ran.
    """

    rows: int = 0
    duration_seconds: float = 0.0
    peak_memory_mb: float = 0.0

    @property
    def rows_per_second(self) -> float:
        """Rows by wall time."""
        return self.rows / self.duration_seconds if self.duration_seconds > 0 else 0.0


@contextmanager
def measure(rows: int = 0) -> Iterator[Measured]:
    """Measure a block.

    Memory is sampled by a thread every 10 ms, since the kernel's own high-water mark is of the process's whole life and cannot tell
    what one block needed. A spike shorter than that, or one inside native code that holds the interpreter, may be missed.

    Parameters:
        rows: how many rows the block works on, if already known.

    Examples:
        >>> with measure(rows=1000) as cost:
        ...     total = sum(range(1000))
        >>> cost.rows_per_second > 0, cost.peak_memory_mb > 1
        (True, True)
    """
    measured, process, ended = Measured(rows), psutil.Process(), threading.Event()
    seen = [process.memory_info().rss]

    def sample() -> None:
        while not ended.wait(_INTERVAL_SECONDS):
            seen[0] = max(seen[0], process.memory_info().rss)

    sampler = threading.Thread(target=sample, name="mlworks-memory", daemon=True)
    sampler.start()
    started = time.perf_counter()
    try:
        yield measured
    finally:
        measured.duration_seconds = time.perf_counter() - started
        ended.set()
        sampler.join()
        measured.peak_memory_mb = max(seen[0], process.memory_info().rss) / _BYTES_PER_MB
