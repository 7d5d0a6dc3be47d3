"""Data quality upstream: the expectations that failed in the feature tables of a model, in the window of a report."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, quality_table
from mlworks_orchestration.spec import Catalog, MLModel, tables_behind

_USUAL = 0.5
_HISTORY = 60
_COLUMNS = [PARTITION, "expectation", "columns", "severity", "blocking", "passed", "unexpected_count", "rows", "observed", "samples"]


@dataclass(frozen=True)
class UpstreamFailure:
    """An expectation that failed in some partitions of a window.

    Parameters:
        table: the feature table.
        expectation: in words.
        columns: those that it names.
        severity: `error` or `warn`.
        blocking: whether the partitions were refused; the table then holds what it had before.
        partitions: keys of those that failed.
        unexpected_count: rows that break it, in all of them.
        rows: rows of these partitions.
        observed: what was found in the first of them, in words.
        samples: of its rows, as JSON.
        usual: share of the sixty partitions before the window in which it failed too, 0 to 1; None if none were judged.
    """

    table: str
    expectation: str
    columns: tuple[str, ...]
    severity: str
    blocking: bool
    partitions: tuple[str, ...]
    unexpected_count: int
    rows: int
    observed: str
    samples: str
    usual: float | None

    @property
    def is_new(self) -> bool:
        """Whether it held in most of the partitions before the window."""
        return self.usual is None or self.usual < _USUAL


def upstream_failures(lake: Lake, catalog: Catalog, model: MLModel, partitions: Sequence[str]) -> list[UpstreamFailure]:
    """Return what failed in the feature tables that the model reads, its label's and those that they are derived from among them.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose tables.
        partitions: keys of the window.

    Returns:
        One a table and expectation; new failures before usual ones, then those that refused a partition, then errors, then by share of rows.
    """
    found = [failure for table in tables_behind(catalog, model) for failure in _failures(lake, table, partitions)]
    return sorted(found, key=lambda one: (not one.is_new, not one.blocking, one.severity != "error", -one.unexpected_count / max(one.rows, 1)))


def judged_partitions(lake: Lake, catalog: Catalog, model: MLModel) -> list[str]:
    """Return, sorted, the keys of all partitions of which validation's findings were recorded; refused ones are among them."""
    return sorted({key for table in tables_behind(catalog, model) for key in lake.partitions(quality_table(table))})


def _failures(lake: Lake, table: str, partitions: Sequence[str]) -> list[UpstreamFailure]:
    name = quality_table(table)
    if not lake.exists(name):
        return []
    known = [key for key in lake.partitions(name) if key < min(partitions)][-_HISTORY:]
    judged = lake.read(name, columns=_COLUMNS, partitions=[*known, *partitions])
    before = judged.filter(pl.col(PARTITION) < min(partitions))
    usual = dict(before.group_by("expectation").agg((~pl.col("passed")).mean()).iter_rows())
    failed = judged.filter(pl.col(PARTITION).is_in(list(partitions)) & ~pl.col("passed")).sort(PARTITION)
    return [_failure(table, rows, usual.get(str(expectation))) for (expectation,), rows in failed.group_by("expectation", maintain_order=True)]


def _failure(table: str, rows: pl.DataFrame, usual: float | None) -> UpstreamFailure:
    first = rows.row(0, named=True)
    return UpstreamFailure(
        table=table,
        expectation=first["expectation"],
        columns=tuple(first["columns"]),
        severity=first["severity"],
        blocking=first["blocking"],
        partitions=tuple(rows[PARTITION]),
        unexpected_count=int(rows["unexpected_count"].sum()),
        rows=int(rows["rows"].sum()),
        observed=first["observed"],
        samples=first["samples"],
        usual=usual,
    )
