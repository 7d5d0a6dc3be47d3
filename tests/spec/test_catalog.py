from collections.abc import Callable
from typing import Any

import pytest

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import Catalog, FeatureTable

Build = Callable[..., Catalog]
Declare = Callable[..., dict[str, Any]]
LATER = {"every": "day", "start": "2013-02-01", "timezone": "America/New_York"}


def derived(declare: Declare, inputs: dict[str, list[str]]) -> Catalog:
    """A catalog of tables by name, each derived from others; one without inputs has a source."""
    tables = [declare(name=name, **({"source": ..., "inputs": of, "transform": "a:b"} if of else {})) for name, of in inputs.items()]
    return Catalog.of([FeatureTable.model_validate(table) for table in tables])


def test_a_healthy_catalog_passes_every_check(catalog: Build) -> None:
    healthy = catalog()
    for table in healthy.tables.values():
        healthy.check_table(table)
    healthy.check_model(healthy.model("airline_delay"))
    assert healthy.spine(healthy.model("airline_delay")) is healthy.tables["flights"]


def test_an_unknown_model_is_an_error_with_the_nearest_name(catalog: Build) -> None:
    with pytest.raises(DeclarationError, match=r"There is no model 'airline_delays'; did you mean 'airline_delay'\? Allowed: airline_delay\."):
        catalog().model("airline_delays")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"model": {"features": [{"table": "flight", "columns": ["carrier"]}]}},
            "Model airline_delay: features[0] names the feature table 'flight', which is not declared; did you mean 'flights'?",
        ),
        (
            {"model": {"features": [{"table": "flights", "columns": ["carier"]}], "slices": []}},
            "Model airline_delay: features[0]: table flights has no column 'carier'; did you mean 'carrier'? Allowed: carrier, day, ",
        ),
        (
            {"model": {"features": [{"table": "flights", "columns": ["carrier", "day"]}]}},
            "Model airline_delay: features[0]: column 'day' is a date; derive a number or a category from it in the table's transform.",
        ),
        ({"model": {"entity": ["origin"]}}, "Model airline_delay: features[0]: the first table gives the rows to predict, so flights (entity"),
        ({"model": {"event_time": "departure"}}, "Model airline_delay: features[0]: the first table gives the rows to predict, so flights"),
        ({"model": {"partitions": LATER}}, "Model airline_delay: features[0]: flights has other partitions than the model; give both the same."),
        (
            {"flights": {"known_after": "90m"}},
            "Model airline_delay: features[0]: flights is known only 90m after its event time, when the prediction",
        ),
        (
            {"weather": {"partitions": {"every": "hour", "start": "2013-01-01", "timezone": "America/New_York"}}},
            "Model airline_delay: features[1]: weather is cut in time differently from the model;",
        ),
        (
            {"weather": {"partitions": {"every": "day", "start": "2013-01-01"}}},
            "Model airline_delay: features[1]: weather is cut in time differently",
        ),
        (
            {"weather": {"entity": ["airport"], "columns": {"airport": "string", "observed_at": "timestamp", "wind_speed": "float"}}},
            "Model airline_delay: features[1]: weather is joined by ['airport'], but flights has no column 'airport'; allowed: carrier,",
        ),
        (
            {"weather": {"columns": {"origin": "integer", "observed_at": "timestamp", "wind_speed": "float"}}},
            "Model airline_delay: features[1]: weather is joined by 'origin', of type integer there but string in flights; give both the same",
        ),
        (
            {"model": {"label": {"table": "outcomes", "column": "arr_delay", "delay": "1d"}}},
            "Model airline_delay: label names the feature table 'outcomes', which is not declared;",
        ),
        (
            {"model": {"label": {"table": "flight_outcomes", "column": "delay", "delay": "1d"}}},
            "Model airline_delay: label: table flight_outcomes has no column 'delay'; did you mean 'arr_delay'?",
        ),
        (
            {"model": {"label": {"table": "flights", "column": "distance", "delay": "1d"}}},
            "Model airline_delay: label: 'distance' is also a feature; a model must not see what it predicts.",
        ),
        (
            {
                "model": {
                    "label": {"table": "weather", "column": "wind_speed", "delay": "1d"},
                    "features": [{"table": "flights", "columns": ["carrier"]}],
                }
            },
            "Model airline_delay: label: table weather must have the model's entity ['flight_id'], event_time scheduled_departure and partitions.",
        ),
        ({"flight_outcomes": {"partitions": LATER}}, "Model airline_delay: label: table flight_outcomes must have the model's entity"),
        (
            {"flight_outcomes": {"columns": {"flight_id": "integer", "scheduled_departure": "timestamp", "arr_delay": "float"}}},
            "Model airline_delay: label: flight_outcomes is joined by 'flight_id', of type integer there but string in",
        ),
        (
            {"model": {"label": {"table": "flight_outcomes", "column": "diverted", "delay": "1d"}}},
            "Model airline_delay: label: task regression needs a number, but 'diverted' is a boolean.",
        ),
    ],
)
def test_a_model_that_does_not_fit_its_tables_is_explained(catalog: Build, changes: dict[str, Any], expected: str) -> None:
    wrong = catalog(**changes)
    with pytest.raises(DeclarationError) as error:
        wrong.check_model(wrong.model("airline_delay"))
    assert str(error.value).startswith(expected)


