import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Verdict, find_verdict, give_word, judge, judge_by_days, load_snapshot, moves, run_gate, verdicts
from mlworks_orchestration.training.snapshot import find_snapshot
from tests.training.mortal import Killed, mortal
from tests.training.trips import Deployment, day, declare, deployment

NAME = "trip_delay"


def gate(made: Deployment, version: int, number: float = 46, model: MLModel | None = None) -> Verdict:
    with clock.replaying(day(number)):
        return run_gate(made.lake, made.catalog, model or made.model, made.registry, version)


def test_a_better_challenger_takes_over_and_the_verdict_has_both_numbers(challenged: Deployment) -> None:
    verdict = gate(challenged, 2)
    snapshot = find_snapshot(challenged.lake, challenged.model, challenged.registry.version(NAME, 2).tags["snapshot"])
    _, rows = load_snapshot(challenged.lake, challenged.catalog, challenged.model, snapshot)
    both = [challenged.registry.load(NAME, version).predict(rows) for version in (2, 1)]
    expected = judge(challenged.model, rows["label"].to_numpy(), *both, np.random.default_rng([7, 2]))
    assert (verdict.challenger_value, verdict.champion_value, verdict.gain) == (expected.challenger_value, expected.champion_value, expected.gain)
    assert (verdict.gain_low, verdict.gain_high, verdict.rows) == (expected.gain_low, expected.gain_high, rows.height)
    assert (verdict.promoted, verdict.champion, verdict.metric, verdict.holdout) == (True, 1, "mae", snapshot.holdout)
    assert challenged.registry.aliases(NAME) == {"champion": 2, "previous": 1}
    assert challenged.registry.version(NAME, 2).tags["gate"] == "promoted"
    assert challenged.registry.version(NAME, 2).tags["gate_reason"] == verdict.reason
    assert verdict.reason.startswith(f"Promoted: on 200 held-out rows version 2 has mae {expected.challenger_value:.4g}, version 1")


def test_declared_so_whole_days_are_compared_and_the_verdict_says_over_how_many(challenged: Deployment) -> None:
    _, model = declare(gate={"blocks": "day"})
    verdict = gate(challenged, 2, model=model)
    snapshot = find_snapshot(challenged.lake, challenged.model, challenged.registry.version(NAME, 2).tags["snapshot"])
    _, rows = load_snapshot(challenged.lake, challenged.catalog, challenged.model, snapshot)
    both = [challenged.registry.load(NAME, version).predict(rows) for version in (2, 1)]
    expected = judge_by_days(model, rows, *both, np.random.default_rng([7, 2]))
    assert (verdict.gain_low, verdict.gain_high, verdict.promoted) == (expected.gain_low, expected.gain_high, True)
    assert verdict.blocks == rows["starts_at"].dt.date().n_unique() - 1 == 5, "the first minutes of a sixth day go with the fifth"
    assert "over 5 days, which are few, so that it is wide; its lower end is above 0." in verdict.reason
    assert find_verdict(challenged.lake, NAME, 2) == verdict


def test_the_verdict_is_stored_and_read_back_as_it_was(challenged: Deployment) -> None:
    verdict = gate(challenged, 2)
    assert find_verdict(challenged.lake, NAME, 2) == verdict
    assert verdicts(challenged.lake, NAME)["challenger"].to_list() == [1, 2]
    assert find_verdict(challenged.lake, NAME, 3) is None


def test_a_challenger_that_is_no_better_is_refused(fresh: Deployment) -> None:
    fresh.fit(day(24))
    assert gate(fresh, 1, 24).promoted
    same = fresh.fit(day(24.2))
    verdict = gate(fresh, same.version, 24.2)
    assert not verdict.promoted
    assert verdict.reason.startswith("Not promoted: on ")
    assert "its lower end is not above 0." in verdict.reason
    assert fresh.registry.aliases(NAME) == {"champion": 1, "challenger": 2}
    assert fresh.registry.version(NAME, 2).tags["gate"] == "refused"


def test_the_least_gain_that_is_asked_for_is_asked_of_the_lower_end(challenged: Deployment) -> None:
    sure = gate(challenged, 2)
    assert sure.gain_low is not None
    for least, expected in ((sure.gain_low - 0.01, True), (sure.gain_low, False), (sure.gain_low + 0.01, False)):
        home = challenged.home.parent / str(least)
        shutil.copytree(challenged.home, home)
        again = deployment(home)
        shutil.rmtree(home / "lake" / NAME / "verdicts")
        again.registry.promote(NAME, 1, why="back")
        _, model = declare(gate={"min_gain": least})
        assert gate(again, 2, model=model).promoted is expected


def test_the_first_model_must_be_better_than_the_best_constant(fresh: Deployment) -> None:
    _, useless = declare(estimator="tests.training.estimators:useless", hyperparameters={})
    fresh.fit(day(40), useless)
    verdict = gate(fresh, 1, 40, useless)
    assert (verdict.promoted, verdict.champion) == (False, None)
    assert "the best constant" in verdict.reason
    assert fresh.registry.champion(NAME) is None
    fresh.fit(day(46))
    verdict = gate(fresh, 2)
    assert (verdict.promoted, verdict.champion) == (True, None)
    assert fresh.registry.aliases(NAME) == {"champion": 2}


