"""Versions that wait for people: who may say what, and what follows from it."""

import shutil
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from mlworks_orchestration import clock
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import Gate, MLModel
from mlworks_orchestration.training import Standing, approvals, approved, find_verdict, give_word, holder, moves, run_gate, standing, verdicts
from tests.training.trips import Deployment, day, declare

NAME = "trip_delay"
MANUAL: MLModel = declare(gate={"mode": "manual"})[1]
TWO: MLModel = declare(gate={"mode": "manual", "approvals": 2})[1]
DRY: MLModel = declare(gate={"mode": "dry_run"})[1]


def gate(made: Deployment, model: MLModel, number: float = 46) -> bool:
    """Run the gate for version 2 and return whether it serves then."""
    with clock.replaying(day(number)):
        run_gate(made.lake, made.catalog, model, made.registry, 2)
    return made.registry.aliases(NAME)["champion"] == 2


def say(  # noqa: PLR0913 - a word has that many parts
    made: Deployment, word: str, by: str, model: MLModel = MANUAL, *, number: float = 47, version: int = 2
) -> Standing:
    with clock.replaying(day(number)):
        return give_word(made.lake, model, made.registry, version, "reject" if word == "reject" else "approve", by=by, why=f"{by} says {word}.")


def test_a_dry_run_stores_the_verdict_and_promotes_nothing(challenged: Deployment) -> None:
    assert not gate(challenged, DRY)
    verdict = find_verdict(challenged.lake, NAME, 2)
    assert verdict is not None
    assert (verdict.favourable, verdict.promoted, verdict.mode) == (True, False, "dry_run")
    assert verdict.reason.startswith("Favourable: on 200 held-out rows")
    assert verdict.reason.endswith("Not promoted, for gate.mode is dry_run: it would have been.")
    assert challenged.registry.version(NAME, 2).tags["gate"] == "dry_run"
    with pytest.raises(TrainingError, match=r"gate\.mode dry_run, which asks nobody"):
        say(challenged, "approve", "anna")
    assert not gate(challenged, DRY, 48)


def test_an_approved_version_takes_over_when_the_gate_is_run_again(challenged: Deployment) -> None:
    assert not gate(challenged, MANUAL)
    assert challenged.registry.version(NAME, 2).tags["gate"] == "waiting"
    assert not gate(challenged, MANUAL, 46.5)
    assert say(challenged, "approve", "anna").grants(1)
    assert gate(challenged, MANUAL, 48)
    assert challenged.registry.version(NAME, 2).tags["gate"] == "promoted"
    last = moves(challenged.lake, NAME).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["moved_by"], last["held_from"]) == ("anna", day(48))
    assert last["why"].endswith("Approved by anna: anna says approve.")
    with clock.replaying(day(49)):
        challenged.registry.promote(NAME, 1, why="worse after all", moved_by="ben")
    assert not gate(challenged, MANUAL, 50), "what was carried out once is not carried out again"


def test_the_same_person_twice_counts_once_whatever_the_case(challenged: Deployment) -> None:
    gate(challenged, TWO)
    say(challenged, "approve", "Anna Berg", TWO)
    assert not say(challenged, "approve", " anna  berg", TWO).grants(2)
    assert approvals(challenged.lake, NAME).height == 1
    assert not gate(challenged, TWO, 47)
    assert say(challenged, "approve", "ben", TWO).grants(2)
    assert gate(challenged, TWO, 48)
    assert moves(challenged.lake, NAME)["moved_by"][-1] == "Anna Berg, ben"


def test_the_last_word_of_each_person_counts_and_one_rejection_blocks(challenged: Deployment) -> None:
    gate(challenged, MANUAL)
    say(challenged, "approve", "anna")
    assert not say(challenged, "reject", "ben").grants(1)
    assert approved(challenged.lake, MANUAL) is None
    assert not gate(challenged, MANUAL, 48)
    say(challenged, "approve", "ben")
    say(challenged, "reject", "anna")
    assert not gate(challenged, MANUAL, 49)
    assert say(challenged, "approve", "anna").grants(1)
    found = approved(challenged.lake, MANUAL)
    assert found is not None
    assert (found[0].version, found[1]) == (2, 5)
    assert gate(challenged, MANUAL, 50)
    assert approved(challenged.lake, MANUAL) is None
    assert [word.action for word in standing(challenged.lake, NAME, 2).words] == ["approve", "approve"]


