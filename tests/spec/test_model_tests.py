"""Declared model tests: what is right, and what the author is told of what is not."""

from typing import Any

import pytest
from pydantic import ValidationError

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import CLASSIFICATION, METRICS, MLModel, OwnTest, explain
from tests.training.trips import declare


def wrong(*tests: object, **changes: object) -> str:
    """Return what the author is told."""
    with pytest.raises(ValidationError) as raised:
        declare(model_tests=list(tests), **changes)
    return str(explain(raised.value, spec=MLModel, where="defs.yaml"))


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"kind": "minimum_qualiti", "at_most": 3},
        "model_tests[0]: 'minimum_qualiti' is not allowed; did you mean 'minimum_quality'? Allowed: minimum_quality, ",
    ),
    ({"at_most": 3}, "model_tests[0]: {'at_most': 3} has no field 'kind' that says what it is."),
    (
        {"kind": 5},
        "model_tests[0]: '5' is not allowed; allowed: slice_quality, size, serving_parity, ",
    ),
    ({"kind": "minimum_quality"}, "model_tests[0]: give either at_most or at_least."),
    ({"kind": "minimum_quality", "at_most": 3, "at_least": 1}, "model_tests[0]: give either at_most or at_least."),
    ({"kind": "minimum_quality", "at_least": 3}, "model_tests[0]: mae is better when it is lower; give at_most."),
    ({"kind": "minimum_quality", "metric": "r2", "at_most": 3}, "model_tests[0]: r2 is better when it is higher; give at_least."),
    (
        {"kind": "minimum_quality", "metric": "rsme", "at_most": 3},
        "'rsme' is no metric of task regression; did you mean 'rmse'? Allowed: mae, mse, r2, rmse.",
    ),
    ({"kind": "minimum_quality", "metric": "roc_auc", "at_least": 0.7}, "'roc_auc' is no metric of task regression"),
    ({"kind": "slice_quality", "at_most": 3}, "the model declares no slices; name features under slices, of the model or of this test."),
    ({"kind": "slice_quality", "at_most": 3, "slices": ["carier"]}, "'carier' is no feature; did you mean 'carrier'?"),
    ({"kind": "no_slice_worse_than_champion", "slices": ["delay"]}, "'delay' is no feature; allowed: carrier, distance, rainy, seats."),
    ({"kind": "no_slice_worse_than_champion", "slices": ["carrier"], "margin": -1}, "model_tests[0].margin: -1 is not allowed"),
    ({"kind": "invariance", "column": "sets"}, "'sets' is no feature; did you mean 'seats'?"),
    ({"kind": "robust_to_missing", "columns": ["sets"]}, "'sets' is no feature; did you mean 'seats'?"),
    ({"kind": "robust_to_missing", "share": 0}, "model_tests[0].share: 0 is not allowed"),
    ({"kind": "direction", "column": "seats", "prediction": "increases"}, "give either change, which is added, or becomes."),
    ({"kind": "direction", "column": "seats", "prediction": "increases", "change": 0}, "change 0 changes nothing; give another number."),
    ({"kind": "direction", "column": "seats", "prediction": "up", "change": 1}, "model_tests[0].prediction: 'up' is not allowed"),
    ({"kind": "calibration"}, "task regression predicts no probability, so there is nothing to calibrate; leave this test out."),
    ({"kind": "latency"}, "give rows_a_second, milliseconds_a_row or times_champion."),
    ({"kind": "size", "at_most": 3}, "model_tests[0].at_most: Size has no such field; did you mean 'at_most_mb'?"),
    (
        {"kind": "size", "at_most_mb": 3, "name": "loads_cleanly"},
        "there is a test 'loads_cleanly' already; give this one a name of its own: name: ….",
    ),
    ({"kind": "my.tests:f", "argumens": {}}, "model_tests[0].argumens: OwnTest has no such field; did you mean 'arguments'?"),
    ({"kind": "my.tests:größe"}, "'größe' cannot be the name of a check; give the test one: name: …."),
    ({"kind": "my tests:f"}, "model_tests[0].kind: 'my tests:f' is not allowed; write package.module:function."),
]


@pytest.mark.parametrize(("test", "said"), WRONG)
def test_a_test_that_cannot_be_is_refused_with_the_remedy(test: dict[str, Any], said: str) -> None:
    assert said in wrong(test)


def test_two_tests_need_two_names() -> None:
    size = {"kind": "size", "at_most_mb": 3}
    assert "model_tests[1]: there is a test 'size' already" in wrong(size, size)
    _, model = declare(model_tests=[size, {**size, "name": "small"}, {"kind": "my.tests:size_too"}])
    assert [test.title for test in model.model_tests] == ["size", "small", "size_too"]


@pytest.mark.parametrize("task", sorted(CLASSIFICATION))
def test_probabilities_can_be_calibrated(task: str) -> None:
    _, model = declare(task=task, metrics={"primary": "roc_auc"}, model_tests=[{"kind": "calibration"}])
    assert model.model_tests[0].kind == "calibration"


@pytest.mark.parametrize("task", sorted(METRICS))
def test_each_metric_of_a_task_can_be_bounded_the_way_it_points(task: str) -> None:
    for metric in (one for one in METRICS[task].values() if one.name != "mase"):
        bound = "at_most" if metric.lower_is_better else "at_least"
        _, model = declare(task=task, metrics={"primary": metric.name}, model_tests=[{"kind": "minimum_quality", bound: 1.0}])
        assert model.model_tests[0].title == "minimum_quality"


OF_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"kind": "direction", "column": "carrier", "change": 1}, "change cannot be added to 'carrier', which is a string; write becomes: and a value."),
    (
        {"kind": "direction", "column": "distance", "becomes": "far"},
        "'far' is no value of 'distance', which is a float; give becomes one of that type.",
    ),
    ({"kind": "direction", "column": "distance", "becomes": True}, "True is no value of 'distance', which is a float"),
    ({"kind": "direction", "column": "rainy", "becomes": 1}, "1 is no value of 'rainy', which is a boolean"),
    ({"kind": "direction", "column": "carrier", "becomes": 1}, "1 is no value of 'carrier', which is a string"),
]


@pytest.mark.parametrize(("test", "said"), OF_TYPES)
def test_what_is_written_into_a_column_must_be_of_its_type(test: dict[str, Any], said: str) -> None:
    catalog, model = declare(model_tests=[{**test, "prediction": "increases"}])
    with pytest.raises(DeclarationError) as raised:
        catalog.check_model(model)
    assert f"Model trip_delay: model_tests[0]: {said}" in str(raised.value)


@pytest.mark.parametrize(("column", "value"), [("distance", 3), ("seats", 2), ("rainy", True), ("carrier", "A")])
def test_a_value_of_the_columns_type_is_taken(column: str, value: object) -> None:
    catalog, model = declare(model_tests=[{"kind": "invariance", "column": column, "becomes": value}])
    catalog.check_model(model)


def test_what_a_test_asserts_is_told_with_what_was_declared() -> None:
    _, model = declare(model_tests=[{"kind": "minimum_quality", "at_most": 25}, {"kind": "my.tests:f", "arguments": {"least": 1}}])
    quality, own = model.model_tests
    assert quality.asserts == "A metric on the held-out rows keeps a bound. (at_most 25.0)"
    assert isinstance(own, OwnTest)
    assert own.asserts == "A function of the project's own finds nothing wrong. (arguments {'least': 1})"
