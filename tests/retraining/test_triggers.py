"""What asks for a training beside drift: the schedule, new labels, a person; and versions that wait for people."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlworks_orchestration.retraining import Attempt, Decision, Episode, Evidence, Finding, History, Outcome, Overdue, Report, decide, decide_by_hand
from mlworks_orchestration.spec import DriftKind, Gate, Retraining

NOW = datetime(2013, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
CALM = tuple(Report(f"2013-05-{day}", 1, (1,), {kind: Finding(drifted=False) for kind in DriftKind}) for day in (29, 30, 31))
DRIFT = tuple(Report(f"2013-05-{day}", 1, (1,), {DriftKind.FEATURE: Finding(drifted=True)}) for day in (29, 30, 31))
MONTHLY = Retraining(every=30 * DAY)
BY_ROWS = Retraining(new_rows=4000)


def trained(days_ago: float, outcome: Outcome = Outcome.REJECTED, **known: Any) -> Attempt:
    return Attempt(NOW - days_ago * DAY, 1, outcome, **{"run_key": "delays:1:1", "trigger": "schedule", **known})


def decision(policy: Retraining, *attempts: Attempt, reports: tuple[Report, ...] = CALM, episode: Episode | None = None, **known: Any) -> Decision:
    facts = {"model": "delays", "champion": 1, "reports": reports, "new_rows": 5000, **known}
    return decide(Evidence(**facts), policy, History(attempts, episode, champion=1), NOW)


def by_hand(*attempts: Attempt, policy: Retraining = Retraining(), episode: Episode | None = None, **known: Any) -> Decision:  # noqa: B008 - frozen
    facts = {"model": "delays", "champion": 1, "reports": DRIFT, "new_rows": 0, **known}
    return decide_by_hand(Evidence(**facts), policy, History(attempts, episode, champion=1), NOW, Gate(), by="anna", why="The routes are new.")


@pytest.mark.parametrize(("days", "action"), [(29.9, "wait"), (30, "retrain"), (400, "retrain")])
def test_the_schedule_asks_for_a_training_so_long_after_the_last_one_without_any_drift(days: float, action: str) -> None:
    found = decision(MONTHLY, trained(days))
    assert found.action == action
    if action == "retrain":
        assert (found.run_key, found.trigger, found.kinds) == ("delays:1:2", "schedule", ())
        assert found.reason.startswith("A training is due every 30d, and the last training was on 20")
    assert decision(Retraining(), trained(days)).action == "wait", "no schedule"


def test_new_labels_ask_for_a_training_without_any_drift() -> None:
    found = decision(BY_ROWS, trained(20))
    assert (found.action, found.trigger, found.run_key) == ("retrain", "new_rows", "delays:1:2")
    assert found.reason.startswith("5,000 labelled rows are newer than the last training knew, and every 4,000 ask for one. Last reports, up to ")
    assert decision(BY_ROWS, trained(20), new_rows=3999).action == "wait"


def test_rows_for_which_a_training_failed_do_not_ask_again() -> None:
    failed = trained(20, Outcome.UNFINISHED, trigger="new_rows", new_rows=5000)
    assert decision(BY_ROWS, failed, new_rows=8999).action == "wait"
    assert decision(BY_ROWS, failed, new_rows=9000).action == "retrain"


@pytest.mark.parametrize("policy", [MONTHLY, BY_ROWS], ids=["schedule", "new rows"])
def test_every_guard_holds_for_every_trigger(policy: Retraining) -> None:
    def limited(**changes: object) -> Retraining:
        return policy.model_copy(update=changes)

    old = trained(100)
    assert decision(policy, old).action == "retrain"
    assert decision(policy, old, running=True).action == "wait"
    assert "less than the cooldown" in decision(limited(cooldown=101 * DAY), old).reason
    spent = decision(limited(budget_per_year=1), old)
    assert (spent.action, "1 of 1 retrainings" in spent.reason) == ("wait", True)
    assert decision(limited(min_new_rows=6000), old).action == "wait"
    assert decision(policy, trained(100, Outcome.WAITING, version=2)).action == "wait"
    open_breaker = decision(policy, trained(100, Outcome.ROLLED_BACK, episode="2013-05-01"), reports=DRIFT, episode=Episode(1, "2013-05-01"))
    assert open_breaker.action == "escalate"


def test_two_causes_at_once_ask_for_one_training_by_one_key() -> None:
    found = [decision(policy, trained(100), reports=reports) for policy, reports in ((MONTHLY, CALM), (BY_ROWS, CALM), (Retraining(), DRIFT))]
    assert {each.run_key for each in found} == {"delays:1:2"}
    assert [each.trigger for each in found] == ["schedule", "new_rows", "drift"]


def test_drift_that_was_answered_already_does_not_hide_the_schedule() -> None:
    answered = trained(40, Outcome.REJECTED, latest_report="2013-05-31", trigger="drift")
    assert "No report has come since" in decision(Retraining(), answered, reports=DRIFT).reason
    assert decision(MONTHLY, answered, reports=DRIFT).trigger == "schedule"


def test_a_scheduled_training_that_was_never_launched_is_asked_for_again_with_its_key_until_the_next_is_due() -> None:
    lost = trained(2, Outcome.UNFINISHED)
    again = decision(MONTHLY, lost, launched=False)
    assert (again.action, again.run_key, again.trigger) == ("retrain", "delays:1:1", "schedule")
    assert decision(MONTHLY, lost).action == "wait", "it was launched"
    killed = decision(MONTHLY, lost, failed=True)
    assert (killed.run_key, killed.trigger) == ("delays:1:1:retry-1", "schedule")
    assert "It is tried again, 1 of 3 times." in killed.reason
    assert decision(MONTHLY, trained(30, Outcome.UNFINISHED), launched=False).run_key == "delays:1:2"
    assert decision(MONTHLY, trained(2, Outcome.UNFINISHED, trigger="person"), launched=False).action == "wait", "that is the person's business"


def test_a_version_that_waits_for_approval_is_neither_rejected_nor_forgotten() -> None:
    fresh, old = (trained(days, Outcome.WAITING, version=2, episode="2013-05-01", trigger="drift") for days in (3, 20))
    episode = Episode(1, "2013-05-01")
    found = decision(Retraining(), fresh, reports=DRIFT, episode=episode)
    assert found.action == "wait"
    assert "Version 2, asked for on 2013-05-29 00:00 UTC, was judged better and waits for approval: `mlworks approve delays 2" in found.reason
    assert decision(Retraining(), old, reports=DRIFT, episode=episode).action == "escalate", "drift lasts longer than the cooldown"
    tried = trained(40, Outcome.REJECTED, episode="2013-05-01", trigger="drift")
    assert "did not help" not in decision(Retraining(), tried, old, reports=DRIFT, episode=episode).reason


def test_labels_that_are_overdue_are_told_and_after_a_week_a_person_is_called() -> None:
    early, late = (Overdue("2013-05-20", 9, NOW - days * DAY) for days in (2, 7))
    told = decision(Retraining(), trained(20), overdue=early)
    assert told.action == "wait"
    assert "Labels are overdue: 9 scored partitions since 2013-05-20 have none, those of the first were due on 2013-05-30" in told.reason
    assert decision(Retraining(), trained(20), overdue=late).action == "escalate"
    starved = decision(Retraining(), trained(20, latest_report="2013-05-01"), reports=DRIFT, new_rows=3, overdue=late)
    assert (starved.action, "1,000 are needed" in starved.reason) == ("escalate", True)
    assert decision(Retraining(), trained(20, latest_report="2013-05-01"), reports=DRIFT, overdue=late).action == "retrain", "there are rows enough"


def test_a_clock_that_went_back_is_told() -> None:
    assert "is later than now, so the clock went back" in decision(MONTHLY, trained(-5), reports=DRIFT).reason


def test_a_person_s_training_says_who_and_why_and_waits_for_nothing_but_one_under_way() -> None:
    found = by_hand()
    assert (found.action, found.run_key, found.trigger) == ("retrain", "delays:1:1", "person")
    assert found.reason == "anna asks for it: The routes are new."
    running = by_hand(running=True)
    assert (running.action, running.run_key) == ("wait", None)
    assert "queued or under way" in running.reason
    assert by_hand(champion=None).run_key == "delays:first:1"


def test_what_speaks_against_a_person_s_training_is_said() -> None:
    undone = trained(3, Outcome.ROLLED_BACK, episode="2013-05-01", latest_report="2013-05-01", trigger="drift", version=2)
    found = by_hand(undone, policy=Retraining(budget_per_year=1), episode=Episode(1, "2013-05-01"))
    assert (found.action, found.run_key) == ("retrain", "delays:1:2")
    for part in ("The breaker is open", "rolled back", "less than the cooldown of 2w ago", "With it 2 retrainings of a budget of 1"):
        assert part in found.reason
    assert "Version 2 waits for approval." in by_hand(trained(3, Outcome.WAITING, version=2)).reason
