"""What may be declared of tuning."""

import pytest
from pydantic import ValidationError

from mlworks_orchestration.spec import Choices, Interval, Tune


def test_an_interval_of_whole_numbers_stays_one() -> None:
    tune = Tune.model_validate(
        {"search": {"leaves": {"low": 7, "high": 63}, "rate": {"low": 0.01, "high": 1, "log": True}, "loss": {"choices": ["a", "b"]}}}
    )
    leaves, rate, loss = tune.search.values()
    assert isinstance(leaves, Interval)
    assert isinstance(rate, Interval)
    assert isinstance(loss, Choices)
    assert (type(leaves.low), type(rate.low)) == (int, float)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"search": {}}, "at least 1 item"),
        ({"search": {"rate": {"low": 2, "high": 1}}}, "low 2 must be less than high 1"),
        ({"search": {"rate": {"low": 0, "high": 1, "log": True}}}, "low 0 must be above 0 where log is true"),
        ({"search": {"rate": {"choices": [1]}}}, "at least 2 items"),
        ({"search": {"rate": {"low": 1, "high": 2}}, "trials": 0}, "greater than or equal to 1"),
        ({"search": {"rate": {"low": 1, "high": 2}}, "time_limit": "soon"}, "soon"),
    ],
)
def test_what_cannot_be_searched_is_refused(declared: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Tune.model_validate(declared)


@pytest.mark.parametrize(("alpha", "fits"), [(1, True), (2.5, False), ("a", False)])
def test_declared_hyperparameters_must_be_among_what_is_searched(alpha: object, fits: bool) -> None:  # noqa: FBT001 - a case
    assert Interval(low=0.5, high=2).holds(alpha) is fits


def test_a_choice_holds_its_values_alone() -> None:
    assert Choices(choices=["a", 3]).holds("a")
    assert not Choices(choices=["a", 3]).holds("b")
