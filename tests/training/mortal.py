"""A deployment whose process may be killed before any write to lake or MLflow."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.training import Registry
from tests.training.trips import Deployment


class Killed(BaseException):
    """The process is killed here."""


class Countdown:
    """Kills before the write of this number."""

    def __init__(self, writes: int) -> None:
        self.left = writes

    def write(self) -> None:
        """Count one."""
        self.left -= 1
        if self.left < 0:
            raise Killed


class MortalLake(Lake):
    """A lake whose process may be killed before any write."""

    def __init__(self, root: Path, countdown: Countdown) -> None:
        super().__init__(root)
        self.countdown = countdown

    def append(self, table: str, rows: pl.DataFrame, **options: Any) -> int:
        """Append, if it lives so long."""
        self.countdown.write()
        return super().append(table, rows, **options)


class MortalClient:
    """MLflow's client in a process that may be killed before any write."""

    def __init__(self, client: object, countdown: Countdown) -> None:
        self.client, self.countdown = client, countdown

    def __getattr__(self, name: str) -> Callable[..., object]:
        """Return the client's method, counted if it writes."""
        if name.startswith(("set_", "delete_", "create_", "log_")):
            self.countdown.write()
        found: Callable[..., object] = getattr(self.client, name)
        return found


class MortalRegistry(Registry):
    """A registry whose process may be killed before any write."""

    @property
    def client(self) -> Any:
        """The mortal client."""
        assert isinstance(self.lake, MortalLake)
        return MortalClient(super().client, self.lake.countdown)


def mortal(made: Deployment, writes: int) -> Deployment:
    """Return the deployment in a process that is killed before the write of this number."""
    lake = MortalLake(made.home / "lake", Countdown(writes))
    return replace(made, lake=lake, registry=MortalRegistry(made.registry.tracking_uri, lake))
