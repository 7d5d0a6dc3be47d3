from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml

from mlworks_orchestration.spec import METRICS, Drift, DriftKind, FeatureTable, Gate, MLModel, Retraining, Spec

Declare = Callable[..., dict[str, Any]]
Complaint = Callable[[type[Spec], object], str]


def test_a_model_knows_its_features_tables_and_primary_metric(model: Declare) -> None:
    declared = MLModel.model_validate(model())
    assert declared.feature_columns == ["carrier", "distance", "wind_speed"]
    assert declared.tables == ["flights", "weather", "flight_outcomes"]
    assert declared.primary_metric is METRICS["regression"]["mae"]
    assert declared.metrics.names == ["mae", "rmse"]


def test_a_metric_named_twice_is_reported_once(model: Declare) -> None:
    assert MLModel.model_validate(model(metrics={"primary": "mae", "also": ["rmse", "mae", "rmse"]})).metrics.names == ["mae", "rmse"]


def test_the_defaults_are_those_that_the_docs_give(model: Declare) -> None:
    declared = MLModel.model_validate(model(slices=...))
    assert declared.retraining == Retraining(
        window=timedelta(days=60),
        holdout=timedelta(days=7),
        kinds=list(DriftKind),
        violations=2,
        of=3,
        cooldown=timedelta(days=14),
        budget_per_year=12,
        min_new_rows=1000,
    )
    assert declared.drift == Drift(window=timedelta(days=7), significance=0.01, min_effect=0.1, min_rows=100)
    assert declared.gate == Gate(min_gain=0.0, confidence=0.95, resamples=1000)
    assert (declared.seed, declared.slices, declared.schedule, declared.domain, declared.risk) == (0, [], None, "general", "medium")


def test_a_declaration_survives_json(model: Declare) -> None:
    declared = MLModel.model_validate(model(schedule="30 6 * * 1-5", hyperparameters={"max_iter": 10, "fast": True, "loss": "l1", "rate": 0.5}))
    assert MLModel.model_validate_json(declared.model_dump_json()) == declared
    assert declared.hyperparameters["fast"] is True


def specs(root: type[Spec]) -> set[type[Spec]]:
    """Return a class and all below it that are the framework's, not another test's."""
    ours = [child for child in root.__subclasses__() if child.__module__.startswith("mlworks_orchestration")]
    return {root, *(kind for child in ours for kind in specs(child))}


def test_every_field_is_explained() -> None:
    fields = {f"{spec.__name__}.{name}": spec.field_docstrings().get(name) for spec in specs(Spec) for name in spec.model_fields}
    assert {name for name, words in fields.items() if not words and not name.endswith(".kind")} == set()
    assert "Retraining.cooldown" in fields


