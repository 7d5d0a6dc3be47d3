"""Work that a copy of this process does meanwhile, so that two cores count, where two threads would wait for Python's lock."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import TypeVar, cast

from mlworks_orchestration.errors import MLWorksError

Made = TypeVar("Made")


def can_fork() -> bool:
    """Return whether this process can be copied and has a second core to gain: on Linux, as long as Python runs no other thread in it."""
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


@contextmanager
def beside(work: Callable[[], Made]) -> Iterator[Callable[[], Made]]:
    """Begin work in a copy of this process, and give what waits for its result.

    Memory is shared until it is written to, and only the result is sent, as a pickle. A copy that ends without one, because the work failed or
    the copy was killed, costs time alone: the work is done here then, and fails here. So it is where no process is to be had. The copy has none of
    the threads of libraries, so work must not use one that had started its own.

    Parameters:
        work: to be done, once more here if need be.

    Example:
        >>> with beside(lambda: sum(range(10))) as wait:
        ...     wait()
        45
    """
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    copy = context.Process(target=_send, args=(work, sending), daemon=True)
    try:
        copy.start()
    except OSError:  # limits of memory or of processes
        receiving.close()
        yield work
        return
    finally:
        sending.close()

    def wait() -> Made:
        try:
            return cast("Made", receiving.recv())
        except EOFError:
            return work()

    try:
        yield wait
    finally:
        receiving.close()
        copy.kill()
        copy.join()


def _send(work: Callable[[], object], sending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits is interrupted too, and ends this one
    try:
        sending.send(work())
    except MLWorksError:
        sending.close()
