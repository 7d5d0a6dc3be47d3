"""Partitions of a model's tables: what each was computed from."""

import json
from collections.abc import Iterable, Sequence

import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.spec import MLModel, TimeWindow
from mlworks_orchestration.views.lineage.tables import add_table
from mlworks_orchestration.views.lineage.versions import add_version
from mlworks_orchestration.views.lineage.walk import Walk

RECORDED = {"performance": ["model_version"], "drift_report": ["reference_version", "scored_versions"], "profile": ["scored_versions"]}
"""The tables whose rows name what they read, in the column `inputs`, and the columns that name versions of the model."""


def add_partition(walk: Walk, model: MLModel, part: str, partition: str, rows: pl.DataFrame) -> str:
    """Add a partition of one of a model's tables with the tables that it was computed from, and return its node's id.

    Parameters:
        walk: to add to.
        model: the model's declaration.
        part: the table's name below the model's, for example `performance`.
        partition: its key.
        rows: the partition's, with `inputs` if the table has it, and the columns that name versions.
    """
    table = f"{model.name}/{part}"
    newest = walk.commits.of(table)[-1].version
    writer = walk.commits.wrote(table, partition, newest)
    node = walk.drawing.add(
        "partition",
        f"{table}@{writer.version if writer else newest}#{partition}",
        f"{table} of {partition}",
        table=table,
        version=writer and writer.version,
        partition=partition,
        rows=rows.height,
        committed_at=writer and writer.moment,
        dagster_run=(writer and writer.dagster_run) or None,
    )
    if "inputs" in rows.columns:
        keys = _window(model, rows) or [partition]
        for inputs in rows["inputs"].drop_nulls().unique(maintain_order=True):
            for name, version in json.loads(inputs).items():
                walk.drawing.link(node, add_table(walk, name, version, keys), "read")
    elif writer:
        for selection in model.features:
            upstream = f"features/{selection.table}"
            for version in walk.commits.found(table, newest, [partition], upstream):
                walk.drawing.link(node, add_table(walk, upstream, version, [partition]), "read")
    return node


def makers(part: str, rows: pl.DataFrame) -> list[tuple[int, str]]:
    """Return the versions of the model that a partition depends on, and how.

    Parameters:
        part: the table's name below the model's.
        rows: the partition's, with the columns that name versions.
    """
    return [
        (version, "compared with" if column == "reference_version" else "scored by")
        for column in RECORDED.get(part, ["model_version"])
        for version in _versions(rows[column])
    ]


def add_makers(walk: Walk, model: MLModel, node: str, part: str, rows: pl.DataFrame) -> None:
    """Add the versions that a partition depends on, with all that these were made of.

    Parameters:
        walk: to add to.
        model: the model's declaration.
        node: id of the partition's node.
        part: the table's name below the model's.
        rows: the partition's, with the columns that name versions.
    """
    for version, relation in makers(part, rows):
        walk.drawing.link(node, add_version(walk, model, version), relation)


def stored_partitions(walk: Walk, model: MLModel, part: str, partitions: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Return the distinct origins of partitions of one of a model's tables, by partition.

    Parameters:
        walk: whose lake is read.
        model: the model's declaration.
        part: the table's name below the model's.
        partitions: keys.
    """
    window = ["window_start", "window_end"] if part == "drift_report" else []
    columns = [PARTITION, *RECORDED.get(part, ["model_version"]), *(["inputs"] if part in RECORDED else []), *window]
    rows = walk.lake.read(f"{model.name}/{part}", columns=columns, partitions=partitions)
    rows = rows.unique(maintain_order=True)
    return {str(key): found for (key,), found in rows.partition_by(PARTITION, as_dict=True, maintain_order=True).items()}


def _versions(column: pl.Series) -> list[int]:
    flat: Iterable[int] = (column.explode() if column.dtype == pl.List else column).drop_nulls().unique().sort()
    return [int(version) for version in flat]


def _window(model: MLModel, rows: pl.DataFrame) -> list[str]:
    if "window_start" not in rows.columns:
        return []
    return model.partitions.keys_within(TimeWindow(rows["window_start"].min(), rows["window_end"].max()))  # type: ignore[arg-type]