def test_a_word_about_a_version_that_does_not_wait_is_an_error_with_the_reason(challenged: Deployment) -> None:
    with pytest.raises(TrainingError, match="it was not judged yet; materialise trip_delay/champion"):
        say(challenged, "approve", "anna")
    with pytest.raises(TrackingError, match="has no version 9"):
        say(challenged, "approve", "anna", version=9)
    with pytest.raises(TrainingError, match=r"it serves already; `mlworks rollback trip_delay --why TEXT`"):
        say(challenged, "reject", "anna", version=1)
    gate(challenged, MANUAL)
    with pytest.raises(TrainingError, match=r"gate\.mode is now automatic"):
        say(challenged, "approve", "anna", challenged.model)
    for by, why in ((" ", "fine"), ("anna", " ")):
        with pytest.raises(TrainingError, match=r"--(by|why) is empty"):
            give_word(challenged.lake, MANUAL, challenged.registry, 2, "approve", by=by, why=why)
    say(challenged, "approve", "anna")
    assert gate(challenged, MANUAL, 48)
    challenged.registry.promote(NAME, 1, why="back")
    with pytest.raises(TrainingError, match=r"has served already and was replaced; `mlworks rollback trip_delay --to 2"):
        say(challenged, "approve", "ben", number=49)
    assert approvals(challenged.lake, NAME).height == 1


def test_an_unfavourable_verdict_cannot_be_approved(challenged: Deployment) -> None:
    _, strict = declare(gate={"mode": "manual", "min_gain": 1000})
    assert not gate(challenged, strict)
    with pytest.raises(TrainingError, match=r"its verdict was unfavourable\. Not promoted: on 200 held-out rows"):
        say(challenged, "approve", "anna", strict)


def test_a_version_judged_against_one_that_was_replaced_must_be_judged_anew(challenged: Deployment) -> None:
    gate(challenged, MANUAL)
    say(challenged, "approve", "anna")
    source = challenged.registry.client.get_model_version(NAME, "1").source
    challenged.registry.client.create_model_version(NAME, source)
    challenged.registry.promote(NAME, 3, why="by hand")
    with pytest.raises(TrainingError, match="judged while version 1 served, and version 3 serves now; train again"):
        say(challenged, "approve", "ben")
    assert approved(challenged.lake, MANUAL) is None
    assert not gate(challenged, MANUAL, 48)


def test_a_hand_in_mlflow_is_noticed_recorded_and_honoured(challenged: Deployment) -> None:
    gate(challenged, MANUAL)
    challenged.registry.client.set_registered_model_alias(NAME, "champion", "2")
    with pytest.raises(TrainingError, match="it serves already"):
        say(challenged, "approve", "anna")
    last = moves(challenged.lake, NAME).filter(pl.col("alias") == "champion").row(-1, named=True)
    assert (last["version"], last["why"], last["moved_by"], last["held_from"]) == (2, "found so in MLflow", "unknown", day(47))
    gate(challenged, MANUAL, 48)
    assert moves(challenged.lake, NAME).filter(pl.col("alias") == "champion")["version"].to_list() == [1, 2]
    assert holder(challenged.lake, NAME, "champion", day(46)) == 1


def test_verdicts_of_before_there_were_modes_are_read_and_added_to(challenged: Deployment) -> None:
    table = f"{NAME}/verdicts"
    old = challenged.lake.read(table).drop("favourable", "mode")
    shutil.rmtree(Path(challenged.lake.root) / table)
    challenged.lake.append(table, old)
    first = find_verdict(challenged.lake, NAME, 1)
    assert first is not None
    assert (first.favourable, first.mode) == (True, "automatic")
    gate(challenged, MANUAL)
    assert verdicts(challenged.lake, NAME)["mode"].to_list() == ["automatic", "manual"]
    assert verdicts(challenged.lake, NAME)["favourable"].to_list() == [True, True]


def test_two_approvals_without_a_manual_gate_are_an_error() -> None:
    with pytest.raises(ValidationError, match="approvals 2 would not be asked for in mode automatic; write mode: manual"):
        Gate(approvals=2)
    with pytest.raises(ValidationError, match="less than or equal to 2"):
        Gate(mode="manual", approvals=3)
