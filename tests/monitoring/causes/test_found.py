"""Causes in words."""

from dataclasses import replace

import pytest

from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.monitoring.causes import (
    Causes,
    ColumnSkew,
    DriftedKind,
    Onset,
    RankedFeature,
    Skew,
    SliceDrift,
    SliceFeature,
    UpstreamFailure,
)
from mlworks_orchestration.spec import DriftKind

WIND = RankedFeature("wind_speed", 0.0744, 0.12, 0.01, 0.62, "ks", True, 0.8, 30, 6, "", 1)  # noqa: FBT003 - a row of a table
NOTHING = Causes("delay", "2013-03-14", 1, ("2013-03-14",), (), (), None, (), (), ())
FEATURE = DriftedKind("feature", ("wind_speed", "visib", "temp", "precip", "dow"), 0.7)
FAILURE = UpstreamFailure("weather", "not_null(wind)", ("wind",), "error", True, ("a", "b", "c", "d", "e"), 12, 40, "seen", "[]", None)  # noqa: FBT003
SLICE = SliceDrift("origin", "JFK", 300, 300, 0.3, 0.3, 20.0, 25.0, 5.0, 4.0, 1.0, 7.0, (SliceFeature("wind", 0.4, 0.1, True),), "")  # noqa: FBT003


def test_nothing_is_said_of_nothing() -> None:
    assert (NOTHING.findings, NOTHING.actions, NOTHING.new_failures) == ((), (), ())


def test_the_action_comes_with_its_evidence() -> None:
    onset = Onset("feature", "wind_speed", "2013-03-06", "2013-03-04", "2013-03-04", "2013-03-04", "first seen in 2013-03-04")
    found = replace(NOTHING, kinds=(FEATURE,), features=(WIND, replace(WIND, column="visib")), onsets=(onset,))
    assert found.actions == (
        (
            "Feature drift in wind_speed (effect 0.62 standard deviations; importance 12%; rank correlation with the loss +0.80 over 30 windows, "
            f"place 1 of 2 features; first seen in 2013-03-04; no upstream failure; beside it visib): {ACTIONS[DriftKind.FEATURE]}."
        ),
    )


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (DriftedKind("feature", ("*",), 0.5), "Feature drift in all features together (effect 0.50 standard deviations; no upstream failure): "),
        (DriftedKind("label", (), None), "Label drift (no upstream failure): "),
        (FEATURE, "Feature drift in wind_speed (effect 0.70 standard deviations; no upstream failure; beside it visib, temp, precip and 1 more): "),
    ],
)
def test_what_is_not_known_is_left_out(kind: DriftedKind, said: str) -> None:
    assert replace(NOTHING, kinds=(kind,)).actions == (f"{said}{ACTIONS[DriftKind(kind.kind)]}.",)


def test_failures_upstream_come_first_then_skew_then_slices() -> None:
    columns = (ColumnSkew("wind", 200, 10, 0.05, 2.5, "2013-03-14"), ColumnSkew("carrier", 200, 1, 0.005, None, "2013-03-13"))
    found = replace(NOTHING, upstream=(FAILURE,), skew=Skew(("2013-03-14",), (), 200, 1, 2, columns), slices=(SLICE,))
    assert found.findings == (
        "Upstream failure in features/weather: not_null(wind) fails in 12 of 40 rows of a, b, c and 2 more; refused, so the table holds what it had.",
        "Training-serving skew in wind: 10 of 200 rows (5.0%) were served otherwise than the table says now, by up to 2.5, first in 2013-03-14.",
        "Training-serving skew in carrier: 1 of 200 rows (0.5%) were served otherwise than the table says now, first in 2013-03-13.",
        "Training-serving skew in rows: 1 were served and are gone from the tables, 2 are there and were not served.",
        "Drift lives in origin=JFK: the metric got worse by 5 there, 4 more than elsewhere; wind changed by 0.40 there and 0.10 elsewhere.",
    )


def test_what_always_fails_upstream_is_listed_and_blamed_for_nothing() -> None:
    found = replace(NOTHING, kinds=(FEATURE,), upstream=(replace(FAILURE, usual=0.9),))
    assert found.findings == ()
    assert "no upstream failure" in found.actions[0]
    assert found.to_dict()["upstream"][0]["expectation"] == "not_null(wind)"


def test_a_slice_in_which_only_a_feature_stands_out_says_nothing_of_the_metric() -> None:
    quiet = replace(SLICE, value=None, excess_low=-1.0, features=(*SLICE.features, SliceFeature("temp", 0.1, 0.1, False)))  # noqa: FBT003
    assert replace(NOTHING, slices=(quiet,)).findings == ("Drift lives in origin=(missing): wind changed by 0.40 there and 0.10 elsewhere.",)
    assert replace(NOTHING, slices=(replace(quiet, features=()),)).findings == ()
