"""What can happen to the small model at work: days that are watched, judged by their quality, or broken at the source."""

from typing import Any

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import record_quality, validate
from mlworks_orchestration.monitoring import drift_report, performance, profile
from mlworks_orchestration.monitoring.expected import expected_performance
from mlworks_orchestration.spec import FeatureTable
from tests.scoring.world import World

BETWEEN = {"kind": "between", "column": "distance", "min": 0, "max": 3000}


def watched(world: World, first: int, last: int, now: float = 30) -> None:
    """Score days, profile them, and report on each."""
    world.score(first, last)
    with clock.replaying(world.at(now)):
        profile(world.lake, world.catalog, world.model, world.keys(first, last))
        performance(world.lake, world.catalog, world.model, world.registry, world.keys(first, last))
        drift_report(world.lake, world.catalog, world.model, world.registry, world.keys(first, last))


def expect(world: World, first: int, last: int, now: float | None = None) -> dict[str, Any]:
    """Return what is expected of the window of some days, by default as soon as the last has ended."""
    with clock.replaying(world.at(last + 1 if now is None else now)):
        found = expected_performance(world.lake, world.catalog, world.model, world.registry, version=1, window=world.keys(first, last))
    return found.row(0, named=True)


def judged(world: World, first: int, last: int) -> None:
    """Validate days of flights and keep what was found."""
    declared = FeatureTable.model_validate({**world.catalog.tables["flights"].model_dump(), "expectations": [BETWEEN]})
    keys = world.keys(first, last)
    rows = world.lake.read("features/flights", partitions=keys)
    record_quality(world.lake, declared, validate(declared, rows, keys), keys)


def broken(world: World, first: int, last: int) -> None:
    """Let the source of the distances give kilometres from a day on."""
    keys = world.keys(first, last)
    rows = world.lake.read("features/flights", partitions=keys)
    world.lake.write("features/flights", rows.with_columns(pl.col("distance") * 3), partitions=keys)
