"""What the steps of a run print: written to files that the Dagster UI shows, and repeated on the terminal once they have ended."""

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TextIO

from dagster._core.execution.compute_logs import redirect_to_file
from dagster._core.storage.compute_log_manager import CapturedLogContext
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from dagster._serdes import ConfigurableClassData


class ComputeLogs(LocalComputeLogManager):
    """Dagster's local logs, without the two processes that it starts for each stream to copy it to the terminal while a run goes on.

    To start and stop them takes about as long as the work on one partition. What has been printed is in the file at once, also if the
    process is killed; only the terminal has to wait until the steps have ended.
    """

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """Return the logs that dagster.yaml configures, in the folder `logs` of their base, which a folder a run would crowd."""
        return cls(inst_data=inst_data, **{**config_value, "base_dir": str(Path(config_value["base_dir"]) / "logs")})

    @contextmanager
    def capture_logs(self, log_key: Sequence[str]) -> Iterator[CapturedLogContext]:
        """Write what is printed inside the block, by this process and those that it starts, to the files of `log_key`."""
        out, err = (Path(self.get_captured_local_path(log_key, extension)) for extension in ("out", "err"))
        out.parent.mkdir(parents=True, exist_ok=True)
        with _captured(sys.stdout, out), _captured(sys.stderr, err):
            yield CapturedLogContext(log_key)
        Path(self.get_captured_local_path(log_key, "complete")).touch()


@contextmanager
def _captured(stream: TextIO, path: Path) -> Iterator[None]:
    path.touch()
    before = path.stat().st_size
    try:
        with redirect_to_file(stream, str(path)):
            yield
    finally:
        with path.open(encoding="utf-8", errors="replace", newline="") as printed:
            printed.seek(before, os.SEEK_SET)
            shutil.copyfileobj(printed, stream)
        stream.flush()
