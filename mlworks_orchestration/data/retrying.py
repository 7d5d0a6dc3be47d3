"""Commits that other writers' commits come before."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from deltalake.exceptions import CommitFailedError, DeltaError

from mlworks_orchestration.errors import LakeError

_T = TypeVar("_T")
_ATTEMPTS = 10
_LONGEST_PAUSE_SECONDS = 1.0


def retried(table: str, attempt: Callable[[], _T]) -> _T:
    """Repeat `attempt` while another writer's commit comes in between, reading the table afresh each time.

    Parameters:
        table: its name, for errors.
        attempt: reads the table, commits, and returns what the caller wants.

    Raises:
        LakeError: if others came in between too often, or the table cannot be written; it is unchanged.
    """
    failures = 0
    while True:
        try:
            return attempt()
        except CommitFailedError as error:
            failures += 1
            if failures == _ATTEMPTS:
                message = (
                    f"Lake table {table}: other writers came in between {failures} times; nothing was written. Run again. The last said: {error}"
                )
                raise LakeError(message) from error
            time.sleep(random.uniform(0.5, 1) * min(0.01 * 2**failures, _LONGEST_PAUSE_SECONDS))  # noqa: S311 - parts the writers, no secret
        except (DeltaError, OSError) as error:
            message = f"Lake table {table} could not be written: {error}. It is unchanged; check the storage and run again."
            raise LakeError(message) from error
