"""What training and scoring cost: a row a step in the table `<model>/operations`."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import Measured

_SCHEMA = {
    "step": pl.String(),
    "first_partition": pl.String(),
    "last_partition": pl.String(),
    "duration_seconds": pl.Float64(),
    "peak_memory_mb": pl.Float64(),
    "rows": pl.Int64(),
    "rows_per_second": pl.Float64(),
    "at": pl.Datetime("us", "UTC"),
}

_CALLED = {"candidate": "training", "scores": "scoring"}
_COSTS = {"seconds": "duration_seconds", "peak_memory_mb": "peak_memory_mb", "rows_per_second": "rows_per_second"}


def record_operation(lake: Lake, model: MLModel, step: str, measured: Measured, partitions: Sequence[str] = ()) -> pl.DataFrame:
    """Append what a step cost to the table `<model>/operations`.

    Parameters:
        lake: the Delta tables.
        model: whose step it was.
        step: what was done, for example `scores` or `candidate`.
        measured: what it cost.
        partitions: keys of those that it worked on; none for a step without partitions.

    Returns:
        The row appended; the partitions are null where there are none.
    """
    row = {
        "step": step,
        "first_partition": min(partitions, default=None),
        "last_partition": max(partitions, default=None),
        "duration_seconds": measured.duration_seconds,
        "peak_memory_mb": measured.peak_memory_mb,
        "rows": measured.rows,
        "rows_per_second": measured.rows_per_second,
        "at": clock.now(),
    }
    frame = pl.DataFrame([row], schema=_SCHEMA)
    lake.append(f"{model.name}/operations", frame)
    return frame


def last_costs(lake: Lake, model: MLModel) -> dict[str, float]:
    """Return what the newest training and the newest scoring cost: `training_seconds`, `scoring_rows_per_second` and so on, as far as there were any.

    Parameters:
        lake: the Delta tables.
        model: whose steps they were.
    """
    if not lake.exists(f"{model.name}/operations"):
        return {}
    newest = lake.read(f"{model.name}/operations").sort("at", maintain_order=True).unique("step", keep="last", maintain_order=True)
    rows = {row["step"]: row for row in newest.iter_rows(named=True)}
    return {f"{called}_{name}": float(rows[step][column]) for step, called in _CALLED.items() if step in rows for name, column in _COSTS.items()}
