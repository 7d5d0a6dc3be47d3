"""Tests of a version are run once, kept, shown, and hold it back; whatever is killed or raises in between, the next run heals."""

import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mlworks_orchestration import clock
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import LOADS_CLEANLY, MLModel
from mlworks_orchestration.training import (
    Finding,
    Result,
    Subject,
    Verdict,
    approved,
    find_verdict,
    give_word,
    held_back,
    moves,
    results,
    roll_back,
    run_gate,
    run_tests,
    store_results,
    stored_results,
)
from tests.training.mortal import Killed, mortal
from tests.training.passing import let_pass
from tests.training.trips import Deployment, day, declare, deployment

NAME = "trip_delay"
GOOD = {"kind": "minimum_quality", "at_most": 3.0}
BAD = {"kind": "minimum_quality", "at_most": 0.1, "name": "too_much"}
UNCLEAR = {"kind": "minimum_quality", "at_most": 3.0, "min_rows": 5000, "name": "unclear"}
OWN = f"{__name__}:counted"
broken: list[str] = []
calls: list[int] = []


def counted(subject: Subject) -> Finding:
    """A user's test, which raises what `broken` holds."""
    calls.append(subject.version.version)
    if broken:
        raise KeyError(broken[0])
    return Finding("passed", "It was called.", 1.0)


@pytest.fixture(autouse=True)
def _as_new() -> None:
    broken.clear()
    calls.clear()


def declaring(*tests: dict[str, Any], **changes: object) -> MLModel:
    return declare(model_tests=list(tests), **changes)[1]


def run_them(made: Deployment, model: MLModel, version: int, number: float = 46) -> list[Result]:
    with clock.replaying(day(number)):
        return run_tests(made.lake, made.catalog, model, made.registry, version)


def gate(made: Deployment, model: MLModel, version: int, number: float = 46) -> Verdict:
    with clock.replaying(day(number)):
        return run_gate(made.lake, made.catalog, model, made.registry, version)


@pytest.fixture
def loaded(challenged: Deployment) -> Deployment:
    """Version 3 is fitted, is known to load cleanly, and is not tested otherwise; 1 is champion and 2 challenger."""
    fitted = challenged.fit_untested(day(46.2))
    with clock.replaying(day(46.2)):
        let_pass(challenged.lake, NAME, 3, fitted.snapshot.id)
    return challenged


def test_what_tests_found_is_kept_with_numbers_and_words_and_shown_in_mlflow(loaded: Deployment) -> None:
    model = declaring(GOOD, BAD, {"kind": "slice_quality", "at_most": 3.0, "slices": ["carrier"], "min_rows": 40}, {"kind": OWN, "severity": "warn"})
    found = run_them(loaded, model, 3)
    assert [(one.test, one.finding.state) for one in found] == [
        (LOADS_CLEANLY, "passed"),
        ("minimum_quality", "passed"),
        ("too_much", "failed"),
        ("slice_quality", "passed"),
        ("counted", "passed"),
    ]
    rows = stored_results(loaded.lake, NAME).filter(pl.col("version") == 3)
    version = loaded.registry.version(NAME, 3)
    quality = rows.row(by_predicate=pl.col("test") == "minimum_quality", named=True)
    assert quality["low"] < quality["value"] < quality["high"] < quality["limit"] == 3.0
    assert (quality["snapshot"], quality["champion"], quality["rows"], quality["metric"]) == (version.tags["snapshot"], 1, 200, "mae")
    assert set(rows.filter(pl.col("test") == "slice_quality")["part"]) == {"", "carrier=A", "carrier=B", "carrier=C", "carrier=missing"}
    assert rows.filter(pl.col("test") == "counted")["severity"].item() == "warn"
    run = loaded.registry.client.get_run(version.run_id)
    assert run.data.metrics["model_tests.minimum_quality"] == quality["value"]
    assert run.data.tags["model_tests.too_much"] == "failed"
    assert version.tags["model_tests"] == "failed: too_much"
    assert loaded.registry.aliases(NAME) == {"champion": 1, "challenger": 3}
    assert results(loaded.lake, NAME, 3) == {one.test: one for one in found}, "what is read back is what was found"


def test_a_version_is_tested_once(loaded: Deployment) -> None:
    model = declaring({"kind": OWN})
    first = run_them(loaded, model, 3)
    before = loaded.lake.version(f"{NAME}/model_tests")
    assert run_them(loaded, model, 3, 47) == first
    assert calls == [3]
    assert loaded.lake.version(f"{NAME}/model_tests") == before


