"""Causes are sought of what is new, once, and stand as long as the alarm lasts."""

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.causes import Causes, explain_if_new, standing_causes
from tests.monitoring.watching import watched
from tests.scoring.world import World


def sought(world: World, day: int) -> Causes | None:
    with clock.replaying(world.at(30)):
        return explain_if_new(world.lake, world.catalog, world.model, world.registry, world.key(day))


def standing(world: World, day: int) -> str | None:
    """Return the partition in whose report the causes that stand were found."""
    found = standing_causes(world.lake, world.model, world.key(day))
    return found and found["partition"]


def stormy(world: World, first: int, last: int) -> None:
    """Let the wind be another from a day on."""
    keys = world.keys(first, last)
    rows = world.lake.read("features/weather", partitions=keys)
    world.lake.write("features/weather", rows.with_columns(pl.col("wind") + 100), partitions=keys)


@pytest.fixture
def longer(trained: World) -> World:
    """Return a world in which flights get longer after the thirteenth day."""
    trained.add_days(10, 12)
    trained.add_days(13, 18, distance=1600)
    trained.add_labels(10, 18)
    return trained


def test_without_an_alarm_nothing_is_sought(longer: World) -> None:
    watched(longer, 10, 12)
    assert sought(longer, 12) is None
    assert standing(longer, 12) is None
    assert not longer.lake.exists("delay/causes")


def test_an_alarm_is_explained_when_it_begins_and_not_again_as_long_as_it_lasts(longer: World) -> None:
    watched(longer, 10, 18)
    found = sought(longer, 15)
    assert found is not None
    assert {one.kind for one in found.kinds} >= {"feature", "label", "prediction"}
    assert found.partition == standing(longer, 15) == longer.key(15)
    assert [sought(longer, day) for day in (15, 16, 18)] == [None] * 3
    assert standing(longer, 18) == longer.key(15)
    assert longer.lake.partitions("delay/causes") == [longer.key(15)]


def test_an_alarm_whose_beginning_was_never_explained_is_explained_later(longer: World) -> None:
    watched(longer, 10, 18)
    assert standing(longer, 17) is None
    assert sought(longer, 17) is not None
    assert standing(longer, 16) is None
    assert standing(longer, 18) == longer.key(17)


def test_another_kind_that_begins_to_alarm_is_explained_anew(trained: World) -> None:
    trained.add_days(10, 14, distance=1600)
    trained.add_labels(10, 14)
    watched(trained, 10, 14)
    first = sought(trained, 14)
    assert first is not None
    assert "concept" not in {one.kind for one in first.kinds}
    trained.add_days(15, 17, distance=1600, slope=0.05)
    trained.add_labels(15, 17)
    watched(trained, 15, 17)
    second = sought(trained, 17)
    assert second is not None
    assert "concept" in {one.kind for one in second.kinds}
    assert standing(trained, 17) == trained.key(17)


def test_another_column_that_leads_is_explained_anew(longer: World) -> None:
    longer.add_days(19, 21, distance=1600)
    stormy(longer, 19, 21)
    longer.add_labels(19, 21)
    watched(longer, 10, 21)
    first, second = sought(longer, 18), sought(longer, 21)
    assert first is not None
    assert second is not None
    assert "wind" not in first.kinds[0].columns
    assert "wind" in second.kinds[0].columns
    assert sought(longer, 21) is None


def test_an_alarm_that_comes_back_after_a_pause_is_another(longer: World) -> None:
    watched(longer, 10, 18)
    assert sought(longer, 18) is not None
    longer.add_days(19, 22)
    longer.add_days(23, 26, distance=1600)
    longer.add_labels(19, 26)
    watched(longer, 19, 26)
    assert standing(longer, 22) is None
    assert standing(longer, 26) is None
    assert sought(longer, 26) is not None


def test_against_another_champion_it_is_another_alarm(longer: World) -> None:
    watched(longer, 10, 16)
    assert sought(longer, 16) is not None
    longer.train(10, 0.02)
    watched(longer, 17, 18)
    assert standing(longer, 18) is None
    found = sought(longer, 18)
    assert found is not None
    assert found.reference_version == 2


def test_a_report_that_is_not_there_is_an_error(longer: World) -> None:
    watched(longer, 10, 12)
    for ask in (sought, standing):
        with pytest.raises(NotReadyError, match="partition 2013-03-20 has no drift report; materialise delay/drift_report for it first"):
            ask(longer, 19)
