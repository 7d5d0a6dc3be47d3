"""Which feature's drift matters most."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import polars as pl
import pytest
from scipy.stats import spearmanr

from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.causes import Importance, RankedFeature, rank_features
from mlworks_orchestration.monitoring.causes.history import read_reports, window_losses
from tests.scoring.world import World

IMPORTANCES = [Importance("carrier", "mae", 0.2, 0.1, 0.02), Importance("distance", "mae", 8.8, 0.4, 0.88), Importance("wind", "mae", 1.0, 0.2, 0.1)]


def reported(world: World, effects: Mapping[str, Sequence[float | None]], *, decides: bool | None = True, version: int = 1) -> None:
    """Store reports, one a day from the fourth on; an effect from 0.3 on is an alarm."""
    rows = [
        {
            "_partition": world.key(day),
            "kind": "feature",
            "column": column,
            "statistic": "ks",
            "effect": effect,
            "threshold": 0.3,
            "drifted": None if effect is None else effect >= 0.3,
            **({} if decides is None else {"decides": decides}),
            "reason": "",
            "reference_version": version,
            "window_start": world.at(day - 2),
            "window_end": world.at(day + 1),
        }
        for column, series in effects.items()
        for day, effect in enumerate(series, start=3)
    ]
    days = max(len(series) for series in effects.values())
    world.lake.write("delay/drift_report", pl.DataFrame(rows, infer_schema_length=None), partitions=world.keys(3, 2 + days), schema="merge")


def measured(world: World, losses: Sequence[float], metric: str = "mae") -> None:
    rows = [
        {"_partition": world.key(day), "slice_column": name, "slice_value": name, "metric": metric, "value": value, "rows": 120}
        for day, loss in enumerate(losses, start=1)
        for name, value in (("", loss), ("carrier", 99.0))
    ]
    world.lake.write("delay/performance", pl.DataFrame(rows), partitions=world.keys(1, len(losses)))


def ranked(world: World, day: int) -> dict[str, RankedFeature]:
    reports = read_reports(world.lake, world.model, world.key(day))
    return {one.column: one for one in rank_features(world.lake, world.model, IMPORTANCES, reports, world.key(day))}


def test_drift_of_an_important_feature_comes_before_more_drift_of_an_unimportant_one(world: World) -> None:
    reported(world, {"carrier": [2.0], "distance": [0.4], "wind": [0.05]})
    found = ranked(world, 3)
    assert list(found) == ["distance", "carrier", "wind"]
    assert found["distance"].score == pytest.approx(0.88 * 0.4)
    assert found["distance"].standard_error == pytest.approx(0.04)
    assert [one.drifted for one in found.values()] == [True, True, False]


def test_a_feature_that_did_not_drift_is_no_cause_however_important(world: World) -> None:
    reported(world, {"carrier": [0.5], "distance": [0.29], "wind": [0.0]})
    assert list(ranked(world, 3)) == ["carrier", "distance", "wind"]


def test_what_could_not_be_told_is_neither_drifted_nor_not(world: World) -> None:
    reported(world, {"carrier": [0.5], "distance": [None]})
    found = ranked(world, 3)
    assert (found["distance"].drifted, found["distance"].effect, found["distance"].statistic, found["distance"].score) == (None, None, "", 0.0)
    assert (found["wind"].drifted, found["wind"].effect) == (None, None)


def test_statistics_that_do_not_decide_do_not_count_but_where_that_is_not_known_all_do(world: World) -> None:
    reported(world, {"carrier": [2.0]}, decides=False)
    assert ranked(world, 3)["carrier"].drifted is None
    reported(world, {"carrier": [2.0]}, decides=None)
    assert ranked(world, 3)["carrier"].drifted is True


def test_reports_from_before_statistics_decided_are_ranked_too(world: World) -> None:
    reported(world, {"carrier": [2.0]}, decides=None)
    assert "decides" not in world.lake.read("delay/drift_report").columns
    assert ranked(world, 3)["carrier"].effect == 2.0


def test_drift_that_went_with_the_loss_is_told_from_drift_that_did_not(world: World) -> None:
    days = 24
    rising = [0.01 * day for day in range(days)]
    reported(world, {"carrier": [0.2 + 0.1 * (day % 2) for day in range(days)], "distance": rising, "wind": rising[::-1]})
    measured(world, [5.0 + 0.1 * day for day in range(days + 2)])
    found = ranked(world, 2 + days)
    assert found["distance"].correlation == pytest.approx(1.0)
    assert found["wind"].correlation == pytest.approx(-1.0)
    assert {name: one.place for name, one in found.items()} == {"distance": 1, "carrier": 2, "wind": 3}
    assert (found["distance"].windows, found["distance"].independent_windows) == (24, 8)
    losses = window_losses(world.lake, world.model, read_reports(world.lake, world.model, world.key(2 + days)))["loss"].to_list()
    assert losses[0] == pytest.approx(5.1)  # the mean of the three days of the window
    known = spearmanr([0.2 + 0.1 * (day % 2) for day in range(days)], losses).statistic
    assert found["carrier"].correlation == pytest.approx(known)


def test_where_more_is_better_a_falling_metric_is_a_rising_loss(world: World) -> None:
    world.model = world.model.model_copy(update={"metrics": world.model.metrics.model_copy(update={"primary": "r2"})})
    reported(world, {"distance": [0.01 * day for day in range(24)]})
    measured(world, [0.9 - 0.01 * day for day in range(26)], "r2")
    assert ranked(world, 26)["distance"].correlation == pytest.approx(1.0)


def test_few_windows_overlapping_windows_and_windows_that_never_change_say_nothing(world: World) -> None:
    reported(world, {"distance": [0.01 * day for day in range(12)], "wind": [0.1] * 12})
    assert ranked(world, 14)["distance"].remark == "too few windows: 0, of which 0 overlap no other; 5 are needed"
    measured(world, [5.0 + day for day in range(14)])
    few = ranked(world, 14)["distance"]
    assert (few.correlation, few.remark) == (None, "too few windows: 12, of which 4 overlap no other; 5 are needed")
    assert few.place is None
    reported(world, {"distance": [0.01 * day for day in range(24)], "wind": [0.1] * 24})
    measured(world, [5.0 + day for day in range(26)])
    flat = ranked(world, 26)["wind"]
    assert (flat.correlation, flat.remark) == (None, "the effect or the metric is the same in all windows")


def test_reports_against_another_version_do_not_count(world: World) -> None:
    reported(world, {"distance": [0.01 * day for day in range(24)]})
    measured(world, [5.0 + day for day in range(26)])
    last = world.lake.read("delay/drift_report", partitions=[world.key(26)]).with_columns(reference_version=pl.lit(2, pl.Int64))
    world.lake.write("delay/drift_report", last, partitions=[world.key(26)])
    assert ranked(world, 26)["distance"].windows == 1


def test_later_reports_are_not_known(world: World) -> None:
    reported(world, {"distance": [0.01 * day for day in range(24)]})
    assert read_reports(world.lake, world.model, world.key(10))["window_end"].max() == world.at(10) + timedelta(days=1)
    with pytest.raises(NotReadyError, match="Model delay: partition 2013-04-30 has no drift report; materialise delay/drift_report for it first"):
        read_reports(world.lake, world.model, "2013-04-30")
