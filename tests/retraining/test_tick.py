from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import polars as pl

from mlworks_orchestration.clock import replaying
from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining import Attempt, Decision, Episode, Evidence, History, Outcome, consider, read_history, record
from mlworks_orchestration.retraining.tick import due_again
from mlworks_orchestration.spec import DriftKind

DAY = timedelta(days=1)
START = datetime(2013, 3, 1, tzinfo=UTC)
FEATURE = {DriftKind.FEATURE: True}
CALM = dict.fromkeys(DriftKind, False)
Make = Callable[..., Any]


def tick(made: Any, day: float, cursor: Any = None) -> tuple[Decision | None, Any]:
    with replaying(START + day * DAY):
        return consider(made.lake, made.model, made.runs, cursor)


def drifting(make: Make, **policy: object) -> Any:
    """A model that drifted on the last two days of March, with labels enough."""
    made = make(**policy)
    made.labels(START, 30, rows=50)
    made.report(["2013-03-28", "2013-03-29", "2013-03-30"], FEATURE)
    return made


def test_before_the_first_report_there_is_nothing_to_decide(deployment: Make) -> None:
    made = deployment()
    assert tick(made, 1) == (None, None)
    assert not made.lake.exists("delays/decisions")


def test_a_report_is_looked_at_once(deployment: Make) -> None:
    made = deployment()
    made.report(["2013-03-02"], CALM)
    decision, cursor = tick(made, 2)
    assert decision is not None
    assert cursor == {"drift_report": made.lake.version("delays/drift_report")}
    assert tick(made, 3, cursor) == (None, cursor)
    made.report(["2013-03-03"], CALM)
    assert tick(made, 3, cursor)[0] is not None


def test_a_mark_that_does_not_name_a_table_is_looked_at_afresh(deployment: Make) -> None:
    made = deployment()
    made.report(["2013-03-02"], CALM)
    assert tick(made, 2, {"drift_report": "an older release's"}) == tick(made, 2)


def test_lasting_drift_is_decided_and_recorded_with_its_evidence(deployment: Make) -> None:
    made = drifting(deployment)
    decision, _ = tick(made, 31)
    assert decision is not None
    (row,) = made.decisions()
    assert (decision.action, decision.run_key) == ("retrain", "delays:1:1")
    assert {
        name: row[name] for name in ("decided_at", "action", "reason", "run_key", "kinds", "champion", "episode", "latest_report", "new_rows")
    } == {
        "decided_at": START + 31 * DAY,
        "action": "retrain",
        "reason": decision.reason,
        "run_key": "delays:1:1",
        "kinds": ["feature"],
        "champion": 1,
        "episode": "2013-03-28",
        "latest_report": "2013-03-30",
        "new_rows": 1500,
    }
    assert row["evidence"]["reports"][-1] == {
        "partition": "2013-03-30",
        "reference_version": 1,
        "scored_versions": [1],
        "findings": {"feature": [True, "whole feature"]},
    }


def test_ten_ticks_on_the_same_facts_ask_for_one_run_and_write_one_row(deployment: Make) -> None:
    made = drifting(deployment)
    keys = {tick(made, 31)[0].run_key for _ in range(10)}  # type: ignore[union-attr]
    assert keys == {"delays:1:1"}
    assert len(made.decisions()) == 1
    made.runs.keys.add("delays:1:1")
    assert {tick(made, 31)[0].action for _ in range(3)} == {"wait"}  # type: ignore[union-attr]
    assert [row["action"] for row in made.decisions()] == ["retrain", "wait"]


def test_two_daemons_that_decide_from_the_same_records_ask_with_the_same_key(deployment: Make) -> None:
    made = drifting(deployment)
    with replaying(START + 31 * DAY):
        before = read_history(made.lake, "delays")
    first, _ = tick(made, 31)
    evidence = Evidence("delays", 1, new_rows=9)
    late = Decision("retrain", "the other daemon was slower and saw more", "delays:1:1", (DriftKind.FEATURE,), Episode(1, "2013-03-29"))
    assert before.attempts == read_history(made.lake, "delays").attempts[:1]
    assert not record(made.lake, evidence, late, START + 31 * DAY + timedelta(seconds=1))
    assert first is not None
    assert [row["reason"] for row in made.decisions()] == [first.reason]


