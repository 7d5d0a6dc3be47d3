"""Data-quality failures of the window, named."""

from collections.abc import Sequence

import pytest

from mlworks_orchestration.data import QualityResult, record_quality
from mlworks_orchestration.data.checks import in_words
from mlworks_orchestration.monitoring.causes import upstream_failures
from mlworks_orchestration.monitoring.causes.upstream import judged_partitions
from mlworks_orchestration.spec import FeatureTable, tables_behind
from tests.scoring.world import World, table

BETWEEN = {"kind": "between", "column": "distance", "min": 0}
COUNT = {"kind": "row_count", "min": 41, "severity": "warn"}


def expecting(name: str, *expectations: dict[str, object]) -> FeatureTable:
    declared = table(name, "flight_id", "at", {"distance": "float"}).model_dump()
    return FeatureTable.model_validate({**declared, "expectations": list(expectations)})


def judge(world: World, declared: FeatureTable, failed: Sequence[int], unexpected: int = 5) -> None:
    """Record what was found of a table's only expectation in ten days."""
    [expected] = declared.expectations
    days, words = range(10), in_words(expected)
    results = [
        QualityResult(world.key(day), words, expected.severity, expected.blocking, day not in failed, unexpected * (day in failed), 120, [], "seen")
        for day in days
    ]
    record_quality(world.lake, declared, results, [world.key(day) for day in days])


def failures(world: World, first: int = 6, last: int = 9) -> list[tuple[str, str, tuple[str, ...], int, int, bool]]:
    found = upstream_failures(world.lake, world.catalog, world.model, world.keys(first, last))
    return [(one.table, one.expectation, one.partitions, one.unexpected_count, one.rows, one.is_new) for one in found]


def test_nothing_is_claimed_where_everything_held(world: World) -> None:
    assert judged_partitions(world.lake, world.catalog, world.model) == []
    judge(world, expecting("flights", BETWEEN), [])
    assert judged_partitions(world.lake, world.catalog, world.model) == world.keys(0, 9)
    assert failures(world) == []


def test_what_failed_in_the_window_is_named_with_its_partitions_and_columns(world: World) -> None:
    judge(world, expecting("flights", BETWEEN), [2, 8, 9])
    assert failures(world) == [("flights", "between(distance, min=0)", (world.key(8), world.key(9)), 10, 240, True)]
    [failure] = upstream_failures(world.lake, world.catalog, world.model, world.keys(6, 9))
    assert (failure.columns, failure.usual, failure.observed) == (("distance",), pytest.approx(1 / 6), "seen")
    assert failures(world, 3, 7) == []


def test_blocking_failures_come_first_and_what_always_fails_last(world: World) -> None:
    judge(world, expecting("flights", COUNT), range(10), 1)
    judge(world, expecting("weather", BETWEEN), [9], 50)
    judge(world, expecting("outcomes", {**BETWEEN, "blocking": True}), [9], 1)
    assert [(name, new) for name, _, _, _, _, new in failures(world)] == [("outcomes", True), ("weather", True), ("flights", False)]


def test_tables_of_other_models_do_not_matter(world: World) -> None:
    judge(world, expecting("elsewhere", BETWEEN), range(10))
    assert failures(world) == []


def test_a_table_that_an_input_is_derived_from_counts(world: World) -> None:
    derived = world.catalog.tables["weather"].model_copy(update={"inputs": ["stations"], "source": None})
    world.catalog.tables.update(weather=derived, stations=expecting("stations", BETWEEN))
    assert tables_behind(world.catalog, world.model) == ["flights", "weather", "outcomes", "stations"]
    judge(world, expecting("stations", BETWEEN), [9])
    assert [found[0] for found in failures(world)] == ["stations"]
