from collections.abc import Callable
from typing import Any

import pytest

from mlworks_orchestration.spec import Between, Column, ColumnType, FeatureTable, InSet, NotNull, RowCount, Schema, Spec, Unique

Declare = Callable[..., dict[str, Any]]
Complaint = Callable[[type[Spec], object], str]

TWO_TIMES = {"flight_id": "string", "scheduled_departure": "timestamp", "heard": "timestamp"}


def test_a_column_may_be_declared_by_its_type_alone(flights: Declare) -> None:
    table = FeatureTable.model_validate(flights())
    assert table.columns["distance"] == Column(type=ColumnType.FLOAT)
    assert table.columns["distance"].nullable


def test_a_declaration_survives_json(flights: Declare) -> None:
    table = FeatureTable.model_validate(flights(known_after="1d", expectations=[{"kind": "between", "column": "distance", "min": 0}]))
    assert FeatureTable.model_validate_json(table.model_dump_json()) == table


def test_expectations_become_what_their_kind_says(flights: Declare) -> None:
    declared = [
        {"kind": "between", "column": "distance", "min": 0, "max": 5000.5, "mostly": 0.99, "severity": "warn"},
        {"kind": "in_set", "column": "origin", "values": ["EWR", 1, 1.5, True]},
        {"kind": "not_null", "column": "flight_id", "blocking": True},
        {"kind": "unique", "over": ["flight_id", "scheduled_departure"]},
        {"kind": "row_count", "min": 100},
        {"kind": "schema"},
    ]
    expectations = FeatureTable.model_validate(flights(expectations=declared)).expectations
    assert [type(expected) for expected in expectations] == [Between, InSet, NotNull, Unique, RowCount, Schema]
    assert [expected.columns() for expected in expectations] == [
        ["distance"],
        ["origin"],
        ["flight_id"],
        ["flight_id", "scheduled_departure"],
        [],
        [],
    ]
    assert isinstance(expectations[1], InSet)
    assert [type(value) for value in expectations[1].values] == [str, int, float, bool]


def test_what_identifies_a_row(flights: Declare) -> None:
    assert FeatureTable.model_validate(flights()).identity == ["flight_id", "scheduled_departure"]
    versions = FeatureTable.model_validate(flights(known_time="heard", columns=TWO_TIMES))
    assert versions.identity == ["flight_id", "scheduled_departure", "heard"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"source": ...}, "give either source or inputs."),
        ({"inputs": ["a"], "transform": "a:b"}, "give either source or inputs."),
        ({"source": ..., "inputs": ["a"]}, "inputs need a transform that makes one dataframe of them."),
        ({"source": ..., "inputs": ["a", "a"], "transform": "a:b"}, "inputs: names 'a' more than once."),
        ({"entity": ["flight"]}, "entity names the column 'flight', which is not under columns; did you mean 'flight_id'? Allowed: carrier, "),
        ({"entity": ["flight_id", "flight_id"]}, "entity: names 'flight_id' more than once."),
        ({"event_time": "departure"}, "event_time names the column 'departure', which is not under columns; "),
        ({"event_time": "day"}, "event_time column 'day' must be of type timestamp, not date."),
        ({"columns": {}}, "columns: {} is not allowed; give at least 1"),
        ({"columns": ["flight_id"]}, "columns: ['flight_id'] is not allowed; write fields with values below it"),
        ({"columns": {"a": "flaot"}}, "columns.a.type: 'flaot' is not allowed; did you mean 'float'? Allowed: boolean, date, float, integer,"),
        ({"columns": {"a": {"type": "float", "nulable": True}}}, "columns.a.nulable: Column has no such field; did you mean 'nullable'?"),
        ({"columns": {"_partition": "string"}}, "columns._partition: '_partition' is not allowed; write printable text"),
        ({"columns": {1: "string"}}, "columns[1]: 1 is not allowed; input should be a valid string."),
        ({"known_after": 3600}, "known_after: 3600 is no duration;"),
        ({"known_time": "heard"}, "known_time names the column 'heard', which is not under columns; "),
        ({"known_time": "day"}, "known_time column 'day' must be of type timestamp, not date."),
        ({"known_time": "scheduled_departure"}, "known_time 'scheduled_departure' is also event_time or part of entity; name a column of its own."),
        (
            {"known_time": "heard", "known_after": "1h", "columns": TWO_TIMES},
            "known_time says of each row when it became known, so known_after must be left out.",
        ),
        ({"expectations": [{"kind": "betwen", "column": "distance"}]}, "expectations[0]: 'betwen' is not allowed; did you mean 'between'? Allowed: "),
        ({"expectations": [{"column": "distance"}]}, "expectations[0]: {'column': 'distance'} has no field 'kind' that says what it is."),
        ({"expectations": ["schema"]}, "expectations[0]: 'schema' is not allowed; write fields with values below it"),
        (
            {"expectations": [{"kind": "not_null", "column": "distanse"}]},
            "expectations[0] names the column 'distanse', which is not under columns; did you mean 'distance'?",
        ),
        (
            {"expectations": [{"kind": "not_null", "colum": "distance"}]},
            "2 problems. expectations[0].column: is missing; it says: The column it is about. expectations[0].colum: NotNull has no such field; did",
        ),
        ({"expectations": [{"kind": "unique", "over": []}]}, "expectations[0].over: [] is not allowed; give at least 1"),
        ({"expectations": [{"kind": "unique", "over": ["day", "day"]}]}, "expectations[0].over: names 'day' more than once."),
        ({"expectations": [{"kind": "between", "column": "distance"}]}, "expectations[0]: give min, max or both."),
        ({"expectations": [{"kind": "between", "column": "distance", "min": 2, "max": 1}]}, "expectations[0]: min 2 is greater than max 1."),
        ({"expectations": [{"kind": "between", "column": "distance", "min": "x"}]}, "expectations[0].min: 'x' fits none of "),
        ({"expectations": [{"kind": "between", "column": "distance", "min": float("nan")}]}, "expectations[0].min: nan fits none of "),
        ({"expectations": [{"kind": "between", "column": "distance", "min": True}]}, "expectations[0].min: True fits none of "),
        ({"expectations": [{"kind": "in_set", "column": "origin", "values": []}]}, "expectations[0].values: [] is not allowed;"),
        ({"expectations": [{"kind": "in_set", "column": "origin", "values": [["a"]]}]}, "expectations[0].values[0]: ['a'] fits none of str, int,"),
        ({"expectations": [{"kind": "row_count", "min": 5, "max": 4}]}, "expectations[0]: min 5 is greater than max 4."),
        ({"expectations": [{"kind": "row_count", "min": -1}]}, "expectations[0].min: -1 is not allowed;"),
        ({"expectations": [{"kind": "not_null", "column": "day", "mostly": 0}]}, "expectations[0].mostly: 0 is not allowed; input should be greater"),
        ({"expectations": [{"kind": "schema", "severity": "warn", "blocking": True}]}, "expectations[0]: blocking needs severity error."),
    ],
)
def test_a_wrong_table_is_explained(flights: Declare, complaint: Complaint, changes: dict[str, Any], expected: str) -> None:
    assert complaint(FeatureTable, flights(**changes)).startswith(f"defs.yaml:7: {expected}")
