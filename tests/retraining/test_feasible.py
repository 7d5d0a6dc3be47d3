"""Policies that can never fire or fire all the time are told with numbers; the defaults are not."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mlworks_orchestration.retraining import label_rate, policy_warnings

Make = Callable[..., Any]


def told(make: Make, rate: float | None = 500.0, **retraining: object) -> list[str]:
    return policy_warnings(make(**retraining).model, rate)


def test_the_defaults_are_nothing_to_warn_about(deployment: Make) -> None:
    assert told(deployment) == []
    assert told(deployment, None, every="30d", new_rows=20000) == []


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"budget_per_year": 0, "every": "30d"}, "budget_per_year is 0, so the model is never retrained by itself; .* ask in vain"),
        ({"cooldown": "400d"}, "cooldown 400d lets one retraining in 400 days, so budget_per_year 12 is never used"),
        ({"every": "7d"}, "every 1w cannot be kept: cooldown 2w puts each training off"),
        ({"every": "20d"}, "A training every 20d is 18 a year and spends budget_per_year 12 in 240 days"),
        ({"budget_per_year": 2}, "raise 2 false alarms a year, .* they alone can spend budget_per_year 2"),
        ({"min_new_rows": 50000}, "500 labelled rows come a day, so min_new_rows 50,000 take 100 days; a window of 60d holds about 30,000"),
        ({"new_rows": 1000}, "new_rows 1,000 ask for a training every 2 days; with the cooldown that is one every 14 days, .* 12 is spent in 168"),
    ],
)
def test_what_can_never_be_or_is_all_the_time_is_told_with_numbers(deployment: Make, policy: dict[str, object], said: str) -> None:

    assert any(re.search(said, warning) for warning in told(deployment, **policy)), told(deployment, **policy)


def test_a_holdout_that_is_too_small_for_the_gate_is_told(deployment: Make) -> None:
    assert "holdout 1w holds about 14; the gate promotes nothing on fewer than 20." in told(deployment, 2.0, min_new_rows=10)[0]


def test_without_labels_nothing_is_said_about_their_rate(deployment: Make) -> None:
    made = deployment()
    assert label_rate(made.lake, made.model) is None
    made.labels(datetime(2013, 3, 1, tzinfo=UTC), 10, rows=30)
    assert label_rate(made.lake, made.model) == 30