def test_no_field_has_a_name_that_yaml_takes_for_a_truth_value() -> None:
    names = {name for spec in specs(Spec) for name in spec.model_fields}
    assert {name for name in names if not isinstance(yaml.safe_load(name), str)} == set()
    assert {"kinds", "of"} <= names


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"task": "regresion"}, "task: 'regresion' is not allowed; did you mean 'regression'? Allowed: binary, forecast, regression, text."),
        ({"metrics": {"primary": "rsme"}}, "metrics: 'rsme' is no metric of task regression; did you mean 'rmse'? Allowed: mae, mse, r2, rmse."),
        ({"metrics": {"primary": "mae", "also": ["auroc"]}}, "metrics: 'auroc' is no metric of task regression; allowed: mae, mse, r2, rmse."),
        ({"slices": ["carier"]}, "slices: 'carier' is no feature; did you mean 'carrier'? Allowed: carrier, distance, wind_speed."),
        ({"slices": ["carrier", "carrier"]}, "slices: names 'carrier' more than once."),
        ({"features": []}, "features: [] is not allowed; give at least 1."),
        ({"features": [{"table": "flights", "columns": []}]}, "features[0].columns: [] is not allowed; give at least 1"),
        ({"features": [{"table": "flights", "columns": ["a", "a"]}]}, "features[0].columns: names 'a' more than once."),
        (
            {"features": [{"table": "a", "columns": ["x", "carrier"]}, {"table": "b", "columns": ["x"]}]},
            "features: x chosen more than once; each feature needs a name of its own.",
        ),
        ({"features": [{"table": "a", "columns": ["label", "carrier"]}]}, "features: the framework itself writes a column 'label' beside this one"),
        ({"entity": ["prediction"]}, "entity: the framework itself writes a column 'prediction' beside this one; rename yours"),
        ({"event_time": "scored_at"}, "event_time: the framework itself writes a column 'scored_at'"),
        ({"entity": []}, "entity: [] is not allowed; give at least 1"),
        ({"entity": "flight_id"}, "entity: 'flight_id' is not allowed; input should be a valid list."),
        ({"name": "features"}, "name: 'features' is the framework's own folder in the lake; choose another."),
        ({"name": "Airline Delay"}, "name: 'Airline Delay' is not allowed; write lower-case letters, digits and underscores, at most 63"),
        ({"label": {"table": "t", "column": "c", "delay": "-1d"}}, "label.delay: '-1d' is no duration;"),
        ({"label": {"table": "t", "column": "c"}}, "label.delay: is missing; it says: How long after the event time the truth is known."),
        ({"estimator": "assets.estimator"}, "estimator: 'assets.estimator' is not allowed; write package.module:function."),
        ({"owners": {"data_science": "ada"}}, "owners.data_science: 'ada' is not allowed; write an e-mail address, or team: and a name."),
        ({"hyperparameters": {"depth": [1]}}, "hyperparameters.depth: [1] fits none of int, float, str, bool."),
        ({"hyperparameters": {"rate": float("nan")}}, "hyperparameters.rate: nan fits none of"),
        ({"hyperparameters": {"Depth": 1}}, "hyperparameters.Depth: 'Depth' is not allowed; write lower-case letters"),
        ({"seed": -1}, "seed: -1 is not allowed; input should be greater than or equal to 0."),
        ({"seed": 2**32}, "seed: 4294967296 is not allowed; input should be less than 4294967296."),
        ({"schedule": "every day"}, "schedule: 'every day' has 2 fields; a cron expression has 5"),
        ({"risk": "none"}, "risk: 'none' is not allowed; allowed: high, low, medium."),
        ({"description": 3}, "description: 3 is not allowed; input should be a valid string."),
        ({"drift": {"min_effect": 8}}, "drift.min_effect: 8 is not allowed; input should be less than 8."),
        ({"drift": {"thresholds": {"ks": {}}}}, "drift.thresholds.ks: give either constant or mean_sigma"),
        ({"drift": {"violations": 3, "of": 2}}, "drift: violations 3 can never be reached in the last 2 windows"),
        ({"drift": {"significance": float("nan")}}, "drift.significance: nan is not allowed; input should be"),
        ({"drift": {"min_rows": 1}}, "drift.min_rows: 1 is not allowed; input should be greater than or equal to 2."),
        ({"drift": {"window": 7}}, "drift.window: 7 is no duration; write a whole number and a unit"),
        ({"gate": {"min_gain": float("inf")}}, "gate.min_gain: inf is not allowed; input should be a finite number."),
        ({"gate": {"confidence": 0.5}}, "gate.confidence: 0.5 is not allowed; input should be greater than 0.5."),
        ({"gate": {"resamples": 99}}, "gate.resamples: 99 is not allowed; input should be greater than or equal to 100."),
        ({"retraining": {"violations": 4}}, "retraining: violations 4 can never be reached in the last 3 reports."),
        ({"retraining": {"violations": 0}}, "retraining.violations: 0 is not allowed; input should be greater than or equal to 1."),
        ({"retraining": {"violations": True}}, "retraining.violations: True is not allowed; input should be a valid integer."),
        ({"retraining": {"of": 2.5}}, "retraining.of: 2.5 is not allowed; input should be a valid integer"),
        ({"retraining": {"holdout": "60d"}}, "retraining: holdout must be shorter than window."),
        ({"retraining": {"kinds": []}}, "retraining.kinds: [] is not allowed; give at least 1"),
        ({"retraining": {"kinds": ["concpt"]}}, "retraining.kinds[0]: 'concpt' is not allowed; did you mean 'concept'? Allowed:"),
        ({"retraining": {"cooldown": "0"}}, "retraining.cooldown: '0' is no duration;"),
        ({"retraining": {"budget_per_year": -1}}, "retraining.budget_per_year: -1 is not allowed; input should be greater than or equal to 0."),
    ],
)
def test_a_wrong_model_is_explained(model: Declare, complaint: Complaint, changes: dict[str, Any], expected: str) -> None:
    assert complaint(MLModel, model(**changes)).startswith(f"defs.yaml:7: {expected}")


@pytest.mark.parametrize("field", [name for name, field in MLModel.model_fields.items() if field.is_required()])
def test_a_missing_field_is_named_with_what_it_says(model: Declare, complaint: Complaint, field: str) -> None:
    assert complaint(MLModel, model(**{field: ...})) == f"defs.yaml:7: {field}: is missing; it says: {MLModel.field_docstrings()[field]}"


@pytest.mark.parametrize("spec", sorted(specs(Spec), key=str))
def test_no_spec_takes_a_field_that_it_does_not_have(spec: type[Spec], complaint: Complaint) -> None:
    assert f"no_such_field: {spec.__name__} has no such field; " in complaint(spec, {"no_such_field": 1})


@pytest.mark.parametrize("spec", [MLModel, FeatureTable])
@pytest.mark.parametrize("declaration", [None, [], "airline_delay", 3])
def test_a_declaration_that_has_no_fields_is_explained(spec: type[Spec], declaration: object, complaint: Complaint) -> None:
    assert complaint(spec, declaration).endswith(" is not allowed; write fields with values below it, each as `field: value`.")
