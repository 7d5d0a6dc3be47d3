import gc
import json
import math
import subprocess
import sys
import textwrap
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlworks_orchestration.data import PARTITION, QualityResult, validate
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import FeatureTable

DAYS = ["2013-01-01", "2013-01-02", "2013-01-03"]
COLUMNS = {"id": "integer", "at": "timestamp", "distance": "float", "hour": "integer", "origin": "string", "late": "boolean", "on": "date"}
SCHEMA: dict[str, Any] = {
    "id": pl.Int64,
    "at": pl.Datetime("us", "UTC"),
    "distance": pl.Float64,
    "hour": pl.Int64,
    "origin": pl.String,
    "late": pl.Boolean,
    "on": pl.Date,
    PARTITION: pl.String,
}
EVERYTHING: list[dict[str, Any]] = [
    {"kind": "between", "column": "distance", "min": 0},
    {"kind": "between", "column": "distance", "max": 3, "mostly": 0.5},
    {"kind": "between", "column": "hour", "min": 0, "max": 23, "mostly": 2 / 3},
    {"kind": "in_set", "column": "origin", "values": ["EWR", "JFK", "LGA"], "mostly": 0.5},
    {"kind": "in_set", "column": "hour", "values": [1, 2, "3", True], "severity": "warn"},
    {"kind": "in_set", "column": "late", "values": [True]},
    {"kind": "in_set", "column": "on", "values": ["2013-01-01"]},
    {"kind": "not_null", "column": "origin", "mostly": 0.5},
    {"kind": "not_null", "column": "distance", "blocking": True},
    {"kind": "unique", "over": ["id"]},
    {"kind": "unique", "over": ["id", "at", "origin"]},
    {"kind": "row_count", "min": 2, "max": 4},
    {"kind": "schema"},
]


def flights(*expectations: dict[str, Any]) -> FeatureTable:
    return FeatureTable.model_validate(
        {
            "name": "flights",
            "description": "A flight.",
            "owner": "team:data",
            "source": "flights:load",
            "entity": ["id"],
            "event_time": "at",
            "partitions": {"every": "day", "start": "2013-01-01"},
            "columns": COLUMNS,
            "expectations": list(expectations),
        }
    )


def rows(*given_rows: dict[str, Any]) -> pl.DataFrame:
    usual = {
        "id": 1,
        "at": datetime(2013, 1, 1, 9, tzinfo=UTC),
        "distance": 100.0,
        "hour": 9,
        "origin": "JFK",
        "late": True,
        "on": date(2013, 1, 1),
        PARTITION: DAYS[0],
    }
    return pl.DataFrame([usual | row for row in given_rows], schema=SCHEMA)


def missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def breaks(expected: dict[str, Any], row: dict[str, Any], in_partition: list[dict[str, Any]]) -> bool:
    if expected["kind"] == "unique":
        return Counter(tuple(other[name] for name in expected["over"]) for other in in_partition)[tuple(row[name] for name in expected["over"])] > 1
    value = row[expected["column"]]
    if expected["kind"] == "not_null":
        return missing(value)
    if missing(value):
        return False
    if expected["kind"] == "in_set":
        return (value.isoformat() if isinstance(value, date) else value) not in expected["values"]
    return not expected.get("min", -math.inf) <= value <= expected.get("max", math.inf)


def in_plain_python(expected: dict[str, Any], of_partition: list[dict[str, Any]]) -> tuple[bool, int]:
    if expected["kind"] == "row_count":
        passed = expected["min"] <= len(of_partition) <= expected["max"]
        return passed, int(not passed)
    if expected["kind"] == "schema":
        return True, 0
    broken = sum(breaks(expected, row, of_partition) for row in of_partition)
    judged = [row for row in of_partition if expected["kind"] in {"unique", "not_null"} or not missing(row[expected["column"]])]
    return not judged or (len(judged) - broken) / len(judged) >= expected.get("mostly", 1), broken


def by_great_expectations(expected: dict[str, Any], of_partition: pl.DataFrame) -> bool:
    """Ask Great Expectations about one partition by itself, with its own `mostly`."""
    import great_expectations as gx  # noqa: PLC0415 - after `validate`, which imports it without its warnings

    arguments = {key: expected[key] for key in ("column", "mostly") if key in expected}
    bounds = {f"{key}_value": expected[key] for key in ("min", "max") if key in expected}
    frame = of_partition.with_columns(pl.col("on").cast(pl.String))
    match expected["kind"]:
        case "between":
            asked = gx.expectations.ExpectColumnValuesToBeBetween(**arguments, **bounds)
        case "in_set":
            asked = gx.expectations.ExpectColumnValuesToBeInSet(**arguments, value_set=expected["values"])
        case "not_null":
            asked = gx.expectations.ExpectColumnValuesToNotBeNull(**arguments)
        case "unique":
            asked = gx.expectations.ExpectCompoundColumnsToBeUnique(column_list=[*expected["over"], PARTITION], ignore_row_if="never")
        case "row_count":
            asked = gx.expectations.ExpectTableRowCountToBeBetween(**bounds)
        case _:
            asked = gx.expectations.ExpectTableColumnsToMatchSet(column_set=[*COLUMNS, PARTITION], exact_match=True)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    batch = context.data_sources.add_pandas("oracle").add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
    result = batch.get_batch({"dataframe": frame.to_pandas()}).validate(asked)
    assert not any(isinstance(each, dict) and each["raised_exception"] for each in result.exception_info.values())
    return bool(result.success)


