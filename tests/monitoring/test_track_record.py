"""How often recent estimates held, told by the labels that have arrived since, and what follows from it."""

from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION
from tests.monitoring.watching import expect
from tests.scoring.world import World

WINDOWS = ((20, 22), (23, 25), (26, 28))


def lived(world: World, **features: float) -> list[dict[str, Any]]:
    """Live nine days; return what was expected of each three of them at their end, when labels of the last day were not known yet."""
    world.add_days(20, 28, **features)  # type: ignore[arg-type]
    world.add_labels(20, 28)
    world.score(20, 28)
    return [expect(world, *window) for window in WINDOWS]


def record(row: dict[str, Any]) -> tuple[int, int]:
    return row["held"], row["known"]


def test_as_long_as_nothing_changes_the_record_says_that_it_held(long_trained: World) -> None:
    found = lived(long_trained)
    assert [record(row) for row in found] == [(0, 0), (1, 1), (2, 2)]
    assert all(row["trusted"] for row in found)
    assert found[0]["reason"].startswith("No earlier estimate could be held against its labels yet.")
    assert found[2]["reason"].startswith("Of the last 2 windows whose labels are known by now, the interval held the realised mae in 2.")


def test_concept_drift_that_no_estimate_sees_takes_the_trust_once_labels_show_it(long_trained: World) -> None:
    found = lived(long_trained, slope=0.02)
    assert [record(row) for row in found] == [(0, 0), (0, 1), (0, 2)]
    assert [row["trusted"] for row in found] == [True, True, False], "a single miss happens once in twenty times"
    assert found[2]["alike"]
    because = "Not to be trusted: Of the last 2 windows whose labels are known by now, the interval held the realised mae in 0."
    assert found[2]["reason"].startswith(because)


def test_labels_that_are_stored_but_not_known_yet_at_that_moment_do_not_count(long_trained: World) -> None:
    lived(long_trained, slope=0.02)
    assert [expect(long_trained, 26, 28, now=now)["known"] for now in (23.9, 24.1, 26.9, 27.1)] == [0, 1, 1, 2]


def test_windows_that_share_days_count_once(long_trained: World) -> None:
    long_trained.add_days(20, 28)
    long_trained.add_labels(20, 28)
    long_trained.score(20, 28)
    for last in range(22, 28):
        expect(long_trained, last - 2, last)
    assert expect(long_trained, 26, 28, now=40)["known"] == 2


def test_what_was_doubted_for_its_own_window_does_not_count_but_what_only_the_record_speaks_against_does(long_trained: World) -> None:
    lived(long_trained, slope=0.02)
    long_trained.add_days(29, 31, distance=4000)
    long_trained.add_days(32, 34)
    long_trained.add_labels(29, 34)
    long_trained.score(29, 34)
    far = expect(long_trained, 29, 31)
    assert (far["alike"], record(far)) == (False, (0, 3))
    doubted = expect(long_trained, 32, 34)
    assert (doubted["alike"], doubted["trusted"], record(doubted)) == (True, False, (0, 3))
    long_trained.add_days(35, 37)
    long_trained.score(35, 37)
    assert record(expect(long_trained, 35, 37, now=40)) == (1, 4)


def test_estimates_of_before_the_record_was_kept_do_not_count_and_do_not_harm(long_trained: World) -> None:
    lived(long_trained)
    table = "delay/expected_performance"
    old = long_trained.lake.read(table).drop("alike", "held", "known")
    long_trained.lake.write(table, old.with_columns(alike=None), partitions=old[PARTITION].to_list(), schema="merge")
    assert long_trained.lake.read(table).filter(pl.col("alike").is_not_null()).is_empty()
    assert expect(long_trained, 26, 28, now=40)["known"] == 0
