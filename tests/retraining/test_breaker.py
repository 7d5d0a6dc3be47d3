"""What follows from a promotion that did not help, and from an alarm on which the declaration rolls back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlworks_orchestration.retraining import (
    ACTIONS,
    Aftermath,
    Attempt,
    Decision,
    Episode,
    Evidence,
    Finding,
    History,
    Outcome,
    Report,
    Rollback,
    decide,
)
from mlworks_orchestration.retraining.facts import Promotion
from mlworks_orchestration.spec import DriftKind, Gate, Retraining

NOW = datetime(2013, 11, 20, tzinfo=UTC)
DAY = timedelta(days=1)
SINCE = NOW - 30 * DAY
FEATURE, CONCEPT = DriftKind.FEATURE, DriftKind.CONCEPT
WORSE = Aftermath(3, 2, "2013-11-19", 28, 9000, "mae", 19.8, 18.2, 1.6, 0.4, 2.8, margin=0.0)
KEY = "delays:rollback:3:2"


def report(day: int, *kinds: DriftKind, version: int = 3, scored: tuple[int, ...] = (3,), unknown: tuple[DriftKind, ...] = ()) -> Report:
    return Report(
        f"2013-11-{day:02}", version, scored, {kind: Finding(None if kind in unknown else kind in kinds, f"{kind} said so") for kind in DriftKind}
    )


def decision(history: History = History(champion=3), gate: Gate = Gate(), policy: Retraining = Retraining(), **known: Any) -> Decision:  # noqa: B008 - frozen
    facts = {"model": "delays", "champion": 3, "promotion": Promotion(3, SINCE, 2), "reports": (report(18), report(19)), "new_rows": 9000, **known}
    return decide(Evidence(**facts), policy, history, NOW, gate)


def test_a_predecessor_that_is_better_on_the_same_rows_serves_again_and_the_reason_has_all_numbers() -> None:
    found = decision(aftermath=WORSE)
    assert (found.action, found.run_key, found.champion, found.to, found.trigger) == ("rollback", KEY, 3, 2, None)
    assert found.reason == (
        "Promoting version 3 on 2013-10-21 00:00 UTC did not help: on 9,000 labelled rows since, to 2013-11-19, it has mae 19.8 and version 2 would "
        "have 18.2. The gain of going back is 1.6, between 0.4 and 2.8 over 28 blocks; its lower end is above 0. Version 2 serves again."
    )


def test_what_to_do_about_the_drift_that_lasts_is_part_of_a_rollback_s_reason() -> None:
    found = decision(aftermath=WORSE, reports=(report(18, CONCEPT), report(19, CONCEPT)))
    assert found.action == "rollback"
    assert found.reason.endswith(f"What to do: concept drift: {ACTIONS[CONCEPT]}.")


@pytest.mark.parametrize("low", [-0.1, 0.0, 0.5])
def test_the_interval_must_exclude_the_margin_and_not_only_touch_it(low: float) -> None:
    found = decision(aftermath=replace(WORSE, gain_low=low, margin=max(low, 0.0)))
    assert found.action == "wait"
    assert f"the gain of going back is between {low:.4g} and 2.8." in found.reason


@pytest.mark.parametrize(
    "promotion", [None, Promotion(3, SINCE, None), Promotion(3, SINCE, 1), Promotion(4, SINCE, 2)], ids=["by hand", "none to go to", "other", "newer"]
)
def test_a_comparison_of_other_versions_moves_nothing(promotion: Promotion | None) -> None:
    assert decision(aftermath=WORSE, promotion=promotion).action == "wait"


@pytest.mark.parametrize("mode", ["manual", "dry_run"])
def test_where_people_let_versions_serve_a_person_is_called(mode: str) -> None:
    found = decision(aftermath=WORSE, gate=Gate.model_validate({"mode": mode}))
    assert (found.action, found.run_key) == ("escalate", None)
    assert f"With gate.mode {mode} a person decides: `mlworks rollback delays --to 2 --why TEXT`." in found.reason


def test_a_predecessor_that_cannot_be_compared_is_told() -> None:
    gone = replace(WORSE, champion_value=None, previous_value=None, gain=None, gain_low=None, gain_high=None, reason="it was deleted in MLflow.")
    found = decision(aftermath=gone)
    assert found.action == "wait"
    assert found.reason.endswith("Version 3 could not be compared with version 2: it was deleted in MLflow.")


def test_a_rollback_comes_before_a_training_that_is_under_way() -> None:
    assert decision(aftermath=WORSE, running=True).action == "rollback"


DECIDED = History(champion=3, rollbacks=(Rollback(NOW - DAY, 3, 2, KEY),))


def test_a_rollback_is_decided_once_for_a_promotion_and_asked_for_again_only_if_it_was_never_launched() -> None:
    again = decision(DECIDED, aftermath=WORSE, rollback_launched=False)
    assert (again.action, again.run_key, again.to) == ("rollback", KEY, 2)
    assert "was never launched and is asked for again" in again.reason
    assert decision(DECIDED, aftermath=WORSE, rolling_back=True).action == "wait"


def asked(*ago: timedelta) -> History:
    """A rollback that was asked for so often, each time with the next key."""
    keys = [KEY, *(f"{KEY}:retry-{number}" for number in range(1, len(ago)))]
    return History(champion=3, rollbacks=tuple(Rollback(NOW - since, 3, 2, key) for since, key in zip(ago, keys, strict=True)))


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(("ago", "number"), [((MINUTE,), 1), ((DAY, 10 * MINUTE), 2), ((DAY, DAY, 60 * MINUTE), 3)])
def test_a_rollback_whose_run_failed_is_tried_again_with_a_key_of_its_own(ago: tuple[timedelta, ...], number: int) -> None:
    again = decision(asked(*ago), aftermath=WORSE)
    assert (again.action, again.run_key, again.champion, again.to) == ("rollback", f"{KEY}:retry-{number}", 3, 2)
    assert f"version 3 serves still. It is tried again, {number} of 3 times." in again.reason


@pytest.mark.parametrize("ago", [(DAY, 9 * MINUTE), (DAY, DAY, 59 * MINUTE)])
def test_later_tries_wait_for_what_is_wrong_to_pass(ago: tuple[timedelta, ...]) -> None:
    found = decision(asked(*ago), aftermath=WORSE)
    assert (found.action, found.run_key) == ("wait", None)
    assert "It is tried again on 2013-11-20 00:01 UTC." in found.reason


def test_a_rollback_that_failed_four_times_calls_a_person() -> None:
    failed = decision(asked(DAY, DAY, DAY, DAY), aftermath=WORSE)
    assert (failed.action, failed.run_key) == ("escalate", None)
    assert (
        "The rollback from version 3 to version 2, decided on 2013-11-19 00:00 UTC, was launched 4 times, and version 3 serves still."
        in failed.reason
    )
    assert "go back by hand: `mlworks rollback delays --to VERSION --why TEXT`" in failed.reason


def test_a_rollback_of_another_promotion_says_nothing_about_this_one() -> None:
    other = History(champion=3, rollbacks=(Rollback(NOW - 90 * DAY, 2, 1, "delays:rollback:2:1"),))
    assert decision(other, aftermath=WORSE).run_key == KEY


def test_a_declared_alarm_goes_back_at_once() -> None:
    gate = Gate(rollback_on=[CONCEPT])
    alarmed = (report(18), report(19, CONCEPT))
    found = decision(gate=gate, reports=alarmed)
    assert (found.action, found.run_key, found.to) == ("rollback", KEY, 2)
    assert "concept (2013-11-19: concept said so). Version 2 serves again." in found.reason
    assert decision(reports=alarmed).action == "wait", "not declared"
    assert decision(gate=Gate(rollback_on=[FEATURE]), reports=alarmed).action == "wait", "another kind"
    assert decision(gate=gate, reports=(report(18, CONCEPT), report(19))).action == "wait", "the latest is clear"
    assert decision(gate=gate, reports=(report(18, CONCEPT), report(19, unknown=(CONCEPT,)))).action == "rollback", "the latest that could tell"
    assert decision(gate=gate, reports=(report(19, CONCEPT, version=2),)).action == "wait", "against another version"
    assert decision(gate=gate, reports=(report(19, CONCEPT, scored=(2, 3)),)).action == "wait", "another's predictions"
    assert decision(gate=Gate(rollback_on=[CONCEPT], mode="manual"), reports=alarmed).action == "rollback", "it is declared"


@pytest.mark.parametrize("promotion", [None, Promotion(3, SINCE, None)], ids=["came back itself", "no version before"])
def test_a_champion_that_came_back_is_not_sent_away_by_an_alarm(promotion: Promotion | None) -> None:
    found = decision(gate=Gate(rollback_on=[CONCEPT]), reports=(report(19, CONCEPT),), promotion=promotion)
    assert found.action == "wait"


UNDONE = Attempt(NOW - 60 * DAY, 2, Outcome.ROLLED_BACK, "delays:2:1", "2013-09-10", "2013-09-20", (CONCEPT,), "drift", version=3)
BACK: dict[str, Any] = {"champion": 2, "promotion": None}


def test_after_a_rollback_the_episode_goes_on_and_a_person_is_called_until_it_ends() -> None:
    history = History((UNDONE,), champion=3)
    drifting = tuple(report(day, CONCEPT, version=2, scored=(2,)) for day in (18, 19))
    found = decision(history, reports=drifting, **BACK)
    assert (found.action, found.episode) == ("escalate", Episode(2, "2013-09-10"))
    assert found.reason.startswith(
        "A retraining against version 2 did not help (on 2013-09-21 00:00 UTC rolled back), and the drift that began in 2013-09-10"
    )
    assert found.reason.endswith(f"What to do: concept drift: {ACTIONS[CONCEPT]}.")
    later = replace(history, champion=2, episode=found.episode)
    assert decision(later, reports=drifting, **BACK).action == "escalate"
    calm = tuple(report(day, version=2, scored=(2,)) for day in (18, 19))
    ended = decision(later, reports=calm, **BACK)
    assert (ended.action, ended.episode) == ("wait", None)
    assert decision(replace(history, champion=2), reports=drifting, **BACK).action == "retrain", "another episode"


def test_right_after_a_rollback_nothing_is_known_of_the_version_that_is_back_and_its_episode_stays_open() -> None:
    found = decision(History((UNDONE,), champion=3), reports=(report(19, CONCEPT),), **BACK)
    assert (found.action, found.episode) == ("wait", Episode(2, "2013-09-10"))


def test_a_try_by_hand_that_is_rejected_does_not_close_the_breaker() -> None:
    tried = Attempt(NOW - 20 * DAY, 2, Outcome.REJECTED, "delays:2:2", "2013-09-10", "2013-10-20", (CONCEPT,), "person", version=4)
    drifting = tuple(report(day, CONCEPT, version=2, scored=(2,)) for day in (18, 19))
    found = decision(History((UNDONE, tried), Episode(2, "2013-09-10"), champion=2), reports=drifting, **BACK)
    assert found.action == "escalate"
    assert "2 retrainings in a row against version 2 did not help" in found.reason
