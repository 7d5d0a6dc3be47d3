"""What `validate` found, kept in the lake as `quality/<table>`, so that an alarm downstream can name the broken input."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data.checks import in_words
from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.data.quality import QualityResult
from mlworks_orchestration.spec import FeatureTable

_SCHEMA = {
    PARTITION: pl.String(),
    "expectation": pl.String(),
    "columns": pl.List(pl.String()),
    "severity": pl.String(),
    "blocking": pl.Boolean(),
    "passed": pl.Boolean(),
    "unexpected_count": pl.Int64(),
    "rows": pl.Int64(),
    "observed": pl.String(),
    "samples": pl.String(),
    "validated_at": pl.Datetime("us", "UTC"),
}


def record_quality(
    lake: Lake, table: FeatureTable, results: Sequence[QualityResult], partitions: Sequence[str], metadata: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Write what was found of partitions to the lake table `quality/<table>`, in one commit that replaces what was found of them before.

    Call it before the partitions themselves are written, also when some are refused: a process killed between the two commits then leaves a
    finding without its rows, never bad rows without a finding, and the next run replaces both.

    Parameters:
        lake: the Delta tables.
        table: whose partitions were judged; if it expects nothing, there is nothing to keep.
        results: as `validate` returned them.
        partitions: keys of those that were judged.
        metadata: kept with the commit, for example the run.

    Returns:
        The rows written, one a partition and expectation; `columns` are those that it names, `samples` is JSON.
    """
    name = quality_table(table.name)
    columns = {in_words(expected): expected.columns() for expected in table.expectations}
    now = clock.now()
    rows = [
        {
            **asdict(result),
            PARTITION: result.partition,
            "columns": columns.get(result.expectation, []),
            "samples": json.dumps(result.samples, ensure_ascii=False, default=str),
            "validated_at": now,
        }
        for result in results
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    if rows or lake.exists(name):
        lake.write(name, frame, partitions=partitions, metadata=metadata)
    return frame


def quality_table(table: str) -> str:
    """Return what the lake calls the findings of a feature table.

    Examples:
        >>> quality_table("flights")
        'quality/flights'
    """
    return f"quality/{table}"
