"""The policies that a backtest compares, and the words in which variants are given."""

from datetime import timedelta

import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.retraining.backtest import policies
from mlworks_orchestration.spec import DriftKind, MLModel
from tests.retraining.backtest.made import declaration


@pytest.fixture
def model() -> MLModel:
    return declaration()


def test_never_every_step_monthly_and_the_declared_policy_are_always_compared(model: MLModel) -> None:
    found = {policy.name: policy.model.retraining for policy in policies(model)}
    assert list(found) == ["never", "every step", "monthly", "declared"]
    assert found["never"].budget_per_year == 0
    assert found["monthly"].every == timedelta(weeks=4)
    assert found["declared"] == model.retraining


def test_a_variant_changes_the_fields_that_it_names_and_leaves_the_others_as_declared(model: MLModel) -> None:
    [variant] = [policy.model for policy in policies(model, ["cooldown=30d,kinds=label+concept,min_gain=0.5"]) if "=" in policy.name]
    assert variant.retraining.cooldown == timedelta(days=30)
    assert variant.retraining.kinds == [DriftKind.LABEL, DriftKind.CONCEPT]
    assert variant.gate.min_gain == pytest.approx(0.5)
    assert variant.retraining.window == model.retraining.window


def test_several_values_of_several_fields_are_a_policy_for_each_combination(model: MLModel) -> None:
    names = [policy.name for policy in policies(model, ["cooldown=7d|14d,min_new_rows=1|2"])][4:]
    assert names == ["cooldown=7d,min_new_rows=1", "cooldown=7d,min_new_rows=2", "cooldown=14d,min_new_rows=1", "cooldown=14d,min_new_rows=2"]


@pytest.mark.parametrize("mode", ["manual", "dry_run"])
def test_a_gate_that_waits_for_people_or_does_nothing_lets_a_better_challenger_serve_in_a_backtest(model: MLModel, mode: str) -> None:
    waiting = model.model_copy(update={"gate": model.gate.model_copy(update={"mode": mode})})
    assert {policy.model.gate.mode for policy in policies(waiting, [f"mode={mode},cooldown=1d"])} == {"automatic"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("cooldwn=30d", "did you mean 'cooldown'"),
        ("cooldown", "says no value"),
        ("cooldown=soon", "--policy: cooldown"),
        ("violations=4", "can never be reached"),
        ("kinds=labels", "did you mean 'label'"),
    ],
)
def test_what_is_no_policy_is_an_error_that_says_what_is_allowed(model: MLModel, given: str, words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        policies(model, [given])


def test_a_policy_that_is_given_twice_is_an_error(model: MLModel) -> None:
    with pytest.raises(DeclarationError, match="is there twice"):
        policies(model, ["cooldown=30d", "cooldown=30d"])