def test_the_key_recorded_twice_in_a_race_counts_once(deployment: Make) -> None:
    made = drifting(deployment)
    tick(made, 31)
    row = made.lake.read("delays/decisions")
    made.lake.append("delays/decisions", row.with_columns(pl.col("decided_at") + timedelta(seconds=1)))
    assert [attempt.at for attempt in read_history(made.lake, "delays").attempts if attempt.run_key] == [START + 31 * DAY]


def test_of_two_daemons_that_record_the_same_at_the_same_moment_one_learns_that_it_is_to_act(deployment: Make) -> None:
    made = drifting(deployment)
    both = Barrier(2)

    def decided(_: int) -> bool:
        lake = Slow(made.lake.root, both)
        return record(lake, Evidence("delays", 1), Decision("retrain", "drift lasts", "delays:1:1"), START + 31 * DAY)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decided, range(2))) == [False, True]
    assert len(made.decisions()) == 1


class Slow(Lake):
    """A lake whose user has read before the other writes."""

    def __init__(self, root: str, both: Barrier) -> None:
        super().__init__(root)
        self.both = both

    def append_once(self, *arguments: Any, **options: Any) -> bool:
        self.both.wait(10)
        return super().append_once(*arguments, **options)


def test_what_another_daemon_has_just_decided_is_left_to_it_for_a_minute(deployment: Make) -> None:
    made = drifting(deployment)
    now = datetime.now(UTC)
    made.labels(now - 3 * DAY, 2, rows=50)
    first, seen = consider(made.lake, made.model, made.runs, None)
    assert (first.action, first.run_key) == ("retrain", "delays:1:1")  # type: ignore[union-attr]
    second, mark = consider(made.lake, made.model, made.runs, None)
    assert (second.action, second.run_key, mark) == ("wait", None, None)  # type: ignore[union-attr]
    assert "was decided at" in second.reason  # type: ignore[union-attr]
    long_ago = made.lake.read("delays/decisions").with_columns(pl.col("decided_at") - timedelta(minutes=1))
    made.lake.write("delays/decisions", long_ago, partitions=long_ago["_partition"].unique().to_list())
    third, mark = consider(made.lake, made.model, made.runs, None)
    assert (third.action, third.run_key) == ("retrain", "delays:1:1"), "whoever recorded it was killed"  # type: ignore[union-attr]
    assert {**mark, "due": None} == {**seen, "due": None}  # type: ignore[dict-item]
    assert "due" in mark, "its run may fail"  # type: ignore[operator]


def test_the_first_decision_of_all_survives_another_daemon_that_makes_the_table_too(deployment: Make) -> None:
    made = drifting(deployment)

    class Blind(Lake):
        def exists(self, table: str) -> bool:
            return super().exists(table) and table != "delays/decisions"

    tick(made, 31)
    assert record(Blind(made.lake.root), Evidence("delays", 1), Decision("wait", "calm", None), START + 31 * DAY)
    assert [row["action"] for row in made.decisions()] == ["retrain", "wait"]


def test_a_rollback_that_was_asked_for_is_looked_after_without_anything_new(deployment: Make) -> None:
    made = deployment()
    made.champion(2, START + DAY)
    made.verdict(START + DAY, champion=1, promoted=True, until=START, challenger=2)
    made.report(["2013-03-03"], CALM, version=2)
    with replaying(START + 2 * DAY):
        record(made.lake, Evidence("delays", 2), Decision("rollback", "worse", "delays:rollback:2:1", to=1, champion=2), START + 2 * DAY)
    made.runs.keys.add("delays:rollback:2:1")
    made.runs.going_back = True
    under_way, mark = tick(made, 2)
    assert (under_way.action, mark["due"]) == ("wait", (START + 2 * DAY + timedelta(minutes=10)).isoformat())  # type: ignore[union-attr]
    made.runs.going_back = False
    assert tick(made, 2 + 9 / 1440, mark) == (None, mark)
    again, _ = tick(made, 2 + 10 / 1440, mark)
    assert (again.action, again.run_key) == ("rollback", "delays:rollback:2:1:retry-1")  # type: ignore[union-attr]


