"""Past reports and the performance of their windows, as one reads them to find causes."""

from datetime import datetime

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import MLModel

_HISTORY = 120
_COLUMNS = [
    PARTITION,
    "kind",
    "column",
    "statistic",
    "effect",
    "threshold",
    "drifted",
    "decides",
    "reason",
    "reference_version",
    "window_start",
    "window_end",
]


def read_reports(lake: Lake, model: MLModel, partition: str) -> pl.DataFrame:
    """Return the rows of a report and of the 120 before it that have the same reference, in time order.

    Statistics that do not decide are left out: they raise no alarm, and no cause is sought for them.

    Parameters:
        lake: the Delta tables.
        model: whose reports.
        partition: key of the one that ends with it.

    Raises:
        NotReadyError: if that partition has no report.
    """
    table = f"{model.name}/drift_report"
    keys = [key for key in lake.partitions(table) if key <= partition][-_HISTORY - 1 :]
    if keys[-1:] != [partition]:
        raise no_report(model, partition)
    known = lake.read(table, partitions=[]).columns
    rows = lake.read(table, columns=[name for name in _COLUMNS if name in known], partitions=keys).sort(PARTITION, maintain_order=True)
    version = rows.filter(pl.col(PARTITION) == partition)["reference_version"][0]
    same = rows.filter(pl.col("reference_version") == version)
    return same.filter(pl.col("decides").fill_null(value=True) | (pl.col("column") == "")) if "decides" in known else same


def no_report(model: MLModel, partition: str) -> NotReadyError:
    """Return the error of a partition that has no report.

    Parameters:
        model: whose report.
        partition: its key.
    """
    return NotReadyError(f"Model {model.name}: partition {partition} has no drift report; materialise {model.name}/drift_report for it first.")


def window_losses(lake: Lake, model: MLModel, reports: pl.DataFrame) -> pl.DataFrame:
    """Return the primary metric of each report's window, as far as it is known: the mean of its partitions', weighted by their rows.

    Parameters:
        lake: the Delta tables.
        model: its window and metric.
        reports: as `read_reports` returns them.

    Returns:
        `_partition`, `loss` (the metric, its sign turned where higher is better) and `independent` (whether the window overlaps none of the
        independent ones before it).
    """
    ends = sorted(set(reports[PARTITION]))
    table = f"{model.name}/performance"
    schema = {PARTITION: pl.String(), "loss": pl.Float64(), "independent": pl.Boolean()}
    if not lake.exists(table):
        return pl.DataFrame(schema=schema)
    measured = [key for key in lake.partitions(table) if key <= ends[-1]]
    columns = [PARTITION, "slice_column", "metric", "value", "rows"]
    sign = 1.0 if model.primary_metric.lower_is_better else -1.0
    rows = lake.read(table, columns=columns, partitions=measured).filter(slice_column="", metric=model.metrics.primary)
    known = {key: (sign * value, count) for key, value, count in rows.select(PARTITION, "value", "rows").iter_rows()}
    members = windows(model.partitions, model.drift.window, ends, measured)
    spans = dict(reports.group_by(PARTITION).agg(pl.struct("window_start", "window_end").first()).iter_rows())
    found, free_from = [], None
    for end in ends:
        parts = [known[key] for key in members[end] if key in known]
        if not parts:
            continue
        independent = free_from is None or spans[end]["window_start"] >= free_from
        free_from = _latest(spans[end]["window_end"], free_from) if independent else free_from
        loss = sum(value * count for value, count in parts) / sum(count for _, count in parts)
        found.append({PARTITION: end, "loss": loss, "independent": independent})
    return pl.DataFrame(found, schema=schema)


def _latest(moment: datetime, other: datetime | None) -> datetime:
    return moment if other is None else max(moment, other)
