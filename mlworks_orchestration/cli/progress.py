"""How far long work is: a bar each on a terminal, else a line now and then, so that a log tells too what goes on."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import UnsupportedOperation
from math import inf
from time import monotonic
from typing import NamedTuple, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

DONE = "done"
"""What is told of work that has ended."""

_LONGEST = 100
_SECONDS_BETWEEN_LINES = 30


class Told(NamedTuple):
    """How far some work is: steps done of all, None where that is not known yet, and what goes on."""

    name: str
    done: int | None
    total: int | None
    doing: str


class Shown(Protocol):
    """Where progress is shown."""

    def show(self, told: Told) -> None:
        """Show how far some work is."""
        ...

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Leave the terminal to what is printed inside the block."""
        ...


@contextmanager
def progress(names: Sequence[str]) -> Iterator[Shown]:
    """Show the progress of some work on standard error as long as the block lasts.

    Parameters:
        names: of all that goes on.
    """
    with _standard_error() as stream:
        console = Console(file=stream)
        if not console.is_terminal:
            yield _Lines(stream)
            return
        columns = (TextColumn("{task.fields[name]}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
        with Progress(*columns, console=console) as shown:
            yield _Bars(shown, names)


class _Bars:
    """A bar each."""

    def __init__(self, shown: Progress, names: Sequence[str]) -> None:
        self._progress = shown
        self._tasks = {name: shown.add_task("waiting", name=name, total=None) for name in names}

    def show(self, told: Told) -> None:
        self._progress.update(self._tasks[told.name], completed=told.done, total=told.total, description=told.doing[:_LONGEST])

    @contextmanager
    def hidden(self) -> Iterator[None]:
        self._progress.stop()
        yield
        self._progress.start()


class _Lines:
    """A line of each when it begins, when it ends, and every half a minute."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._began = stream, monotonic()
        self._last: dict[str, float] = {}
        self._steps: dict[str, str] = {}

    def show(self, told: Told) -> None:
        if told.total is not None:
            self._steps[told.name] = f"{told.done}/{told.total} "
        now = monotonic()
        if told.doing != DONE and now - self._last.get(told.name, -inf) < _SECONDS_BETWEEN_LINES:
            return
        self._last[told.name] = now
        minutes, seconds = divmod(int(now - self._began), 60)
        print(f"{minutes}:{seconds:02} {told.name}: {self._steps.get(told.name, '')}{told.doing[:_LONGEST]}", file=self._stream, flush=True)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        yield


@contextmanager
def _standard_error() -> Iterator[TextIO]:
    """Yield standard error as it is now, for runs write what is printed meanwhile to their logs."""
    try:
        own = os.dup(sys.stderr.fileno())
    except UnsupportedOperation:
        yield sys.stderr
        return
    with open(own, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor has no path
        yield stream
