import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import METRICS
from mlworks_orchestration.training import Measure, evaluate

VALUES = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))
PAIRS = st.lists(st.tuples(VALUES, VALUES), min_size=2, max_size=50)
ORACLES = {"mae": mean_absolute_error, "mse": mean_squared_error, "rmse": lambda y, p: math.sqrt(mean_squared_error(y, p)), "r2": r2_score}


@settings(max_examples=50)
@given(PAIRS)
def test_every_declared_metric_agrees_with_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    actual, predicted = map(np.array, zip(*pairs, strict=True))
    values = evaluate(Measure("regression"), METRICS["regression"], actual, predicted)
    assert values.keys() == ORACLES.keys()
    for name, oracle in ORACLES.items():
        if name == "r2" and np.ptp(actual) <= 1e-6 * np.abs(actual).max():
            continue  # scikit-learn itself has no digits left there
        assert values[name] == pytest.approx(oracle(actual, predicted), rel=1e-6, abs=1e-9)


def test_r2_keeps_its_digits_far_from_zero() -> None:
    actual = 1e9 + np.arange(10.0)
    assert evaluate(Measure("regression"), ["r2"], actual, actual + 1)["r2"] == pytest.approx(r2_score(actual, actual + 1), rel=1e-9)


@pytest.mark.parametrize(("predicted", "expected"), [([170.719] * 3, 1.0), ([1.0, 2.0, 3.0], 0.0)])
def test_r2_of_labels_that_are_all_the_same_is_one_if_met_and_else_zero(predicted: list[float], expected: float) -> None:
    assert evaluate(Measure("regression"), ["r2"], [170.719] * 3, predicted) == {"r2": expected}


def test_r2_of_one_row_is_not_defined() -> None:
    assert math.isnan(evaluate(Measure("regression"), ["r2"], [1.0], [1.0])["r2"])


@pytest.mark.parametrize(
    ("actual", "predicted", "said"),
    [
        ([1.0, 2.0], [1.0, math.nan], "1 of 2 predictions are NaN or infinite"),
        ([math.inf, 2.0], [1.0, 2.0], "1 of 2 true values are NaN or infinite"),
        ([1.0, 2.0], [1.0], "as many predictions as true values"),
        ([], [], "at least one"),
        ([[1.0]], [[1.0]], "as many predictions as true values"),
    ],
)
def test_what_cannot_be_measured_is_refused(actual: list[float], predicted: list[float], said: str) -> None:
    with pytest.raises(TrainingError, match=said):
        evaluate(Measure("regression"), ["mae"], actual, predicted)


def test_an_unknown_metric_or_task_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(TrainingError, match="did you mean 'rmse'"):
        evaluate(Measure("regression"), ["rsme"], [1.0], [1.0])
    with pytest.raises(TrainingError, match="did you mean 'regression'"):
        evaluate(Measure("regresion"), ["mae"], [1.0], [1.0])