def test_a_retraining_whose_run_was_killed_is_tried_again_recorded_with_its_reason_and_counted_once(deployment: Make) -> None:
    made = drifting(deployment)
    first, mark = tick(made, 31)
    keys = [first.run_key]  # type: ignore[union-attr]
    moments = []
    for minutes in (1, 10, 60, 1440):
        made.runs.keys.add(keys[-1])
        made.runs.running = True
        under_way, mark = tick(made, 31)
        assert under_way.action == "wait"  # type: ignore[union-attr]
        assert mark["due"] == (START + 31 * DAY + timedelta(minutes=10)).isoformat()
        made.runs.running = False
        made.runs.broken.add(keys[-1])
        moments.append((moments[-1] if moments else 31) + minutes / 1440)
        again, _ = tick(made, moments[-1])
        keys.append(again.run_key)  # type: ignore[union-attr]
    assert keys == ["delays:1:1", "delays:1:1:retry-1", "delays:1:1:retry-2", "delays:1:1:retry-3", None]
    assert again.action == "escalate"  # type: ignore[union-attr]
    asked = [row for row in made.decisions() if row["action"] == "retrain"]
    assert [row["run_key"] for row in asked] == keys[:-1]
    assert {row["episode"] for row in asked} == {"2013-03-28"}
    assert all(f"It is tried again in the same episode, which began in 2013-03-28, {n} of 3 times." in asked[n]["reason"] for n in (1, 2, 3))
    last = read_history(made.lake, "delays").attempts[-1]
    assert (last.run_key, last.last_key, last.begun) == ("delays:1:1", "delays:1:1:retry-3", START + moments[2] * DAY)
    made.verdict(START + 40 * DAY, champion=1, promoted=False, until=START)
    assert [attempt.outcome for attempt in read_history(made.lake, "delays").attempts] == [Outcome.PROMOTED, Outcome.REJECTED]


def test_two_looks_at_once_at_a_training_that_was_killed_ask_for_one_run(deployment: Make) -> None:
    made = drifting(deployment)
    now = datetime.now(UTC)
    made.labels(now - 3 * DAY, 2, rows=50)
    first, _ = consider(made.lake, made.model, made.runs, None)
    made.runs.keys.add(first.run_key)  # type: ignore[union-attr]
    made.runs.broken.add(first.run_key)  # type: ignore[union-attr]
    together = Barrier(2)

    def look(_: int) -> str | None:
        together.wait()
        decision, _mark = consider(made.lake, made.model, made.runs, None)
        return decision and decision.run_key

    with ThreadPoolExecutor(2) as pool:
        asked = sorted(pool.map(look, range(2)), key=str)
    assert asked == [None, "delays:1:1:retry-1"]
    assert [row["run_key"] for row in made.decisions() if row["action"] == "retrain"] == ["delays:1:1", "delays:1:1:retry-1"]


def test_a_retraining_that_was_asked_for_is_looked_after_except_in_a_replay_which_waits_for_it(deployment: Make) -> None:
    made, now = deployment(), START + 31 * DAY
    retrain = Decision("retrain", "drift", "delays:1:1", champion=1)
    assert due_again(made.model, History(), retrain, now) == now + timedelta(minutes=10)
    with replaying(now):
        assert due_again(made.model, History(), retrain, now) is None
    lost = History((Attempt(now - DAY, 1, run_key="delays:1:1"),))
    assert due_again(made.model, lost, Decision("wait", "calm", champion=1), now) is None, "the next report is look enough"


def test_a_schedule_says_when_to_look_without_anything_new(deployment: Make) -> None:
    made = deployment(every="60d")
    made.report(["2013-03-02"], CALM)
    _, mark = tick(made, 2)
    assert mark["due"] == (START + 60 * DAY).isoformat()


def test_a_verdict_on_another_champion_says_nothing_about_the_retraining(deployment: Make) -> None:
    made = drifting(deployment)
    tick(made, 31)
    made.champion(2, START + 32 * DAY)
    made.verdict(START + 33 * DAY, champion=2, promoted=True, until=START)
    last = read_history(made.lake, "delays").attempts[-2:]
    assert [(attempt.run_key, attempt.outcome) for attempt in last] == [("delays:1:1", Outcome.UNFINISHED), (None, Outcome.PROMOTED)]


def test_waiting_again_for_the_same_reason_on_the_same_evidence_is_not_written_again(deployment: Make) -> None:
    made = deployment()
    made.report(["2013-03-02"], CALM)
    assert tick(made, 2)[0] == tick(made, 2.5)[0]
    assert len(made.decisions()) == 1
    made.report(["2013-03-03"], CALM)
    tick(made, 3)
    assert [row["latest_report"] for row in made.decisions()] == ["2013-03-02", "2013-03-03"]


