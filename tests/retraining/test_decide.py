from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mlworks_orchestration.retraining import ACTIONS, Attempt, Decision, Episode, Evidence, Finding, History, Outcome, Report, decide
from mlworks_orchestration.spec import DriftKind, Retraining

NOW = datetime(2013, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = Retraining()
FEATURE, LABEL, PREDICTION, CONCEPT = DriftKind.FEATURE, DriftKind.LABEL, DriftKind.PREDICTION, DriftKind.CONCEPT
CLEAR = dict.fromkeys(DriftKind, False)


def reports(*drifted: dict[DriftKind, bool | None], version: int = 1, scored: tuple[int, ...] = (1,)) -> tuple[Report, ...]:
    """Reports of consecutive days of May; kinds that are not named are clear."""
    return tuple(
        Report(f"2013-05-{day:02}", version, scored, {kind: Finding(found) for kind, found in {**CLEAR, **kinds}.items()})
        for day, kinds in enumerate(drifted, start=1)
    )


DRIFT = reports({}, {FEATURE: True}, {FEATURE: True})


def decision(
    evidence: tuple[Report, ...] = DRIFT,
    policy: Retraining = POLICY,
    attempts: tuple[Attempt, ...] = (),
    episode: Episode | None = None,
    **known: Any,
) -> Decision:
    facts = {"model": "delays", "champion": 1, "reports": evidence, "new_rows": 5000, **known}
    return decide(Evidence(**facts), policy, History(attempts, episode), NOW)


def asked(days_ago: float, outcome: Outcome = Outcome.REJECTED, number: int = 1, saw: str = "2013-05-01") -> Attempt:
    return Attempt(NOW - days_ago * DAY, 1, outcome, f"delays:1:{number}", "2013-04-20", saw, (FEATURE,))


def test_drift_that_lasts_retrains_with_all_numbers_in_the_reason() -> None:
    found = decision()
    assert (found.action, found.run_key, found.kinds, found.episode) == ("retrain", "delays:1:1", (FEATURE,), Episode(1, "2013-05-02"))
    assert found.reason == (
        "Drift lasts: 2 of a kind's last 3 reports must drift, the latest among them. "
        "Last reports, up to 2013-05-03: feature drifted in 2 of 3, label drifted in 0 of 3, "
        "prediction drifted in 0 of 3, concept drifted in 0 of 3. "
        "5,000 new labelled rows (at least 1,000); retraining 1 against version 1."
    )


def test_without_a_champion_there_is_nothing_to_retrain() -> None:
    assert decision(champion=None) == Decision("wait", "delays has no champion yet; train it first.")


def test_a_training_under_way_comes_first() -> None:
    found = decision(running=True)
    assert (found.action, found.run_key) == ("wait", None)
    assert "queued or under way" in found.reason


@pytest.mark.parametrize(
    ("drifted", "action"),
    [
        ([], "wait"),
        ([True], "wait"),
        ([True, True], "retrain"),
        ([True, False, True], "retrain"),
        ([True, True, False], "wait"),
        ([True, True, None], "wait"),
        ([True, None, True], "retrain"),
        ([None, None, True], "wait"),
        ([True, True, False, False, True], "wait"),
        ([False, True, True, False, True], "retrain"),
    ],
)
def test_k_of_the_last_n_reports_must_drift_and_the_latest_among_them(drifted: list[bool | None], action: str) -> None:
    assert decision(reports(*({FEATURE: found} for found in drifted))).action == action


def test_kinds_do_not_add_up() -> None:
    assert decision(reports({FEATURE: True}, {}, {PREDICTION: True})).action == "wait"


def test_a_kind_that_the_policy_does_not_name_is_not_looked_at() -> None:
    found = decision(policy=Retraining(kinds=[CONCEPT]))
    assert found.action == "wait"
    assert "Last reports, up to 2013-05-03: concept drifted in 0 of 3." in found.reason


def test_reports_may_come_in_any_order() -> None:
    assert decision(DRIFT[::-1]) == decision(DRIFT)


def test_reports_against_another_version_do_not_count() -> None:
    found = decision(reports({FEATURE: True}, {FEATURE: True}, version=2, scored=(2,)))
    assert found.action == "wait"
    assert found.reason == "No report that tells anything is against the champion, version 1 (the newest are against version 2)."


@pytest.mark.parametrize(("kind", "action"), [(FEATURE, "retrain"), (LABEL, "retrain"), (PREDICTION, "wait"), (CONCEPT, "wait")])
def test_predictions_of_another_version_say_nothing_about_the_champions(kind: DriftKind, action: str) -> None:
    assert decision(reports({kind: True}, {kind: True}, scored=(0, 1))).action == action


@pytest.mark.parametrize(("kind", "action"), [(FEATURE, "wait"), (PREDICTION, "wait"), (LABEL, "retrain"), (CONCEPT, "retrain")])
def test_what_waits_for_labels_is_judged_by_the_last_reports_that_could_tell(kind: DriftKind, action: str) -> None:
    assert decision(reports({kind: True}, {kind: True}, {kind: None}, {kind: None}, {kind: None})).action == action


def test_the_latest_reports_words_are_in_the_reason_whole() -> None:
    said = f"drifted: wind_speed (1 of 3 columns){' and so on' * 100}"
    found = decision(tuple(Report(day, 1, (1,), {FEATURE: Finding(drifted=True, reason=said)}) for day in ("2013-05-01", "2013-05-02")))
    assert f"; feature: {said}. " in found.reason


def test_what_no_report_could_tell_is_said_to_be_so() -> None:
    found = decision(reports({LABEL: None, PREDICTION: None}, {LABEL: None, PREDICTION: None}, {LABEL: None}))
    assert "label drift cannot be told yet, prediction drifted in 0 of 3 (2 inconclusive)" in found.reason


def test_after_a_training_the_cooldown_runs_whatever_came_of_it() -> None:
    for outcome in (Outcome.PROMOTED, Outcome.REJECTED, Outcome.DRY_RUN, Outcome.UNFINISHED):
        found = decision(attempts=(asked(13.9, outcome),))
        assert found.action == "wait"
        assert found.reason.startswith(
            f"Drift lasts, but the last training, on 2013-05-18 02:24 UTC ({outcome}), is less than the cooldown of 2w ago."
        )
        assert decision(attempts=(asked(14, outcome),)).action == "retrain"


def test_a_training_that_was_tried_again_since_another_was_asked_for_starts_the_cooldown_anew() -> None:
    again = replace(asked(20, Outcome.REJECTED), retries=(NOW - 10 * DAY,))
    between = Attempt(NOW - 15 * DAY, 1, Outcome.REJECTED)
    assert "the last training, on 2013-05-22 00:00 UTC (not promoted), is less" in decision(attempts=(again, between)).reason


def test_the_first_training_starts_the_cooldown_but_costs_no_budget() -> None:
    first = Attempt(NOW - 13 * DAY, None, Outcome.PROMOTED)
    assert "cooldown" in decision(attempts=(first,)).reason
    later = Attempt(NOW - 14 * DAY, None, Outcome.PROMOTED)
    assert decision(attempts=(later,), policy=Retraining(budget_per_year=1)).action == "retrain"


def test_a_training_by_hand_counts_like_any_other() -> None:
    by_hand = Attempt(NOW - 20 * DAY, 1, Outcome.REJECTED)
    found = decision(attempts=(by_hand,))
    assert (found.action, found.run_key) == ("retrain", "delays:1:1")
    assert decision(attempts=(by_hand,), policy=Retraining(budget_per_year=1)).action == "escalate"


def test_a_spent_budget_calls_a_person_until_a_year_has_passed() -> None:
    policy = Retraining(budget_per_year=2)
    spent = (Attempt(NOW - 364 * DAY, 0, Outcome.PROMOTED), Attempt(NOW - 100 * DAY, 0, Outcome.PROMOTED))
    found = decision(policy=policy, attempts=spent)
    assert (found.action, found.run_key) == ("escalate", None)
    assert "2 of 2 retrainings of the last 365 days are used (the oldest on 2012-06-02 00:00 UTC)" in found.reason
    assert found.reason.endswith(f"What to do: feature drift: {ACTIONS[FEATURE]}.")
    free = (Attempt(NOW - 365 * DAY, 0, Outcome.PROMOTED), spent[1])
    assert decision(policy=policy, attempts=free).action == "retrain"


def test_without_any_budget_drift_always_calls_a_person() -> None:
    found = decision(policy=Retraining(budget_per_year=0))
    assert found.action == "escalate"
    assert "0 of 0 retrainings" in found.reason


def test_too_few_new_rows_wait() -> None:
    found = decision(new_rows=999)
    assert found.action == "wait"
    assert "999 labelled rows are newer than the last training knew; 1,000 are needed" in found.reason
    assert decision(new_rows=1000).action == "retrain"


def test_a_rejected_retraining_is_tried_again_with_another_key_once_a_report_has_come() -> None:
    tried = asked(20, saw="2013-05-03")
    assert "No report has come since the retraining decided on 2013-05-12 00:00 UTC, which saw 2013-05-03" in decision(attempts=(tried,)).reason
    later = decision(reports({}, {FEATURE: True}, {FEATURE: True}, {FEATURE: True}), attempts=(tried,))
    assert (later.action, later.run_key) == ("retrain", "delays:1:2")


def test_two_retrainings_in_a_row_that_did_not_help_call_a_person() -> None:
    episode = Episode(1, "2013-04-20")
    tried = (asked(40), asked(20, Outcome.UNFINISHED, number=2))
    found = decision(attempts=tried, episode=episode)
    assert (found.action, found.episode) == ("escalate", episode)
    assert found.reason.startswith(
        "2 retrainings in a row against version 1 did not help (on 2013-04-22 00:00 UTC not promoted, on 2013-05-12 00:00 UTC unfinished), "
        "and the drift that began in 2013-04-20 lasts. Last reports, up to 2013-05-03: feature drifted in 2 of 3"
    )
    assert decision(attempts=tried, episode=None).action == "retrain", "another episode"
    assert decision(attempts=(tried[0], asked(20, Outcome.PROMOTED, number=2)), episode=episode).action == "retrain", "rolled back"


def test_two_retrainings_that_did_not_help_call_a_person_even_in_the_cooldown() -> None:
    tried = (asked(20), asked(1, number=2))
    assert decision(attempts=tried, episode=Episode(1, "2013-04-20")).action == "escalate"


def test_every_kind_that_lasts_has_its_action_when_a_person_is_called() -> None:
    found = decision(reports(dict.fromkeys(DriftKind, True), dict.fromkeys(DriftKind, True)), policy=Retraining(budget_per_year=0))
    assert found.kinds == tuple(DriftKind)
    assert all(f"{kind} drift: {ACTIONS[kind]}" in found.reason for kind in DriftKind)


def test_an_episode_goes_on_until_the_kinds_that_were_treated_are_clear() -> None:
    episode = Episode(1, "2013-04-20")
    tried = (asked(20),)
    calm = reports({}, {}, {})
    assert decision(calm, attempts=tried, episode=episode).episode is None
    assert decision(reports({FEATURE: None}, {}, {FEATURE: None}), attempts=tried, episode=episode).episode == episode, "inconclusive is no all-clear"
    assert decision(reports({LABEL: None}, {}, {LABEL: None}), attempts=tried, episode=episode).episode is None, "label was not treated"
    assert decision(reports({FEATURE: True}, {}, {}), attempts=tried, episode=episode).episode == episode, "one report still drifts"
    assert decision((), attempts=tried, episode=episode).episode == episode, "nothing is known"
    assert decision(calm, episode=episode).episode is None, "nothing was treated"
    assert decision((), episode=episode).episode == episode
    assert decision(calm).episode is None


def test_another_champion_begins_a_new_episode() -> None:
    assert decision(episode=Episode(0, "2013-01-01")).episode == Episode(1, "2013-05-02")
    assert decision(reports({}, {}, {}), episode=Episode(0, "2013-01-01")).episode is None


def test_a_retraining_that_was_never_launched_is_asked_for_again_with_its_own_key() -> None:
    lost = asked(1, Outcome.UNFINISHED, saw="2013-05-03")
    found = decision(attempts=(lost,), launched=False)
    assert (found.action, found.run_key) == ("retrain", "delays:1:1")
    assert found.reason.startswith("The retraining decided on 2013-05-31 00:00 UTC was never launched and is asked for again. Last reports, up to ")
    assert decision(attempts=(lost,), launched=True).action == "wait"
    assert decision(attempts=(asked(1, saw="2013-05-03"),), launched=False).action == "wait", "it has a verdict"
    assert decision(attempts=(lost,), launched=False, running=True).action == "wait"
    assert decision(reports({}, {}, {}), attempts=(lost,), launched=False).action == "wait", "the drift is gone"


def test_a_retraining_lost_long_ago_is_decided_afresh() -> None:
    lost = asked(30, Outcome.UNFINISHED)
    assert decision(attempts=(lost,), launched=False).run_key == "delays:1:2"
    same = asked(30, Outcome.UNFINISHED, saw="2013-05-03")
    assert decision(attempts=(same,), launched=False).run_key == "delays:1:1", "nothing new has come since"


MINUTE = DAY / 1440


def killed(*minutes_ago: float, days_ago: float = 1, saw: str = "2013-05-03") -> Attempt:
    """A retraining of this episode whose runs failed, asked for again so many minutes ago."""
    retries = tuple(NOW - minutes * MINUTE for minutes in minutes_ago)
    return replace(asked(days_ago, Outcome.UNFINISHED, saw=saw), episode="2013-05-02", retries=retries)


@pytest.mark.parametrize(("tried", "number"), [((), 1), ((10,), 2), ((70, 60), 3)])
def test_a_retraining_whose_run_failed_is_tried_again_with_a_key_of_its_own(tried: tuple[float, ...], number: int) -> None:
    found = decision(attempts=(killed(*tried),), episode=Episode(1, "2013-05-02"), failed=True)
    assert (found.action, found.run_key, found.trigger) == ("retrain", f"delays:1:1:retry-{number}", "drift")
    times = f" {number} times" if number > 1 else ""
    assert found.reason.startswith(
        f"The retraining decided on 2013-05-31 00:00 UTC was launched{times}, and no version of it was judged, for its run failed or was killed. "
        f"It is tried again in the same episode, which began in 2013-05-02, {number} of 3 times. "
        "Last reports, up to 2013-05-03: feature drifted in 2 of 3"
    )


@pytest.mark.parametrize("tried", [(9,), (70, 59), (-5,)])
def test_later_tries_of_a_retraining_wait_for_what_is_wrong_to_pass(tried: tuple[float, ...]) -> None:
    found = decision(attempts=(killed(*tried),), episode=Episode(1, "2013-05-02"), failed=True)
    assert (found.action, found.run_key) == ("wait", None)
    assert "It is tried again on 2013-06-01 00:" in found.reason


def test_a_retraining_that_failed_four_times_calls_a_person_until_it_would_be_decided_afresh() -> None:
    episode = Episode(1, "2013-05-02")
    found = decision(attempts=(killed(90, 80, 70),), episode=episode, failed=True)
    assert (found.action, found.episode) == ("escalate", episode)
    assert "was launched 4 times, and no version of it was judged" in found.reason
    assert "Look at its run, correct the cause, then `mlworks retrain delays --why TEXT`." in found.reason
    old = killed(*(20 * 1440.0,) * 3, days_ago=20, saw="2013-05-01")
    assert decision(attempts=(old,), episode=episode, failed=True).run_key == "delays:1:2"
    again = replace(asked(15, Outcome.UNFINISHED, number=2), episode="2013-05-02")
    assert "2 retrainings in a row" in decision(attempts=(old, again), episode=episode, failed=True).reason, "the breaker counts tries as one"


def test_only_a_retraining_that_failed_by_itself_in_this_episode_is_tried_again() -> None:
    episode = Episode(1, "2013-05-02")
    assert decision(attempts=(killed(),), episode=episode).action == "wait", "a person stopped it"
    assert decision(attempts=(killed(),), episode=episode, failed=True, running=True).action == "wait", "a try is under way"
    assert decision(attempts=(killed(),), episode=Episode(1, "2013-05-20"), failed=True).action == "wait", "that was other drift"
    assert decision(reports({}, {}, {}), attempts=(killed(),), episode=episode, failed=True).action == "wait", "the drift is gone"
    assert decision(attempts=(replace(killed(), trigger="person"),), episode=episode, failed=True).action == "wait", "that is the person's business"


def test_tries_of_a_retraining_cost_one_of_the_budget_and_the_cooldown_runs_from_the_last() -> None:
    old = replace(killed(*(13 * 1440.0,) * 2, days_ago=15), outcome=Outcome.REJECTED, latest_report="2013-05-01")
    found = decision(attempts=(old,), policy=Retraining(budget_per_year=2))
    assert found.reason.startswith("Drift lasts, but the last training, on 2013-05-19 00:00 UTC (not promoted), is less than the cooldown of 2w ago.")
    assert decision(attempts=(old,), policy=Retraining(budget_per_year=2, cooldown=timedelta(days=1))).run_key == "delays:1:2"


def test_a_clock_that_went_backwards_waits() -> None:
    assert decision(attempts=(asked(-5),)).action == "wait"


@pytest.mark.parametrize("now", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_the_ends_of_time_and_the_longest_cooldown_are_no_crash(now: datetime) -> None:
    policy = Retraining(cooldown=timedelta.max - timedelta(microseconds=999999))
    history = History((asked(1), Attempt(datetime.max.replace(tzinfo=UTC), 1), Attempt(datetime.min.replace(tzinfo=UTC), 1)))
    assert decide(Evidence("delays", 1, DRIFT), policy, history, now).reason


def test_the_last_retraining_is_what_reports_must_be_newer_than() -> None:
    tried = (asked(60, saw="2013-03-01"), asked(30, number=2, saw="2013-05-03"))
    assert decision(attempts=tried).reason.startswith("No report has come since the retraining decided on 2013-05-02")


def test_retrainings_of_another_champion_are_not_counted_in_the_key() -> None:
    before = Attempt(NOW - 60 * DAY, 0, Outcome.PROMOTED, "delays:0:1", "2013-02-01", "2013-05-31", (FEATURE,))
    assert decision(attempts=(before,)).run_key == "delays:1:1"


def test_an_episode_ends_when_all_the_kinds_that_were_treated_in_it_are_clear() -> None:
    episode = Episode(1, "2013-04-20")
    both = Attempt(NOW - 20 * DAY, 1, Outcome.REJECTED, "delays:1:1", episode.began, "2013-05-01", (FEATURE, PREDICTION))
    half = reports({PREDICTION: None}, {PREDICTION: None})
    assert decision(half, attempts=(both,), episode=episode).episode == episode
    assert decision(half, attempts=(asked(20),), episode=episode).episode is None
    earlier = Attempt(NOW - 90 * DAY, 1, Outcome.REJECTED, "delays:1:0", "2013-01-01", "2013-01-01", (PREDICTION,))
    assert decision(half, attempts=(earlier, asked(20)), episode=episode).episode is None, "prediction was treated in another episode"
