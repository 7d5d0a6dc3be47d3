"""Telling how far something is that takes longer than two seconds: to who listens, else on standard error, where it disturbs no result."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_SECONDS = 2.0
_listeners: list[Callable[[str], None]] = []


def say(text: str) -> None:
    """Tell what is being done.

    Parameters:
        text: a line.
    """
    if _listeners:
        _listeners[-1](text)
    else:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


@contextmanager
def listening(listener: Callable[[str], None]) -> Iterator[None]:
    """Let what is told within the block come to a listener, such as a progress bar; runs catch what goes to standard error.

    Parameters:
        listener: is called with each line.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class Progress:
    """Lines about one thing, at most one every two seconds, and none about what has ended before that."""

    def __init__(self) -> None:
        """Begin to count the time."""
        self._next = time.monotonic() + EVERY_SECONDS

    def tell(self, text: str) -> None:
        """Say a line if it is time for one.

        Parameters:
            text: what is being done and how far it is.
        """
        if time.monotonic() >= self._next:
            say(text)
            self._next = time.monotonic() + EVERY_SECONDS
