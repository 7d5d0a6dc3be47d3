"""Tasks that this process and a copy of it share, so that two cores count, where two threads would wait for Python's lock."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from tempfile import TemporaryFile
from typing import Generic, TypeVar

from mlworks_orchestration.errors import MLWorksError

Task = TypeVar("Task")
Made = TypeVar("Made")

_NUMBER = 4
"""Bytes of a task's number."""


def can_fork() -> bool:
    """Return whether this process can be copied and has a second core to gain: on Linux, as long as Python runs no other thread in it."""
    return sys.platform == "linux" and threading.active_count() == 1 and len(os.sched_getaffinity(0)) > 1


@contextmanager
def together(work: Callable[[Task], Made], tasks: Sequence[Task]) -> Iterator[Iterator[Made]]:
    """Begin tasks in a copy of this process, and give what yields the result of each, in their order; until it is there, this process does tasks too.

    Memory is shared until it is written to, and only results are sent, as pickles. A copy that ends early, because the work failed or the copy was
    killed, costs time alone: what it had begun is done here then, and fails here. So it is where no process is to be had. The copy has none of the
    threads of libraries, so work must not use one that had started its own.

    Parameters:
        work: does a task, the same wherever and how often that is.
        tasks: any number.

    Example:
        >>> with together(abs, [-1, 2, -3]) as results:
        ...     list(results)
        [1, 2, 3]
    """
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)
    with closing(receiving), TemporaryFile(buffering=0) as numbers:
        numbers.write(b"".join(number.to_bytes(_NUMBER, "little") for number in range(len(tasks))))
        numbers.seek(0)
        queue = _Queue(numbers.fileno())
        copy = context.Process(target=_copy, args=(work, tasks, queue, sending), daemon=True)
        with closing(sending), suppress(OSError):  # limits of memory or of processes: all is done here then
            copy.start()
        try:
            yield _Shared(work, tasks, queue, receiving).results()
        finally:
            if copy.pid is not None:
                copy.kill()
                copy.join()


class _Queue:
    """Numbers of tasks, each given to the process that asks first.

    They are in a file that all processes read from the one place where the last left off, so that no process holds a lock when it is killed.
    """

    def __init__(self, file: int) -> None:
        self._file = file

    def next(self) -> int | None:
        """Return the number of a task that nobody has begun; None after the last."""
        number = os.read(self._file, _NUMBER)
        return int.from_bytes(number, "little") if number else None


class _Shared(Generic[Task, Made]):
    """Tasks of which a copy does some."""

    def __init__(self, work: Callable[[Task], Made], tasks: Sequence[Task], queue: _Queue, receiving: Connection) -> None:
        self._work, self._tasks, self._queue, self._receiving = work, tasks, queue, receiving
        self._made: dict[int, Made] = {}

    def results(self) -> Iterator[Made]:
        """Yield the result of each task."""
        for wanted in range(len(self._tasks)):
            while wanted not in self._made:
                begun = None if self._receiving.poll() else self._queue.next()
                if begun is not None:
                    self._made[begun] = self._work(self._tasks[begun])
                else:
                    self._receive(wanted)
            yield self._made.pop(wanted)

    def _receive(self, wanted: int) -> None:
        """Wait for a result of the copy; if it has ended, do here what is wanted."""
        try:
            number, made = self._receiving.recv()
        except (EOFError, OSError):
            number, made = wanted, self._work(self._tasks[wanted])
        self._made[number] = made


def _copy(work: Callable[[Task], Made], tasks: Sequence[Task], queue: _Queue, sending: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits is interrupted too, and ends this one
    with closing(sending), ThreadPoolExecutor(1) as sender:  # what is not read at once shall not keep the work waiting
        while (number := queue.next()) is not None:
            try:
                sender.submit(sending.send, (number, work(tasks[number])))
            except MLWorksError:  # said by the other process, which does the task again
                return
