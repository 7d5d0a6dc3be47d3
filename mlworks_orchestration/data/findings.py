"""From the rows that break an expectation to what is found of each partition."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.data.gx import Outcome
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.spec import Expectation, FeatureTable, NotNull, RowCount, Schema

_SAMPLES = 5

Integers: TypeAlias = npt.NDArray[np.int64]


class Range(NamedTuple):
    """Rows of some partitions of a table.

    Parameters:
        table: the table.
        rows: those of the partitions.
        keys: of the partitions.
        codes: for each row, the position of its partition in `keys`.
        heights: for each partition, its number of rows.
    """

    table: FeatureTable
    rows: pl.DataFrame
    keys: list[str]
    codes: Integers
    heights: Integers


class Finding(NamedTuple):
    """What is found of one expectation in one partition; the fields are those of `QualityResult`."""

    passed: bool
    unexpected_count: int
    samples: list[dict[str, Any]]
    observed: str


def range_of(table: FeatureTable, frame: pl.DataFrame, partitions: Sequence[str]) -> Range:
    """Return the rows of `partitions` with what is needed to count by partition.

    Parameters:
        table: the table.
        frame: rows with the column `_partition`.
        partitions: keys; one that is given twice counts once.

    Examples:
        >>> range_of(None, pl.DataFrame({"_partition": ["b", "a", "b", "z"]}), ["a", "b", "c"]).heights
        array([1, 2, 0])
    """
    keys = list(dict.fromkeys(partitions))
    rows = frame.filter(pl.col(PARTITION).is_in(keys))
    codes = rows[PARTITION].cast(pl.Enum(keys)).to_physical().cast(pl.Int64).to_numpy()
    return Range(table, rows, keys, codes, np.bincount(codes, minlength=len(keys)))


def findings_of(asked: Range, expected: Expectation, outcome: Outcome | None) -> list[Finding]:
    """Return what is found of one expectation, in the order of the partitions.

    Parameters:
        asked: the rows.
        expected: the expectation.
        outcome: what Great Expectations says of all the rows together; none if columns that it needs are absent.
    """
    if outcome is None:
        absent = ", ".join(repr(name) for name in expected.columns() if name not in asked.rows.columns)
        return [Finding(rows == 0, rows, [], f"column {absent} is absent") for rows in asked.heights.tolist()]
    if isinstance(expected, RowCount):
        failed = set(outcome.unexpected)
        return [Finding(code not in failed, int(code in failed), [], f"{rows} rows") for code, rows in enumerate(asked.heights.tolist())]
    if isinstance(expected, Schema):
        found = _schema_finding(asked, outcome)
        return [found if rows else Finding(passed=True, unexpected_count=0, samples=[], observed="0 rows") for rows in asked.heights]
    return _row_findings(asked, expected, np.asarray(outcome.unexpected, dtype=np.int64))


def _schema_finding(asked: Range, outcome: Outcome) -> Finding:
    given, declared = set(asked.rows.columns) - {PARTITION}, set(asked.table.columns)
    odd = [f"{name!r} is absent" for name in sorted(declared - given)] + [f"{name!r} is not declared" for name in sorted(given - declared)]
    return Finding(outcome.success, len(odd), [], "; ".join(odd) or "the declared columns")


def _row_findings(asked: Range, expected: Expectation, unexpected: Integers) -> list[Finding]:
    judged = asked.codes[_judged(asked, expected)]
    considered = np.bincount(judged, minlength=len(asked.keys))
    ordered = unexpected[np.argsort(asked.codes[unexpected], kind="stable")]
    counts = np.bincount(asked.codes[unexpected], minlength=len(asked.keys))
    ends = np.cumsum(counts)
    findings = []
    for rows, bad, end in zip(considered.tolist(), counts.tolist(), ends.tolist(), strict=True):
        # Great Expectations' own rule, in the same floating-point order: nothing to judge passes.
        passed = rows == 0 or (rows - bad) / rows >= getattr(expected, "mostly", 1.0)
        observed = f"{bad} of {rows} judged rows unexpected" + (f" ({bad / rows:.2%})" if bad else "")
        findings.append(Finding(passed, bad, _samples(asked, expected, ordered[end - bad : end][:_SAMPLES]), observed))
    return findings


def _judged(asked: Range, expected: Expectation) -> npt.NDArray[np.bool_]:
    """Return which rows an expectation judges: missing values only by `not_null` and `unique`."""
    column = getattr(expected, "column", None)
    if column is None or isinstance(expected, NotNull):
        return np.ones(asked.rows.height, dtype=np.bool_)
    values = asked.rows[column]
    present = values.fill_nan(None).is_not_null() if values.dtype.is_float() else values.is_not_null()
    return np.asarray(present.to_numpy(), dtype=np.bool_)


def _samples(asked: Range, expected: Expectation, rows: Integers) -> list[dict[str, Any]]:
    if not rows.size:
        return []
    shown = dict.fromkeys([*asked.table.entity, asked.table.event_time, *expected.columns()])
    sampled = asked.rows.select(name for name in shown if name in asked.rows.columns)[rows]
    return [{name: _plain(value) for name, value in row.items()} for row in sampled.iter_rows(named=True)]


def _plain(value: object) -> object:
    """Return what JSON can hold: times as ISO text, NaN and infinity as text."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)
    return value
