"""A project without any declaration, and files of rides made by formula."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from mlworks_orchestration.cli.main import cli
from tests.graph.world import World, new_world


@pytest.fixture
def project(tmp_path: Path) -> Iterator[World]:
    """A project without any declaration, in place."""
    made = new_world(tmp_path / "project")
    for folder in ("demand", "outcomes", "ride_time", "rides"):
        for file in (made.root / "assets" / folder).iterdir():
            file.unlink()
        (made.root / "assets" / folder).rmdir()
    with made.active(COLUMNS="200") as active:
        yield active


@pytest.fixture
def rides() -> pl.DataFrame:
    """Forty days of rides, ten a day, whose fare follows from distance and zone."""
    return make_rides(days=40, each=10)


def make_rides(days: int, each: int) -> pl.DataFrame:
    random, rows = np.random.default_rng(3), days * each
    distance, zone = random.uniform(1, 20, rows).round(2), random.choice(["north", "south"], rows)
    return pl.DataFrame(
        {
            "ride_id": [f"r{number}" for number in range(rows)],
            "started_at": [f"{datetime(2024, 1, 1) + number * timedelta(days=1) / each:%Y-%m-%d %H:%M:%S}" for number in range(rows)],  # noqa: DTZ001 - local
            "zone": zone,
            "distance": distance,
            "fare": (2 * distance + 3 * (zone == "north") + random.normal(0, 0.5, rows)).round(2),
        }
    )


@pytest.fixture
def new(project: World) -> Callable[..., Result]:
    """Call `mlworks new model fare` with a table written as CSV, and further options."""

    def call(rows: pl.DataFrame | bytes, *options: str, name: str = "fare") -> Result:
        path = project.root / "rides.csv"
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        else:
            rows.write_csv(path)
        return CliRunner().invoke(cli, ["new", "model", name, "--data", str(path), *options])

    return call
