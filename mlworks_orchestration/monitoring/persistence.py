"""Alarms that must last: k of the last n windows, the latest among them."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.spec import Drift, MLModel


def earlier_windows(lake: Lake, model: MLModel, first: str) -> dict[str, dict[str, bool | None]]:
    """Return, by kind and partition, whether the windows before a partition exceeded a threshold; None where that could not be told.

    Parameters:
        lake: the Delta tables.
        model: whose reports to look at.
        first: the partition; as many before it are read as the declaration looks back.
    """
    table, back = f"{model.name}/drift_report", model.drift.of - 1
    keys = [key for key in lake.partitions(table) if key < first][-back:] if back else []
    if not keys:
        return {}
    stored = lake.read(table, columns=[PARTITION, "kind", "column", "value"], partitions=keys).filter(pl.col("column") == "")
    found: dict[str, dict[str, bool | None]] = {}
    for partition, kind, _, value in stored.iter_rows():
        found.setdefault(kind, {})[partition] = None if value is None else value > 0
    return found


def require_persistence(sums: Sequence[dict[str, Any]], drift: Drift, earlier: Mapping[str, Mapping[str, bool | None]]) -> None:
    """Take back, in place, alarms of windows that too few others join.

    Parameters:
        sums: rows that sum up a kind, each with `_partition`, `kind`, `value` (the share of its columns that exceed), `drifted` and `reason`.
        drift: k and n.
        earlier: what `earlier_windows` returned.

    Examples:
        >>> row = {"_partition": "2013-03-02", "kind": "label", "value": 1.0, "drifted": True, "reason": "drifted: delay"}
        >>> require_persistence([row], Drift(violations=2, of=3), {"label": {"2013-03-01": False}})
        >>> row["drifted"], row["reason"]
        (False, 'drifted: delay; but only 1 of the last 2 windows, and 2 of 3 make an alarm')
    """
    known = {kind: dict(windows) for kind, windows in earlier.items()}
    for row in sorted(sums, key=lambda row: row[PARTITION]):
        windows = known.setdefault(row["kind"], {})
        windows[row[PARTITION]] = None if row["value"] is None else row["value"] > 0
        last = [windows[key] for key in sorted(windows)][-drift.of :]
        if row["drifted"] and last.count(True) < drift.violations:
            row["drifted"] = False
            row["reason"] += f"; but only {last.count(True)} of the last {len(last)} windows, and {drift.violations} of {drift.of} make an alarm"
