"""The performance of a window before its labels are known."""

import numpy as np
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.monitoring.expected import expected_performance
from tests.scoring.world import World


@pytest.fixture
def trained(world: World) -> World:
    """Return a world with twenty days and a champion that fits them."""
    world.add_days(0, 19)
    world.add_labels(0, 19)
    world.train(20, 0.01)
    return world


def expect(world: World, first: int, last: int) -> dict[str, object]:
    with clock.replaying(world.at(last + 1)):
        found = expected_performance(world.lake, world.catalog, world.model, world.registry, version=1, window=world.keys(first, last))
    return found.row(0, named=True)


def test_it_holds_the_error_that_labels_will_tell(trained: World) -> None:
    trained.add_days(20, 22)
    trained.score(20, 22)
    found = expect(trained, 20, 22)
    labels = trained.lake.read("features/outcomes", partitions=trained.keys(20, 22)).sort("flight_id")
    scores = trained.lake.read("delay/scores", partitions=trained.keys(20, 22)).sort("flight_id")
    realised = float(np.abs((labels["arr_delay"] - scores["prediction"]).to_numpy()).mean())
    assert found["metric"] == "mae"
    assert found["low"] < realised < found["high"]
    assert found["trusted"] is True
    assert trained.lake.read("delay/expected_performance").row(0, named=True) == found


def test_rows_unlike_those_it_was_learnt_from_are_a_reason_not_to_trust_it(trained: World) -> None:
    trained.add_days(20, 22, distance=4000)
    trained.score(20, 22)
    found = expect(trained, 20, 22)
    assert found["trusted"] is False
    assert "distance lie outside" in str(found["reason"])


def test_what_another_version_predicted_does_not_count(trained: World) -> None:
    trained.add_days(20, 21)
    trained.score(20, 20)
    trained.registry.slopes[2] = trained.registry.slopes[1]
    trained.registry.serving = 2
    trained.score(21, 21)
    assert expect(trained, 20, 21)["rows"] == 120
