from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel, Spec, explain

Declare = Callable[..., dict[str, Any]]

DAYS = {"every": "day", "start": "2013-01-01", "timezone": "America/New_York"}
MODEL: dict[str, Any] = {
    "name": "airline_delay",
    "description": "Minutes of arrival delay.",
    "task": "regression",
    "owners": {"data_science": "ada@example.org"},
    "entity": ["flight_id"],
    "event_time": "scheduled_departure",
    "partitions": DAYS,
    "features": [{"table": "flights", "columns": ["carrier", "distance"]}, {"table": "weather", "columns": ["wind_speed"], "max_age": "2h"}],
    "label": {"table": "flight_outcomes", "column": "arr_delay", "delay": "1d"},
    "estimator": "assets.airline_delay.estimator:build",
    "metrics": {"primary": "mae", "also": ["rmse"]},
    "slices": ["carrier"],
}
FLIGHTS: dict[str, Any] = {
    "name": "flights",
    "description": "One scheduled flight.",
    "owner": "team:data",
    "source": "assets.flights.source:load",
    "entity": ["flight_id"],
    "event_time": "scheduled_departure",
    "partitions": DAYS,
    "columns": {
        "flight_id": "string",
        "scheduled_departure": "timestamp",
        "origin": "string",
        "carrier": "string",
        "distance": "float",
        "day": "date",
    },
}
WEATHER: dict[str, Any] = {
    **FLIGHTS,
    "name": "weather",
    "entity": ["origin"],
    "event_time": "observed_at",
    "known_after": "1h",
    "columns": {"origin": "string", "observed_at": "timestamp", "wind_speed": "float"},
}
OUTCOMES: dict[str, Any] = {
    **FLIGHTS,
    "name": "flight_outcomes",
    "known_after": "1d",
    "columns": {"flight_id": "string", "scheduled_departure": "timestamp", "arr_delay": "float", "diverted": "boolean"},
}


def _changed(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**deepcopy(base), **changes}.items() if value is not ...}


@pytest.fixture
def model() -> Declare:
    """A healthy model's declaration with some fields changed; `...` takes a field away."""
    return lambda **changes: _changed(MODEL, changes)


@pytest.fixture
def flights() -> Declare:
    return lambda **changes: _changed(FLIGHTS, changes)


@pytest.fixture
def catalog() -> Callable[..., Catalog]:
    """A healthy catalog with some fields changed, by table's name or `model`."""

    def build(**changes: dict[str, Any]) -> Catalog:
        tables = [FeatureTable.model_validate(_changed(base, changes.get(base["name"], {}))) for base in (FLIGHTS, WEATHER, OUTCOMES)]
        return Catalog.of(tables, [MLModel.model_validate(_changed(MODEL, changes.get("model", {})))])

    return build


@pytest.fixture
def complaint() -> Callable[[type[Spec], object], str]:
    """What the author of a wrong declaration reads."""

    def judge(spec: type[Spec], declaration: object) -> str:
        try:
            spec.model_validate(declaration)
        except ValidationError as error:
            return str(explain(error, spec=spec, where="defs.yaml:7"))
        pytest.fail(f"accepted: {declaration}")

    return judge