def test_rows_that_the_champion_was_trained_on_are_left_out(fresh: Deployment) -> None:
    champion = fresh.fit(day(46))
    assert gate(fresh, 1).promoted
    fresh.fit(day(43))
    verdict = gate(fresh, 2)
    start = champion.snapshot.window.end
    assert verdict.holdout.start == start
    assert verdict.holdout.end == day(42) + timedelta(microseconds=1)
    assert 20 < verdict.rows < 200
    assert f"{200 - verdict.rows} held-out rows were left out because version 1 was trained on them." in verdict.reason


def test_too_few_rows_that_neither_was_trained_on_mean_no_promotion(fresh: Deployment) -> None:
    fresh.fit(day(46))
    assert gate(fresh, 1).promoted
    fresh.fit(day(36))
    verdict = gate(fresh, 2)
    assert (verdict.promoted, verdict.rows, verdict.gain, verdict.challenger_value) == (False, 0, None, None)
    assert verdict.reason.startswith("Not promoted: 0 held-out rows are too few")
    assert fresh.registry.aliases(NAME) == {"champion": 1, "challenger": 2}
    assert find_verdict(fresh.lake, NAME, 2) == verdict


def test_a_verdict_once_carried_out_does_not_undo_a_rollback(challenged: Deployment) -> None:
    verdict = gate(challenged, 2)
    with clock.replaying(day(48)):
        challenged.registry.promote(NAME, 1, why="2 was worse after all", moved_by="anna")
    assert gate(challenged, 2, 49) == verdict
    assert challenged.registry.aliases(NAME) == {"champion": 1, "previous": 2}


def test_a_champion_that_was_promoted_by_hand_is_not_judged_against_itself(challenged: Deployment) -> None:
    challenged.registry.promote(NAME, 2, why="by hand", moved_by="anna")
    with pytest.raises(TrainingError, match="version 2 serves already without a verdict"):
        gate(challenged, 2)
    assert find_verdict(challenged.lake, NAME, 2) is None


@pytest.mark.parametrize("tag", ["snapshot", "baseline"])
def test_a_version_that_was_registered_by_hand_is_refused_with_the_reason(fresh: Deployment, tag: str) -> None:
    fresh.fit(day(40))
    fresh.registry.client.delete_model_version_tag(NAME, "1", tag)
    with pytest.raises(TrackingError, match=f"trip_delay version 1 has no tag '{tag}'"):
        gate(fresh, 1, 40)
    assert verdicts(fresh.lake, NAME).is_empty()


def test_a_champion_that_needs_a_feature_which_is_no_longer_declared_is_named_with_the_remedy(challenged: Deployment) -> None:
    _, narrow = declare(features=[{"table": "trips", "columns": ["carrier"]}], estimator="tests.training.estimators:strict", hyperparameters={})
    challenged.fit(day(46.5), narrow)
    with pytest.raises(TrainingError, match=r"version 1, was trained with the feature 'distance', which is no longer declared.*Registry.promote"):
        gate(challenged, 3, 46.5, narrow)
    assert find_verdict(challenged.lake, NAME, 3) is None
    assert challenged.registry.aliases(NAME) == {"challenger": 3, "champion": 1}


def state(made: Deployment) -> tuple[object, ...]:
    return (
        made.registry.aliases(NAME),
        moves(made.lake, NAME).drop("recorded_at").to_dicts(),
        verdicts(made.lake, NAME).to_dicts(),
        made.registry.version(NAME, 2).tags["gate"],
    )


def test_killed_before_any_write_there_is_a_champion_and_the_next_run_heals(challenged: Deployment, tmp_path: Path) -> None:
    whole = deployment(shutil.copytree(challenged.home, tmp_path / "whole"))
    gate(whole, 2)
    for writes in range(100):
        made = deployment(shutil.copytree(challenged.home, tmp_path / f"killed-{writes}"))
        try:
            gate(mortal(made, writes), 2)
        except Killed:
            champion = made.registry.champion(NAME)
            assert champion is not None, f"killed before write {writes + 1}"
            gate(made, 2, 46.1)
            assert state(made)[1:] == state(whole)[1:] or writes == 0, f"killed before write {writes + 1}"
            assert state(made)[0] == state(whole)[0]
        else:
            break
    assert writes == 7, "verdict, two tags, previous, champion, challenger, rows"
    gate(made, 2, 47)
    assert state(made) == state(whole)


def test_killed_before_any_write_an_approved_version_takes_over_once_all_the_same(challenged: Deployment, tmp_path: Path) -> None:
    _, model = declare(gate={"mode": "manual"})
    gate(challenged, 2, model=model)
    with clock.replaying(day(46)):
        give_word(challenged.lake, model, challenged.registry, 2, "approve", by="anna", why="better")
    whole = deployment(shutil.copytree(challenged.home, tmp_path / "whole"))
    gate(whole, 2, model=model)
    assert whole.registry.aliases(NAME) == {"champion": 2, "previous": 1}
    for writes in range(100):
        made = deployment(shutil.copytree(challenged.home, tmp_path / f"killed-{writes}"))
        try:
            gate(mortal(made, writes), 2, model=model)
        except Killed:
            assert made.registry.champion(NAME) is not None, f"killed before write {writes + 1}"
            gate(made, 2, model=model)
            assert state(made) == state(whole), f"killed before write {writes + 1}"
        else:
            break
    assert writes == 6, "two tags, previous, champion, challenger, rows"
    assert state(made) == state(whole)
