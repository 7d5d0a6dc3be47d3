from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining import Evidence, Finding, History, Report, gather, read_history
from mlworks_orchestration.spec import DriftKind

DAY = timedelta(days=1)
START = datetime(2013, 3, 1, tzinfo=UTC)
NOW = datetime(2013, 4, 1, tzinfo=UTC)
DRIFTED = {DriftKind.FEATURE: True, DriftKind.CONCEPT: None}
Make = Callable[..., Any]


def days(first: int, last: int) -> list[str]:
    return [f"2013-03-{day:02}" for day in range(first, last + 1)]


def found(made: Any, now: datetime = NOW) -> Evidence:
    return gather(made.lake, made.model, read_history(made.lake, made.model.name), made.runs, now)


def test_of_a_model_without_anything_nothing_is_known(deployment: Make, tmp_path: Any) -> None:
    made = deployment()
    empty = Lake(tmp_path / "empty")
    assert gather(empty, made.model, History(), made.runs, NOW) == Evidence("delays", None)


def test_the_champion_is_who_serves_at_that_moment(deployment: Make) -> None:
    made = deployment()
    made.champion(2, START + 10 * DAY)
    made.champion(None, START + 20 * DAY)
    assert [found(made, START + since * DAY).champion for since in (-1, 0, 10, 19, 20)] == [None, 1, 2, 2, None]


def test_reports_are_those_of_whole_kinds(deployment: Make) -> None:
    made = deployment()
    made.report(["2013-03-10"], DRIFTED, version=3, scored=[2, 3])
    findings = {DriftKind.FEATURE: Finding(drifted=True, reason="whole feature"), DriftKind.CONCEPT: Finding(None, "whole concept")}
    assert found(made).reports == (Report("2013-03-10", 3, (2, 3), findings),)


@pytest.mark.parametrize(
    ("delay", "expected"), [("0s", days(28, 30)), ("1d", days(28, 30)), ("3d", days(26, 30)), ("20d", [*days(9, 11), *days(28, 30)])]
)
def test_the_newest_reports_and_the_newest_with_labels_are_looked_at(deployment: Make, delay: str, expected: list[str]) -> None:
    made = deployment(delay=delay)
    made.report(days(2, 30), DRIFTED)
    assert [report.partition for report in found(made).reports] == expected


class CountingLake(Lake):
    """A lake that notes which partitions are opened."""

    opened: dict[str, list[str]]

    def read(
        self, table: str, *, columns: Sequence[str] | None = None, partitions: Sequence[str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        self.opened.setdefault(table, []).extend(partitions or ["everything"])
        return super().read(table, columns=columns, partitions=partitions, version=version)


def test_what_is_opened_does_not_grow_with_history(deployment: Make) -> None:
    made = deployment(min_new_rows=100)
    counting = CountingLake(made.lake.root)
    opened = []
    for last in (10, 30):
        made.report(days(2, last), DRIFTED)
        made.labels(START, last, rows=40)
        counting.opened = {}
        gather(counting, made.model, read_history(counting, "delays"), made.runs, NOW)
        opened.append({table: len(keys) for table, keys in counting.opened.items()})
    assert opened[0] == opened[1] == {"delays/aliases": 2, "delays/verdicts": 1, "delays/drift_report": 3, "delays/labels": 3}


def test_new_rows_are_those_known_now_that_no_training_knew(deployment: Make) -> None:
    made = deployment(min_new_rows=10**6)
    made.labels(START - 5 * DAY, 20, rows=4)
    assert found(made).new_rows == 16 * 4, "from the last of February"
    assert found(made, START + 5 * DAY).new_rows == 5 * 4 + 1, "the label of this very moment is known, later ones are not"
    made.verdict(START + 9 * DAY, champion=1, promoted=False, until=START + 8 * DAY + timedelta(microseconds=1))
    assert found(made).new_rows == 7 * 4 - 1


def test_counting_stops_once_there_are_enough(deployment: Make) -> None:
    made = deployment(min_new_rows=9)
    made.labels(START, 20, rows=4)
    assert 9 <= found(made).new_rows < 40
    without = deployment(min_new_rows=0)
    assert found(without).new_rows > 0


def test_before_the_first_verdict_every_label_is_new(deployment: Make) -> None:
    made = deployment(min_new_rows=10**6)
    made.labels(START - 20 * DAY, 3, rows=2)
    assert gather(made.lake, made.model, History(), made.runs, NOW).new_rows == 6


def test_the_orchestrator_is_asked_about_the_last_retraining(deployment: Make) -> None:
    made = deployment()
    made.runs.running = True
    assert (found(made).running, found(made).launched) == (True, True)