def test_decisions_of_another_month_are_remembered(deployment: Make) -> None:
    made = drifting(deployment)
    tick(made, 31)
    made.runs.keys.add("delays:1:1")
    made.verdict(START + 31 * DAY, champion=1, promoted=False, until=START + 30 * DAY)
    made.report(["2013-03-31"], CALM)
    tick(made, 32)
    tick(made, 70)
    history = read_history(made.lake, "delays")
    assert history.trained_until == START + 30 * DAY
    assert history.attempts == (
        Attempt(START, None, Outcome.PROMOTED, version=9),
        Attempt(START + 31 * DAY, 1, Outcome.REJECTED, "delays:1:1", "2013-03-28", "2013-03-30", (DriftKind.FEATURE,), "drift", 1500, 9),
    )


def test_a_verdict_belongs_to_the_retraining_asked_for_before_it(deployment: Make) -> None:
    made = drifting(deployment, cooldown="0s", min_new_rows=0)
    made.verdict(START + 20 * DAY, champion=1, promoted=False, until=START)
    tick(made, 31)
    made.runs.keys.add("delays:1:1")
    made.verdict(START + 32 * DAY, champion=1, promoted=False, until=START)
    made.verdict(START + 33 * DAY, champion=1, promoted=True, until=START)
    attempts = read_history(made.lake, "delays").attempts
    assert [(attempt.run_key, attempt.outcome.value, (attempt.at - START).days) for attempt in attempts] == [
        (None, "promoted", 0),
        (None, "not promoted", 20),
        ("delays:1:1", "not promoted", 31),
        (None, "promoted", 33),
    ]


def test_a_promoted_challenger_ends_the_episode_and_old_reports_stop_counting(deployment: Make) -> None:
    made = drifting(deployment)
    assert read_history(made.lake, "delays").episode is None
    tick(made, 31)
    assert read_history(made.lake, "delays").episode == Episode(1, "2013-03-28")
    made.runs.keys.add("delays:1:1")
    made.champion(2, START + 31 * DAY)
    made.verdict(START + 31 * DAY, champion=1, promoted=True, until=START + 30 * DAY)
    decision, _ = tick(made, 31.5)
    assert decision is not None
    assert decision.reason == "No report that tells anything is against the champion, version 2 (the newest are against version 1)."
    assert read_history(made.lake, "delays").episode is None


def test_a_crash_between_record_and_launch_is_healed_by_the_next_tick(deployment: Make) -> None:
    made = drifting(deployment)
    crashed, _ = tick(made, 31)
    healed, _ = tick(made, 31.1)
    assert crashed is not None
    assert healed is not None
    assert healed.run_key == crashed.run_key
    assert "never launched and is asked for again" in healed.reason
    assert len(made.decisions()) == 1


def test_reading_history_opens_the_retrainings_and_the_newest_month_alone(deployment: Make) -> None:
    made = deployment()
    for month in range(1, 13):
        for day in (1, 2):
            evidence = Evidence("delays", 1, new_rows=day)
            record(made.lake, evidence, Decision("wait", f"month {month}"), datetime(2013, month, day, tzinfo=UTC))
    record(made.lake, Evidence("delays", 1), Decision("retrain", "x", "delays:1:1", (DriftKind.FEATURE,)), datetime(2013, 1, 3, tzinfo=UTC))
    opened: list[str] = []

    class CountingLake(Lake):
        def read(self, table: str, **asked: Any) -> Any:
            opened.extend(asked.get("partitions") or [])
            return super().read(table, **asked)

    read_history(CountingLake(made.lake.root), "delays")
    assert sorted(opened) == ["2013-12", "retrain"]


def test_three_weeks_of_ticks_give_two_tries_and_then_a_person(deployment: Make) -> None:
    made = deployment(cooldown="5d", min_new_rows=0)
    cursor = None
    for day in range(2, 23):
        made.report([f"2013-03-{day:02}"], FEATURE)
        decision, cursor = tick(made, day, cursor)
        assert decision is not None
        if decision.run_key:
            made.runs.keys.add(decision.run_key)
            made.verdict(START + day * DAY, champion=1, promoted=False, until=START)
    rows = made.decisions()
    assert [(row["action"], row["latest_report"]) for row in rows if row["action"] == "retrain"] == [
        ("retrain", "2013-03-05"),
        ("retrain", "2013-03-10"),
    ]
    assert {row["action"] for row in rows[10:]} == {"escalate"}
    assert {row["episode"] for row in rows} == {"2013-03-02"}
