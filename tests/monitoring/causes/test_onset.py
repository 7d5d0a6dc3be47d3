"""When drift began."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.causes import onsets
from mlworks_orchestration.monitoring.causes.counts import count_cells
from mlworks_orchestration.monitoring.causes.onset import change_point, first_report
from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnKey, NumericProfile, Profile
from mlworks_orchestration.monitoring.tables import column_rows
from mlworks_orchestration.spec import DriftKind
from tests.scoring.world import World

DISTANCE, CARRIER = ColumnKey(DriftKind.FEATURE, "distance"), ColumnKey(DriftKind.FEATURE, "carrier")
KEYS = {"distance": DISTANCE, "carrier": CARRIER}


def profiled(world: World, change: int, *, shift: float = 0.0, share: float = 0.5, missing: float = 0.0) -> None:
    """Store profiles of twenty days of 200 rows, whose distance, carriers and gaps are others from a day on."""
    rng = np.random.default_rng(11)
    rows = []
    for day in range(20):
        late = day >= change
        distance = rng.normal(1000 + late * shift, 300, 200)
        distance[rng.random(200) < late * missing] = np.nan
        carriers = rng.choice(["UA", "AA", "DL"], 200, p=[share, 0.8 - share, 0.2] if late else [0.5, 0.3, 0.2])
        part = Profile.of(pl.DataFrame({"distance": distance, "carrier": carriers}), KEYS)
        rows += [{"_partition": world.key(day), **row} for row in column_rows(part)]
    world.lake.write("delay/profile", pl.DataFrame(rows, infer_schema_length=None), partitions=world.keys(0, 19))


def reported(world: World, drifted: dict[int, bool | None], key: ColumnKey = DISTANCE) -> pl.DataFrame:
    rows = [{"_partition": world.key(day), "kind": key.kind.value, "column": key.column, "drifted": found} for day, found in drifted.items()]
    return pl.DataFrame(rows, schema_overrides={"drifted": pl.Boolean})


def test_the_first_report_is_that_of_the_present_run(world: World) -> None:
    found = first_report(reported(world, {3: True, 4: False, 5: True, 6: True, 7: True}), DISTANCE)
    assert found == world.key(5)


def test_a_report_that_could_not_tell_does_not_end_the_run_and_does_not_begin_it(world: World) -> None:
    assert first_report(reported(world, {3: False, 4: None, 5: True, 6: None, 7: True}), DISTANCE) == world.key(5)


def test_of_several_statistics_one_alarm_is_enough(world: World) -> None:
    both = pl.concat([reported(world, {5: False, 6: True, 7: True}), reported(world, {5: True, 6: False, 7: True})])
    assert first_report(both, DISTANCE) == world.key(5)


def test_a_shift_is_dated_to_the_very_day_though_the_alarm_came_later(world: World) -> None:
    profiled(world, 14, shift=300)
    reports = reported(world, {day: day >= 16 for day in range(5, 20)})
    [found] = onsets(world.lake, world.model, reports, [DISTANCE], world.key(19))
    assert (found.first_report, found.first_partition) == (world.key(16), world.key(14))
    assert found.text == (
        "first seen in 2013-03-15 (that very one in 90% of resamples of 10 partitions), first reported in 2013-03-17"
    )  # twice the window of three days before the first report


def test_categories_and_gaps_are_dated_too(world: World) -> None:
    profiled(world, 14, share=0.1, missing=0.3)
    reports = pl.concat([reported(world, {day: day >= 15 for day in range(5, 20)}, key) for key in (DISTANCE, CARRIER)])
    found = onsets(world.lake, world.model, reports, [CARRIER, DISTANCE], world.key(19))
    assert [(one.column, one.first_partition) for one in found] == [("carrier", world.key(14)), ("distance", world.key(14))]


def test_where_no_day_stands_out_none_is_named(world: World) -> None:
    profiled(world, 20)
    [found] = onsets(world.lake, world.model, reported(world, {day: day >= 16 for day in range(5, 20)}), [DISTANCE], world.key(19))
    assert (found.first_partition, found.earliest, found.latest) == (None, None, None)
    assert found.text == "first reported in 2013-03-17; of 10 partitions looked at, none stands out as the one in which it began"


def test_the_day_is_never_later_than_the_first_report(world: World) -> None:
    profiled(world, 18, shift=3000)
    [found] = onsets(world.lake, world.model, reported(world, {day: day >= 12 for day in range(5, 20)}), [DISTANCE], world.key(19))
    assert found.first_partition is None or found.first_partition <= world.key(12)


def test_without_columns_nothing_is_read(world: World) -> None:
    assert onsets(world.lake, world.model, reported(world, {5: False}), [], world.key(5)) == []


def test_an_unsure_day_comes_with_its_interval(world: World) -> None:
    profiled(world, 14, shift=60)
    [found] = onsets(world.lake, world.model, reported(world, {day: day >= 16 for day in range(5, 20)}), [DISTANCE], world.key(19))
    assert found.first_partition is not None
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest <= found.first_partition <= found.latest
    assert found.earliest < found.latest
    assert f"between {found.earliest} and {found.latest} in 90% of resamples" in found.text


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 30), st.integers(2, 8), st.booleans(), st.integers(0, 2**32 - 1))
def test_the_interval_holds_the_estimate_and_both_lie_within(partitions: int, cells: int, ordered: bool, seed: int) -> None:  # noqa: FBT001 - drawn
    rng = np.random.default_rng(seed)
    counts = rng.poisson(20, (partitions, cells)).astype(float)
    counts[partitions // 2 :, 0] += 60
    found = change_point(counts, partitions - 1, ordered=ordered, generator=rng)
    if found is not None:
        position, low, high = found
        assert 1 <= low <= position <= high <= partitions - 1


def test_it_rarely_stands_out_where_nothing_changed() -> None:
    rng = np.random.default_rng(4)
    found = [change_point(rng.poisson(20, (20, 6)).astype(float), 19, ordered=True, generator=rng) for _ in range(200)]
    assert sum(one is not None for one in found) <= 20  # 5 % of 200 are 10; 20 has probability 0.002


@pytest.mark.parametrize("ordered", [True, False])
def test_partitions_without_rows_do_no_harm(ordered: bool) -> None:  # noqa: FBT001 - parametrised
    counts = np.zeros((8, 3))
    assert change_point(counts, 7, ordered=ordered, generator=np.random.default_rng(0)) is None
    counts[4:, 2] = 50
    counts[1:3, 0] = 50
    found = change_point(counts, 7, ordered=ordered, generator=np.random.default_rng(0))
    assert found is None or found[0] in {3, 4}


def test_a_column_that_has_no_cells_or_no_profile_is_dated_by_its_reports_alone(world: World) -> None:
    profiled(world, 14, shift=300)
    wind = ColumnKey(DriftKind.FEATURE, "wind")
    [found] = onsets(world.lake, world.model, reported(world, {day: day >= 16 for day in range(5, 20)}, wind), [wind], world.key(19))
    assert (found.first_partition, found.text) == (None, "first reported in 2013-03-17")
    assert count_cells([NumericProfile.of(np.array([1.0])), CategoricalProfile(0, {"UA": 1})], 5) is None
