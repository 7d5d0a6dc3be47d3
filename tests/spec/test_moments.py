"""Where a replay's clock stops, for models of every cut and with labels that come late."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import MLModel, moments_of_replay


def model(every: str, end: str, delay: str = "1d", window: str = "60d", start: str = "2010-01-01") -> MLModel:
    declared: dict[str, Any] = {
        "name": "model",
        "description": "A model.",
        "task": "regression",
        "owners": {"data_science": "team:science"},
        "entity": ["id"],
        "event_time": "at",
        "partitions": {"every": every, "start": start, "end": end},
        "features": [{"table": "rows", "columns": ["x"]}],
        "label": {"table": "outcomes", "column": "y", "delay": delay},
        "estimator": "a:b",
        "metrics": {"primary": "mae"},
        "retraining": {"window": window},
    }
    return MLModel.model_validate(declared)


def days(found: list[datetime]) -> list[str]:
    return [f"{moment:%Y-%m-%d}" for moment in found]


def test_days_are_replayed_by_the_week_from_when_a_whole_window_has_passed() -> None:
    assert days(moments_of_replay(model("day", "2010-03-20"), None)) == ["2010-03-02", "2010-03-09", "2010-03-16", "2010-03-21"]


@pytest.mark.parametrize(("delay", "first"), [("7d", "2010-03-02"), ("8d", "2010-03-10"), ("90d", "2010-05-31")])
def test_labels_that_take_longer_than_a_week_are_waited_for(delay: str, first: str) -> None:
    assert days(moments_of_replay(model("day", "2011-01-01", delay=delay), None))[0] == first


def test_weeks_are_replayed_as_they_end() -> None:
    found = moments_of_replay(model("week", "2010-05-01", delay="7d", window="56d", start="2010-01-04"), None)
    assert days(found)[:3] == ["2010-03-01", "2010-03-08", "2010-03-15"]
    assert {moment.weekday() for moment in found[:-1]} == {0}
    assert days(found)[-1] == "2010-05-08"


def test_months_are_replayed_as_they_end_and_until_the_last_of_their_late_labels_has_come() -> None:
    found = moments_of_replay(model("month", "2011-12-01", delay="90d", window="365d"), None)
    # A year and ninety days have passed on the first of April.
    assert days(found) == [f"2011-{month:02}-01" for month in range(4, 13)] + ["2012-01-01", "2012-02-01", "2012-02-29"]


@pytest.mark.parametrize("every", ["day", "week", "month"])
def test_a_stop_is_the_last_moment_and_a_stop_before_the_first_training_is_refused(every: str) -> None:
    declared = model(every, "2012-01-01", delay="30d")
    stop = datetime(2010, 8, 17, tzinfo=UTC)
    found = moments_of_replay(declared, stop)
    assert found[-1] == stop
    assert found == sorted(set(found))
    with pytest.raises(NotReadyError, match=r"2010-03-31 is before the first training window has passed and its labels are known \(2010-04-01\)"):
        moments_of_replay(declared, datetime(2010, 3, 31, tzinfo=UTC))
