"""Causes in the lake: a row a report in the table `<model>/causes`."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.monitoring.causes.found import Causes
from mlworks_orchestration.spec import MLModel

_SCHEMA = {
    PARTITION: pl.String(),
    "reference_version": pl.Int64(),
    "kinds": pl.List(pl.String()),
    "findings": pl.List(pl.String()),
    "actions": pl.List(pl.String()),
    "causes": pl.String(),
    "explained_at": pl.Datetime("us", "UTC"),
}


def record_causes(lake: Lake, model: MLModel, found: Sequence[Causes]) -> pl.DataFrame:
    """Write the causes of one or more reports, in one commit that replaces what was written of these partitions before.

    Parameters:
        lake: the Delta tables.
        model: whose reports.
        found: as `explain` returned them, one a partition.

    Returns:
        The rows written; `causes` is all of it as JSON.
    """
    rows = [
        {
            PARTITION: one.partition,
            "reference_version": one.reference_version,
            "kinds": [drifted.kind for drifted in one.kinds],
            "findings": list(one.findings),
            "actions": list(one.actions),
            "causes": json.dumps(one.to_dict(), ensure_ascii=False, allow_nan=False),
            "explained_at": clock.now(),
        }
        for one in found
    ]
    frame = pl.DataFrame(rows, schema=_SCHEMA)
    lake.write(causes_table(model), frame, partitions=[one.partition for one in found])
    return frame


def read_causes(lake: Lake, model: MLModel, partition: str) -> dict[str, Any] | None:
    """Return what `Causes.to_dict` gave of a report, or None if its causes were not recorded.

    Parameters:
        lake: the Delta tables.
        model: whose report.
        partition: key of the report.
    """
    if partition not in lake.partitions(causes_table(model)):
        return None
    document: dict[str, Any] = json.loads(lake.read(causes_table(model), columns=["causes"], partitions=[partition])["causes"][0])
    return document


def causes_table(model: MLModel) -> str:
    """Return the name of the table."""
    return f"{model.name}/causes"
