"""Data quality: the expectations of a feature table, judged partition by partition by Great Expectations.

Great Expectations spends milliseconds on an expectation however few the rows, so a range of partitions is given to it at once. It says which
rows break an expectation of rows, and a row breaks it in the range just when it breaks it in its own partition (`unique` compares within the
partition); what remains is to count these rows by partition and to compare their share with `mostly`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from mlworks_orchestration.data.checks import ROWS, check_of, in_words
from mlworks_orchestration.data.findings import Range, findings_of, range_of
from mlworks_orchestration.data.gx import Outcome, run
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import Expectation, FeatureTable, InSet, RowCount, Schema


@dataclass(frozen=True)
class QualityResult:
    """How one partition fares with one expectation.

    Parameters:
        partition: its key.
        expectation: in words, for example `between(distance, min=0)`.
        severity: `error` or `warn`.
        blocking: whether assets downstream must not be built when it fails.
        passed: whether it holds; on a partition without rows, all but `row_count` do.
        unexpected_count: rows that break it; for `schema`, columns absent or not declared; for `row_count`, 1 if it fails.
        rows: rows of the partition.
        samples: up to five of the rows that break it, each its entity, event time and the columns in question, ready for JSON.
        observed: what was found, in words.
    """

    partition: str
    expectation: str
    severity: str
    blocking: bool
    passed: bool
    unexpected_count: int
    rows: int
    samples: list[dict[str, Any]]
    observed: str


def validate(table: FeatureTable, frame: pl.DataFrame, partitions: Sequence[str]) -> list[QualityResult]:
    """Judge every one of `partitions` by every expectation of `table`. Missing values (null and NaN) are judged by `not_null` alone.

    Parameters:
        table: whose expectations are meant.
        frame: rows of the table, with the column `_partition`; those of other partitions are not looked at.
        partitions: keys.

    Returns:
        One result an expectation and partition: by partition in the order given, then by expectation in the order declared.

    Raises:
        DataError: naming table, column and remedy, if an expectation does not fit its column's type.

    Examples:
        >>> from datetime import datetime
        >>> table = FeatureTable(name="flights", description="", owner="team:data", source="flights:load", entity=["id"], event_time="at",
        ...     partitions={"every": "day", "start": "2013-01-01"}, columns={"id": "integer", "at": "timestamp", "distance": "float"},
        ...     expectations=[{"kind": "between", "column": "distance", "min": 0}])
        >>> rows = {"id": [7], "at": [datetime(2013, 1, 1, 9)], "distance": [-3.0], "_partition": ["2013-01-01"]}
        >>> [result] = validate(table, pl.DataFrame(rows), ["2013-01-01"])
        >>> result.passed, result.expectation, result.samples
        (False, 'between(distance, min=0)', [{'id': 7, 'at': '2013-01-01T09:00:00', 'distance': -3.0}])
    """
    asked = range_of(table, frame, partitions)
    outcomes = _judge(asked)
    by_expectation = [findings_of(asked, expected, outcomes.get(i)) for i, expected in enumerate(table.expectations)]
    return [
        QualityResult(key, in_words(expected), expected.severity, expected.blocking, rows=int(asked.heights[code]), **findings[code]._asdict())
        for code, key in enumerate(asked.keys)
        for expected, findings in zip(table.expectations, by_expectation, strict=True)
    ]


def _judge(asked: Range) -> dict[int, Outcome]:
    """Return what Great Expectations says, by position of the expectation; nothing of those whose columns are absent."""
    of_rows: dict[int, Expectation] = {}
    of_counts: dict[int, Expectation] = {}
    of_columns: dict[int, Expectation] = {}
    for i, expected in enumerate(asked.table.expectations):
        if isinstance(expected, RowCount):
            of_counts[i] = expected
        elif isinstance(expected, Schema):
            of_columns[i] = expected
        elif set(expected.columns()) <= set(asked.rows.columns):
            of_rows[i] = expected
    return (
        _outcomes(asked, of_rows, _needed(asked, list(of_rows.values())))
        | _outcomes(asked, of_counts, pl.DataFrame({ROWS: asked.heights}))
        | _outcomes(asked, of_columns, asked.rows.clear().drop(PARTITION))
    )


def _needed(asked: Range, expectations: Sequence[Expectation]) -> pl.DataFrame:
    named = dict.fromkeys([*(name for expected in expectations for name in expected.columns()), PARTITION])
    # The values that a set lists are never dates or times, so those are compared with it as ISO text.
    listed = {expected.column for expected in expectations if isinstance(expected, InSet)}
    as_text = [name for name in listed if asked.rows.schema[name].is_temporal()]
    return asked.rows.select(*named).with_columns(pl.col(as_text).cast(pl.String))


def _outcomes(asked: Range, expectations: dict[int, Expectation], frame: pl.DataFrame) -> dict[int, Outcome]:
    outcomes = run(frame, [check_of(expected, asked.table) for expected in expectations.values()])
    for expected, outcome in zip(expectations.values(), outcomes, strict=True):
        if outcome.error:
            columns = ", ".join(f"{name} ({asked.table.columns[name].type})" for name in expected.columns())
            message = (
                f"Feature table {asked.table.name}: the expectation {in_words(expected)} cannot be judged on column {columns}: {outcome.error} "
                "Declare an expectation that fits the column's type."
            )
            raise DataError(message)
    return dict(zip(expectations, outcomes, strict=True))
