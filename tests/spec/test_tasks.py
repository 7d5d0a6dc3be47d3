"""What a declaration may say by task, and what it is told where it says something else."""

from collections.abc import Callable
from typing import Any

import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import Catalog, MLModel, Spec

Declare = Callable[..., dict[str, Any]]
Complaint = Callable[[type[Spec], object], str]
WORTH = {"name": "loss", "unit": "USD", "expression": "label * distance"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task": "binary"}, "metrics: 'mae' is no metric of task binary; allowed: accuracy, brier, f1,"),
        ({"task": "text", "metrics": {"primary": "roc"}}, "metrics: 'roc' is no metric of task text; did you mean 'roc_auc'?"),
        ({"metrics": {"primary": "mae", "threshold": 0.3}}, "metrics.threshold is of tasks binary and text; task regression has none, leave it out."),
        ({"task": "binary", "metrics": {"primary": "f1", "threshold": 1}}, "metrics.threshold: 1 is not allowed; input should be less than 1."),
        (
            {"forecast": {"naive": "distance"}},
            "forecast is a section of task forecast, not of task regression; leave it out, or write task: forecast.",
        ),
        (
            {"task": "forecast", "metrics": {"primary": "mase"}},
            "metrics: 'mase' needs the section forecast with naive, the feature that holds the naive forecast.",
        ),
        (
            {"task": "forecast", "forecast": {"naive": "distanc"}},
            "forecast.naive: 'distanc' is no feature; did you mean 'distance'? Allowed: carrier, distance, wind_speed.",
        ),
        ({"business": WORTH | {"expression": "label * distanc"}}, "business.expression names 'distanc'; did you mean 'distance'?"),
        ({"business": WORTH | {"expression": "label *"}}, "business: expression 'label *' cannot be read: unable to parse 'label *' as Expr."),
        ({"business": WORTH | {"expression": "1"}}, "business: expression '1' reads no column; name label, prediction or features in it."),
        ({"business": WORTH | {"aggregate": "max"}}, "business.aggregate: 'max' is not allowed; allowed: mean, sum."),
        (
            {"business": WORTH, "features": [{"table": "flights", "columns": ["distance", "prediction"]}], "slices": []},
            "business.expression could mean two columns by 'prediction': rename the feature",
        ),
    ],
)
def test_a_wrong_combination_is_explained(model: Declare, complaint: Complaint, changes: dict[str, Any], expected: str) -> None:
    assert expected in complaint(MLModel, model(**changes))


def test_the_threshold_is_a_half_unless_another_is_declared(model: Declare) -> None:
    binary = model(task="binary", metrics={"primary": "f1"})
    assert MLModel.model_validate(binary).threshold == 0.5
    assert MLModel.model_validate(binary | {"metrics": {"primary": "f1", "threshold": 0.2}}).threshold == 0.2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"model": {"task": "binary", "metrics": {"primary": "f1"}}},
            "label: task binary needs an integer of 0 and 1 or a boolean, but 'arr_delay' is a float.",
        ),
        (
            {"model": {"label": {"table": "flight_outcomes", "column": "diverted", "delay": "1d"}}},
            "label: task regression needs a number, but 'diverted' is a boolean.",
        ),
        (
            {"model": {"task": "text", "metrics": {"primary": "f1"}, "label": {"table": "flight_outcomes", "column": "diverted", "delay": "1d"}}},
            "features: task text needs a column of type text; give one that type, or write task: binary.",
        ),
        (
            {
                "flights": {
                    "columns": {"flight_id": "string", "scheduled_departure": "timestamp", "origin": "string", "carrier": "text", "distance": "float"}
                }
            },
            "slices: 'carrier' is a text, so each row would be a slice of its own; derive a category from it.",
        ),
        ({"model": {"task": "forecast", "forecast": {"naive": "carrier"}}}, "forecast.naive: 'carrier' is a string; a forecast is a number."),
        (
            {"model": {"business": WORTH | {"expression": "label * carrier"}}},
            "business.expression 'label * carrier' cannot be computed of the columns' types",
        ),
        ({"model": {"business": WORTH | {"expression": "sum(label)"}}}, "must give one number a row, but gives 1 Float64 of two rows"),
        ({"model": {"business": WORTH | {"expression": "carrier"}}}, "must give one number a row, but gives 2 String of two rows"),
    ],
)
def test_what_the_tables_do_not_allow_is_explained(catalog: Callable[..., Catalog], changes: dict[str, Any], expected: str) -> None:
    declared = catalog(**changes)
    with pytest.raises(DeclarationError) as told:
        declared.check_model(declared.model("airline_delay"))
    assert expected in str(told.value)


def test_a_yes_or_no_may_be_an_integer_or_a_boolean(catalog: Callable[..., Catalog]) -> None:
    declared = catalog(
        model={
            "task": "binary",
            "metrics": {"primary": "f1"},
            "label": {"table": "flight_outcomes", "column": "diverted", "delay": "1d"},
            "business": WORTH,
        }
    )
    declared.check_model(declared.model("airline_delay"))
