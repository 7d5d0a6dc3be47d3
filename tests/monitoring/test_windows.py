"""Which partitions make up a window."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import Partitions

NEW_YORK = Partitions.model_validate({"every": "day", "start": "2013-01-01", "timezone": "America/New_York"})
YEAR = NEW_YORK.keys_within(NEW_YORK.span(["2013-01-01", "2013-12-31"]))


@given(st.sampled_from(YEAR[30:]), st.integers(1, 30))
def test_a_window_of_n_days_has_n_days_also_when_the_clock_is_changed(key: str, days: int) -> None:
    found = windows(NEW_YORK, timedelta(days=days), [key], YEAR)[key]
    last = YEAR.index(key)
    assert found == YEAR[last + 1 - days : last + 1]


def test_days_that_are_not_there_are_left_out() -> None:
    found = windows(NEW_YORK, timedelta(days=7), ["2013-03-07"], ["2013-02-27", "2013-03-02", "2013-03-07", "2013-03-08"])
    assert found == {"2013-03-07": ["2013-03-02", "2013-03-07"]}


@pytest.mark.parametrize(
    ("every", "key", "before"), [("month", "2013-03-01", "2013-02-01"), ("week", "2013-03-04", "2013-02-25"), ("hour", "2013-03-01-05:00", None)]
)
def test_every_partition_ends_a_window_of_its_own(every: str, key: str, before: str | None) -> None:
    cut = Partitions.model_validate({"every": every, "start": "2013-01-01"})
    available = [key] if before is None else [before, key]
    assert windows(cut, timedelta(days=7), [key], available) == {key: [key]}


def test_hours_fill_a_day() -> None:
    cut = Partitions.model_validate({"every": "hour", "start": "2013-01-01"})
    keys = cut.keys_within(cut.span(["2013-01-01-00:00", "2013-01-02-23:00"]))
    assert windows(cut, timedelta(days=1), ["2013-01-02-05:00"], keys)["2013-01-02-05:00"] == keys[6:30]