def test_only_what_is_missing_is_run(loaded: Deployment) -> None:
    run_them(loaded, declaring({"kind": OWN}), 3)
    more = run_them(loaded, declaring({"kind": OWN}, GOOD), 3, 47)
    assert [one.test for one in more] == [LOADS_CLEANLY, "counted", "minimum_quality"]
    assert calls == [3]
    assert stored_results(loaded.lake, NAME).filter(pl.col("test") == "counted").height == 1


def test_of_two_results_of_the_same_test_the_first_counts(loaded: Deployment) -> None:
    for number, state in ((48, "failed"), (47, "passed")):
        again = [Result("mine", "mine", "error", Finding(state, "…"))]  # type: ignore[arg-type]
        store_results(loaded.lake, NAME, 3, again, snapshot="abc", champion=1, tested_at=day(number))
    assert results(loaded.lake, NAME, 3)["mine"].holds


@pytest.mark.parametrize(("test", "words"), [(BAD, "too_much failed: mae is"), (UNCLEAR, "unclear cannot tell: 200 held-out rows are too few")])
def test_a_version_that_fails_or_of_which_it_cannot_be_told_is_not_promoted_though_it_is_better(
    loaded: Deployment, test: dict[str, Any], words: str
) -> None:
    model = declaring(GOOD, test)
    run_them(loaded, model, 3)
    verdict = gate(loaded, model, 3)
    assert verdict.gain_low is not None
    assert verdict.gain_low > 0
    assert (verdict.favourable, verdict.promoted) == (False, False)
    assert verdict.reason.startswith("Not promoted: on ")
    assert f"Held back by its model tests: {words}" in verdict.reason
    assert loaded.registry.aliases(NAME) == {"champion": 1, "challenger": 3}
    assert loaded.registry.version(NAME, 3).tags["gate"] == "refused"


def test_a_warning_holds_nothing_back(loaded: Deployment) -> None:
    model = declaring({**BAD, "severity": "warn"})
    run_them(loaded, model, 3)
    assert gate(loaded, model, 3).promoted
    assert loaded.registry.aliases(NAME) == {"champion": 3, "previous": 1}


def test_what_was_not_tested_is_not_judged_and_not_promoted(loaded: Deployment) -> None:
    with pytest.raises(TrainingError, match=r"version 3 was not tested: minimum_quality. What was not tested is not promoted"):
        gate(loaded, declaring(GOOD), 3)
    assert find_verdict(loaded.lake, NAME, 3) is None
    fitted = loaded.fit_untested(day(46.4))
    with pytest.raises(TrainingError, match=f"was not tested: {LOADS_CLEANLY}"):
        gate(loaded, loaded.model, fitted.version)
    assert loaded.registry.aliases(NAME) == {"champion": 1, "challenger": 2}


def test_people_cannot_approve_what_failed_and_the_error_says_why(loaded: Deployment) -> None:
    model = declaring(BAD, gate={"mode": "manual"})
    run_them(loaded, model, 3)
    gate(loaded, model, 3)
    with pytest.raises(TrainingError, match=r"version 3 does not wait for approval: its verdict was unfavourable.*too_much failed: mae is"):
        give_word(loaded.lake, model, loaded.registry, 3, "approve", by="anna", why="I like it")
    assert approved(loaded.lake, model) is None


def test_a_version_that_waits_is_held_to_the_tests_of_today(loaded: Deployment) -> None:
    manual, more, worse = (declaring(*tests, gate={"mode": "manual"}) for tests in ((GOOD,), (GOOD, UNCLEAR), (GOOD, BAD)))
    run_them(loaded, manual, 3)
    assert gate(loaded, manual, 3).favourable
    with pytest.raises(TrainingError, match="it was not tested for unclear; materialise trip_delay/champion for it first"):
        give_word(loaded.lake, more, loaded.registry, 3, "approve", by="anna", why="better")
    with clock.replaying(day(46.5)):
        give_word(loaded.lake, manual, loaded.registry, 3, "approve", by="anna", why="better")
    assert approved(loaded.lake, manual) is not None
    assert approved(loaded.lake, more) is None, "declared meanwhile and never run"
    run_them(loaded, worse, 3)
    assert not approved(loaded.lake, worse)
    with pytest.raises(TrainingError, match=r"its model tests do not allow it. Held back by its model tests: too_much failed"):
        give_word(loaded.lake, worse, loaded.registry, 3, "approve", by="ben", why="better")
    gate(loaded, worse, 3, 47)
    assert loaded.registry.aliases(NAME)["champion"] == 1
    gate(loaded, manual, 3, 48)
    assert loaded.registry.aliases(NAME)["champion"] == 3


