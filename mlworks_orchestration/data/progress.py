"""Telling on standard error, where it disturbs no result, how far something is that takes longer than two seconds."""

import sys
import time

EVERY_SECONDS = 2.0


class Progress:
    """Lines about one thing, at most one every two seconds, and none about what has ended before that."""

    def __init__(self) -> None:
        """Begin to count the time."""
        self._next = time.monotonic() + EVERY_SECONDS

    def tell(self, text: str) -> None:
        """Print a line if it is time for one.

        Parameters:
            text: what is being done and how far it is.
        """
        if time.monotonic() >= self._next:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
            self._next = time.monotonic() + EVERY_SECONDS