any_row = st.fixed_dictionaries(
    {
        "id": st.sampled_from([1, 2, None]),
        "at": st.sampled_from([datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, 1, tzinfo=UTC)]),
        "distance": st.sampled_from([-1.0, 0.0, 5.5, math.nan, math.inf, None]),
        "hour": st.sampled_from([-1, 1, 2, 3, 23, 24, None]),
        "origin": st.sampled_from(["JFK", "EWR", "ZZZ", "", None]),
        "late": st.sampled_from([True, False, None]),
        "on": st.sampled_from([date(2013, 1, 1), date(2013, 1, 2), None]),
        PARTITION: st.sampled_from([*DAYS, "2013-02-01"]),
    }
)
any_frame = st.lists(any_row, max_size=14).map(lambda drawn: pl.DataFrame(drawn, schema=SCHEMA))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=any_frame)
def test_a_range_is_judged_as_plain_python_judges_each_partition(frame: pl.DataFrame) -> None:
    results = validate(flights(*EVERYTHING), frame, DAYS)
    expected_results = []
    for day in DAYS:
        of_partition = frame.filter(pl.col(PARTITION) == day).to_dicts()
        for expected in EVERYTHING:
            passed, unexpected = in_plain_python(expected, of_partition)
            expected_results.append((day, expected["kind"], passed, unexpected, len(of_partition)))
    assert [(r.partition, r.expectation.partition("(")[0], r.passed, r.unexpected_count, r.rows) for r in results] == expected_results


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=any_frame)
def test_a_range_is_judged_as_great_expectations_judges_each_partition_by_itself(frame: pl.DataFrame) -> None:
    results = validate(flights(*EVERYTHING), frame, DAYS)
    parts = {day: frame.filter(pl.col(PARTITION) == day) for day in DAYS}
    by_itself = [by_great_expectations(expected, parts[day]) for day in DAYS for expected in EVERYTHING]
    assert [result.passed for result in results] == by_itself


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(frame=any_frame)
def test_a_range_gives_the_very_results_of_its_partitions_one_at_a_time(frame: pl.DataFrame) -> None:
    table = flights(*EVERYTHING)
    assert validate(table, frame, DAYS) == [result for day in DAYS for result in validate(table, frame, [day])]


def test_a_result_says_all_that_the_check_shows() -> None:
    frame = rows({"distance": -5.0, "id": 7}, {"distance": 3.0}, {"distance": None})
    [result] = validate(flights({"kind": "between", "column": "distance", "min": 0, "blocking": True}), frame, DAYS[:1])
    assert result == QualityResult(
        partition="2013-01-01",
        expectation="between(distance, min=0)",
        severity="error",
        blocking=True,
        passed=False,
        unexpected_count=1,
        rows=3,
        samples=[{"id": 7, "at": "2013-01-01T09:00:00+00:00", "distance": -5.0}],
        observed="1 of 2 judged rows unexpected (50.00%)",
    )


def test_at_most_five_samples_are_given_and_they_are_json() -> None:
    frame = rows(*({"id": i, "distance": -math.inf, "on": None} for i in range(9)))
    table = flights({"kind": "between", "column": "distance", "min": 0}, {"kind": "in_set", "column": "late", "values": [False]})
    between, in_set = validate(table, frame, DAYS[:1])
    assert (between.unexpected_count, [sample["id"] for sample in between.samples]) == (9, [0, 1, 2, 3, 4])
    assert json.loads(json.dumps(between.samples, allow_nan=False))[0]["distance"] == "-inf"
    assert in_set.samples[0] == {"id": 0, "at": "2013-01-01T09:00:00+00:00", "late": True}


def test_samples_are_of_their_own_partition() -> None:
    frame = rows({"id": 1, "distance": -1.0, PARTITION: DAYS[1]}, {"id": 2, "distance": -1.0}, {"id": 3, "distance": -1.0, PARTITION: DAYS[1]})
    results = validate(flights({"kind": "between", "column": "distance", "min": 0}), frame, DAYS[:2])
    assert [[sample["id"] for sample in result.samples] for result in results] == [[2], [1, 3]]


def test_a_missing_partition_fails_its_row_count_and_nothing_else() -> None:
    results = validate(flights(*EVERYTHING), rows({}), ["2013-01-02"])
    assert [result.expectation for result in results if not result.passed] == ["row_count(min=2, max=4)"]
    assert [(result.rows, result.samples) for result in results] == [(0, [])] * len(EVERYTHING)


def test_the_same_values_in_two_partitions_are_unique() -> None:
    frame = rows({PARTITION: DAYS[0]}, {PARTITION: DAYS[1]}, {PARTITION: DAYS[2]}, {PARTITION: DAYS[2]})
    assert [result.passed for result in validate(flights({"kind": "unique", "over": ["id"]}), frame, DAYS)] == [True, True, False]