def test_a_rollback_is_no_way_round_the_tests(loaded: Deployment) -> None:
    model = declaring(BAD)

    def back(to: int) -> None:
        roll_back(loaded.lake, model, loaded.registry, to, by="anna", why="I like it")

    with pytest.raises(TrainingError, match="version 3 was not tested: too_much"):
        back(3)
    run_them(loaded, model, 3)
    with pytest.raises(TrainingError, match=r"version 3 never served, so there is nothing to go back to, and it may not serve now. Held back by"):
        back(3)
    assert loaded.registry.aliases(NAME)["champion"] == 1
    loaded.registry.promote(NAME, 2, why="by hand")
    back(1)
    assert loaded.registry.aliases(NAME)["champion"] == 1, "what served before the test was declared may serve again"


def test_a_test_that_raises_leaves_aliases_as_they_were_and_is_run_again(loaded: Deployment) -> None:
    broken.append("no such column")
    model = declaring(GOOD, {"kind": OWN})
    before, moved = loaded.registry.aliases(NAME), moves(loaded.lake, NAME)
    with pytest.raises(TrainingError, match=r"1 of 3 tests could not be run, so it is not promoted. counted: KeyError: 'no such column'. Mend that"):
        run_them(loaded, model, 3)
    assert (loaded.registry.aliases(NAME), moves(loaded.lake, NAME).equals(moved)) == (before, True)
    assert set(results(loaded.lake, NAME, 3)) == {LOADS_CLEANLY, "minimum_quality"}, "what the others found is kept"
    with pytest.raises(TrainingError, match="was not tested: counted"):
        gate(loaded, model, 3)
    broken.clear()
    assert all(one.holds for one in run_them(loaded, model, 3, 47))
    assert gate(loaded, model, 3, 47).promoted


def test_a_training_that_fails_half_way_or_is_not_tested_yet_moves_no_alias(challenged: Deployment) -> None:
    before = challenged.registry.aliases(NAME)
    with pytest.raises(TrainingError):
        challenged.fit_untested(day(47), declare(estimator="tests.training.estimators:silent", hyperparameters={})[1])
    challenged.fit_untested(day(47))
    assert challenged.registry.aliases(NAME) == before


def test_a_version_from_elsewhere_cannot_be_run_them(challenged: Deployment) -> None:
    challenged.fit_untested(day(47))
    challenged.registry.client.delete_model_version_tag(NAME, "3", "snapshot")
    with pytest.raises(TrackingError, match="version 3 has no tag 'snapshot', so it did not come from here and cannot be tested"):
        run_them(challenged, declaring(GOOD), 3)


def test_an_older_version_that_is_tested_later_does_not_become_the_challenger(loaded: Deployment) -> None:
    run_them(loaded, declaring(GOOD), 3)
    run_them(loaded, declaring(GOOD), 2, 47)
    assert loaded.registry.aliases(NAME) == {"champion": 1, "challenger": 3}


def test_long_words_still_fit_into_the_tags_of_mlflow(loaded: Deployment) -> None:
    many = [Result(f"t{n}", "mine", "error", Finding("failed", f"{n} " * 2000)) for n in range(15)]
    store_results(loaded.lake, NAME, 3, many, snapshot="abc", champion=1, tested_at=day(46))
    model = declaring(*({"kind": OWN, "name": f"t{n}"} for n in range(15)))
    verdict = gate(loaded, model, 3)
    assert len(verdict.reason) < 5000
    assert all(f"t{n} failed" in verdict.reason for n in range(15))
    assert not held_back(loaded.lake, declaring(), 3)


def state(made: Deployment) -> tuple[object, ...]:
    version = made.registry.version(NAME, 3)
    run = made.registry.client.get_run(version.run_id)
    shown = {name: value for name, value in {**run.data.metrics, **run.data.tags}.items() if name.startswith("model_tests")}
    kept = stored_results(made.lake, NAME).drop("tested_at").sort("version", "test", "part").to_dicts()
    return made.registry.aliases(NAME), moves(made.lake, NAME).drop("recorded_at", "held_from").to_dicts(), kept, shown, version.tags


def test_killed_before_any_write_the_next_run_completes_it_without_double_rows(loaded: Deployment, tmp_path: Path) -> None:
    model = declaring(GOOD, BAD)
    whole = deployment(shutil.copytree(loaded.home, tmp_path / "whole"))
    run_them(whole, model, 3)
    for writes in range(100):
        made = deployment(shutil.copytree(loaded.home, tmp_path / f"killed-{writes}"))
        try:
            run_them(mortal(made, writes), model, 3)
        except Killed:
            assert made.registry.aliases(NAME)["champion"] == 1
            run_them(made, model, 3, 46.1)
            assert state(made) == state(whole), f"killed before write {writes + 1}"
        else:
            break
    assert writes == 5, "results, run, version's tag, challenger, its record"
    assert state(made) == state(whole)
