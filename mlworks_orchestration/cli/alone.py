"""One process at a time: a replay has a clock of its own, and what is trained by hand meanwhile would be in its future."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlworks_orchestration.errors import MLWorksError
from mlworks_orchestration.spec import MLModel


@contextmanager
def alone(model: MLModel) -> Iterator[None]:
    """Let one process at a time replay a model, or train it by hand.

    Parameters:
        model: which.

    Raises:
        MLWorksError: if another process does.
    """
    path = Path(os.environ["MLWORKS_HOME"]) / f"replay-{model.name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"Model {model.name} is being replayed, or trained by hand, by another process; wait for it, or stop it."
            raise MLWorksError(message) from error
        yield