def test_a_schema_that_differs_names_the_columns() -> None:
    frame = rows({}).drop("late").with_columns(extra=pl.lit(1))
    [result] = validate(flights({"kind": "schema"}), frame, DAYS[:1])
    assert (result.passed, result.unexpected_count, result.observed) == (False, 2, "'late' is absent; 'extra' is not declared")


def test_an_expectation_on_an_absent_column_fails_where_there_are_rows() -> None:
    frame = rows({}, {"id": 2}).drop("late")
    results = validate(flights({"kind": "not_null", "column": "late"}), frame, DAYS[:2])
    assert [(result.passed, result.unexpected_count, result.observed) for result in results] == [
        (False, 2, "column 'late' is absent"),
        (True, 0, "column 'late' is absent"),
    ]


def test_an_expectation_that_does_not_fit_the_type_is_an_error_with_the_remedy() -> None:
    with pytest.raises(
        DataError, match=r"flights: the expectation between\(origin, min=0\) cannot be judged on column origin \(string\): .* Declare"
    ):
        validate(flights({"kind": "between", "column": "origin", "min": 0}), rows({}), DAYS[:1])


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ({"kind": "between", "column": "hour", "min": 0, "max": 23, "mostly": 0.99}, "between(hour, min=0, max=23, mostly=0.99)"),
        ({"kind": "in_set", "column": "hour", "values": [1, 2, 3, 4, 5, 6, 7]}, "in_set(hour, 1, 2, 3, 4, 5, 2 more)"),
        ({"kind": "not_null", "column": "hour"}, "not_null(hour)"),
        ({"kind": "unique", "over": ["id", "at"]}, "unique(id, at)"),
        ({"kind": "row_count"}, "row_count(min=1)"),
        ({"kind": "schema"}, "schema"),
    ],
)
def test_an_expectation_is_told_in_words(expected: dict[str, Any], words: str) -> None:
    assert validate(flights(expected), rows({}), DAYS[:1])[0].expectation == words


def test_without_expectations_or_partitions_there_are_no_results() -> None:
    assert validate(flights(), rows({}), DAYS) == []
    assert validate(flights(*EVERYTHING), rows({}), []) == []


def test_column_names_that_look_like_code_are_just_names() -> None:
    odd = "we\"ird `$PARAMETER` [0]'"
    table = FeatureTable.model_validate(
        flights().model_dump() | {"columns": {**COLUMNS, odd: "integer"}, "expectations": [{"kind": "not_null", "column": odd}]}
    )
    frame = rows({}, {"id": 2}).with_columns(pl.Series(odd, [1, None]))
    [result] = validate(table, frame, DAYS[:1])
    assert (result.unexpected_count, result.samples[0][odd]) == (1, None)


def test_threads_do_not_judge_each_others_rows() -> None:
    table = flights({"kind": "between", "column": "distance", "min": 0})
    frames = [rows(*({"distance": -1.0} for _ in range(n)), {}) for n in range(1, 13)]
    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(lambda frame: validate(table, frame, DAYS[:1])[0].unexpected_count, frames))
    assert counts == list(range(1, 13))


def test_a_year_of_partitions_takes_less_than_25_ms_each() -> None:
    days = [(date(2013, 1, 1) + timedelta(days=i)).isoformat() for i in range(365)]
    frame = pl.concat([rows(*({"id": i} for i in range(20))).with_columns(pl.lit(day).alias(PARTITION)) for day in days])
    validate(flights(*EVERYTHING), frame, days[:1])
    started = time.perf_counter()
    results = validate(flights(*EVERYTHING), frame, days)
    assert len(results) == 365 * len(EVERYTHING)
    assert (time.perf_counter() - started) / 365 < 0.025


def test_no_rows_stay_in_memory_after_a_validation() -> None:
    validate(flights(*EVERYTHING), rows(*({"id": i} for i in range(1234))), DAYS)
    gc.collect()
    assert 1234 not in [len(each) for each in gc.get_objects() if type(each).__name__ == "DataFrame" and type(each).__module__.startswith("pandas")]


def test_great_expectations_sends_nothing_and_warns_of_nothing() -> None:
    program = """
        import sys

        def refuse(event, arguments):
            if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request"}:
                raise AssertionError(f"{event} {arguments}")

        sys.addaudithook(refuse)
        import polars as pl
        from mlworks_orchestration.data import validate
        from mlworks_orchestration.spec import FeatureTable

        table = FeatureTable(
            name="t", description="", owner="team:data", source="a:b", entity=["id"], event_time="at",
            partitions={"every": "day", "start": "2013-01-01"}, columns={"id": "integer", "at": "timestamp"},
            expectations=[{"kind": "not_null", "column": "id"}, {"kind": "row_count"}, {"kind": "schema"}, {"kind": "unique", "over": ["id"]}],
        )
        frame = pl.DataFrame({"id": [1, None], "_partition": ["a", "a"]})
        assert "great_expectations" not in sys.modules, "imported too early"
        print([result.passed for result in validate(table, frame, ["a"])])
    """
    done = subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[False, True, False, True]\n", "")