def test_joined_tables_have_the_partitions_of_the_model_since_one_job_builds_them_all(catalog: Build) -> None:
    wrong = catalog(weather={"partitions": LATER})
    with pytest.raises(DeclarationError, match=r"weather is cut in time differently from the model; give both the same partitions\."):
        wrong.check_model(wrong.model("airline_delay"))


def test_a_chain_of_derived_tables_is_accepted(flights: Declare) -> None:
    chain = derived(flights, {"a": [], "b": ["a"], "c": ["a", "b"]})
    for table in chain.tables.values():
        chain.check_table(table)


def test_an_unknown_input_is_an_error_with_the_nearest_name(flights: Declare) -> None:
    wrong = derived(flights, {"flights": [], "weekly": ["flight"]})
    with pytest.raises(DeclarationError, match=r"Feature table weekly: inputs names the feature table 'flight', .* did you mean 'flights'\?"):
        wrong.check_table(wrong.tables["weekly"])


def test_an_input_cut_differently_is_an_error(flights: Declare) -> None:
    first = FeatureTable.model_validate(flights())
    second = FeatureTable.model_validate(flights(name="weekly", source=..., inputs=["flights"], transform="a:b", partitions=LATER))
    with pytest.raises(DeclarationError, match="inputs: flights has other partitions than weekly; give both the same"):
        Catalog.of([first, second]).check_table(second)


@pytest.mark.parametrize(
    ("inputs", "wrong", "right"),
    [
        ({"a": ["a"]}, ["a"], []),
        ({"a": ["b"], "b": ["a"]}, ["a", "b"], []),
        ({"a": ["c"], "b": ["a"], "c": ["b"], "d": ["a"], "e": []}, ["a", "b", "c", "d"], ["e"]),
        ({"a": ["b"], "b": ["a"], "x": ["y"], "y": ["x"], "z": []}, ["a", "b", "x", "y"], ["z"]),
    ],
)
def test_every_table_below_a_cycle_and_none_besides_is_an_error(
    flights: Declare, inputs: dict[str, list[str]], wrong: list[str], right: list[str]
) -> None:
    catalog = derived(flights, inputs)
    for name in wrong:
        with pytest.raises(DeclarationError, match=rf"Feature table {name}: inputs form a cycle: \w ← \w.*\. Remove one of these inputs\."):
            catalog.check_table(catalog.tables[name])
    for name in right:
        catalog.check_table(catalog.tables[name])
