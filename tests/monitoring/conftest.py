"""What tests of monitoring share."""

from pathlib import Path

import pytest

from tests.scoring.world import World, empty_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a world without any day yet."""
    return empty_world(tmp_path / "lake")


@pytest.fixture
def scored(world: World) -> World:
    """Return a world with ten days, of which the last four are scored."""
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(6.5, 0.01)
    world.score(6, 9)
    return world


@pytest.fixture
def trained(world: World) -> World:
    """Return a world with ten days and a champion that fits them."""
    world.add_days(0, 9)
    world.add_labels(0, 9)
    world.train(10, 0.01)
    return world


@pytest.fixture
def long_trained(world: World) -> World:
    """Return a world with twenty days and a champion that fits them."""
    world.add_days(0, 19)
    world.add_labels(0, 19)
    world.train(20, 0.01)
    return world
