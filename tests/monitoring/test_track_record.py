"""How often recent estimates held, told by the labels that have arrived since, and what follows from it."""

from typing import Any

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.monitoring.expected import expected_performance
from tests.scoring.world import World

WINDOWS = ((20, 22), (23, 25), (26, 28))


@pytest.fixture
def trained(world: World) -> World:
    """Return a world with twenty days and a champion that fits them."""
    world.add_days(0, 19)
    world.add_labels(0, 19)
    world.train(20, 0.01)
    return world


def expect(world: World, first: int, last: int, now: float | None = None) -> dict[str, Any]:
    with clock.replaying(world.at(last + 1 if now is None else now)):
        found = expected_performance(world.lake, world.catalog, world.model, world.registry, version=1, window=world.keys(first, last))
    return found.row(0, named=True)


def lived(world: World, **features: float) -> list[dict[str, Any]]:
    """Live nine days; return what was expected of each three of them at their end, when labels of the last day were not known yet."""
    world.add_days(20, 28, **features)  # type: ignore[arg-type]
    world.add_labels(20, 28)
    world.score(20, 28)
    return [expect(world, *window) for window in WINDOWS]


def record(row: dict[str, Any]) -> tuple[int, int]:
    return row["held"], row["known"]


def test_as_long_as_nothing_changes_the_record_says_that_it_held(trained: World) -> None:
    found = lived(trained)
    assert [record(row) for row in found] == [(0, 0), (1, 1), (2, 2)]
    assert all(row["trusted"] for row in found)
    assert found[0]["reason"].startswith("No earlier estimate could be held against its labels yet.")
    assert found[2]["reason"].startswith("Of the last 2 windows whose labels are known by now, the interval held the realised mae in 2.")


def test_concept_drift_that_no_estimate_sees_takes_the_trust_once_labels_show_it(trained: World) -> None:
    found = lived(trained, slope=0.02)
    assert [record(row) for row in found] == [(0, 0), (0, 1), (0, 2)]
    assert [row["trusted"] for row in found] == [True, True, False], "a single miss happens once in twenty times"
    assert found[2]["alike"]
    because = "Not to be trusted: Of the last 2 windows whose labels are known by now, the interval held the realised mae in 0."
    assert found[2]["reason"].startswith(because)


def test_labels_that_are_stored_but_not_known_yet_at_that_moment_do_not_count(trained: World) -> None:
    lived(trained, slope=0.02)
    assert [expect(trained, 26, 28, now=now)["known"] for now in (23.9, 24.1, 26.9, 27.1)] == [0, 1, 1, 2]


def test_windows_that_share_days_count_once(trained: World) -> None:
    trained.add_days(20, 28)
    trained.add_labels(20, 28)
    trained.score(20, 28)
    for last in range(22, 28):
        expect(trained, last - 2, last)
    assert expect(trained, 26, 28, now=40)["known"] == 2


def test_what_was_doubted_for_its_own_window_does_not_count_but_what_only_the_record_speaks_against_does(trained: World) -> None:
    lived(trained, slope=0.02)
    trained.add_days(29, 31, distance=4000)
    trained.add_days(32, 34)
    trained.add_labels(29, 34)
    trained.score(29, 34)
    far = expect(trained, 29, 31)
    assert (far["alike"], record(far)) == (False, (0, 3))
    doubted = expect(trained, 32, 34)
    assert (doubted["alike"], doubted["trusted"], record(doubted)) == (True, False, (0, 3))
    trained.add_days(35, 37)
    trained.score(35, 37)
    assert record(expect(trained, 35, 37, now=40)) == (1, 4)


def test_estimates_of_before_the_record_was_kept_do_not_count_and_do_not_harm(trained: World) -> None:
    lived(trained)
    table = "delay/expected_performance"
    old = trained.lake.read(table).drop("alike", "held", "known")
    trained.lake.write(table, old.with_columns(alike=None), partitions=old[PARTITION].to_list(), schema="merge")
    assert trained.lake.read(table).filter(pl.col("alike").is_not_null()).is_empty()
    assert expect(trained, 26, 28, now=40)["known"] == 0
