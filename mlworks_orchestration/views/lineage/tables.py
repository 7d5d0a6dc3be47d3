"""Tables at versions, back to the sources that their rows came from."""

import json
from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import LakeError, NotReadyError
from mlworks_orchestration.spec import FeatureTable, MLModel
from mlworks_orchestration.views.lineage.checks import add_checks
from mlworks_orchestration.views.lineage.sources import add_source
from mlworks_orchestration.views.lineage.walk import Walk


def add_table(walk: Walk, table: str, version: int, partitions: Sequence[str]) -> str:
    """Add a table at a version with all that some of its partitions were made of, and return its node's id.

    Where a writer did not record which version it read, it is the one that was the newest when the writer committed.

    Parameters:
        walk: to add to.
        table: its name in the lake.
        version: the Delta version.
        partitions: keys of those in question.
    """
    commit = walk.commits.commit(table, version)
    facts = {"committed_at": commit.moment, "dagster_run": commit.dagster_run or None} if commit else _unlogged(table, version)
    node = walk.drawing.add("table", f"{table}@{version}", f"{table}@{version}", table=table, version=version, **facts)
    folder, _, name = table.partition("/")
    if folder in {"raw", "features"} and name in walk.catalog.tables:
        declared = walk.catalog.tables[name]
        if folder == "features":
            _add_upstream(walk, node, declared, version, partitions)
        elif declared.source is not None:
            walk.drawing.link(node, add_source(walk, declared), "loaded by")
    elif folder in walk.catalog.models:
        _add_of_model(walk, node, walk.catalog.models[folder], (table, version), partitions)
    return node


def _unlogged(table: str, version: int) -> dict[str, str]:
    return {"missing": f"the log of {table} does not have version {version}"}


def _add_upstream(walk: Walk, node: str, table: FeatureTable, version: int, partitions: Sequence[str]) -> None:
    for name in [f"features/{given}" for given in table.inputs] or [f"raw/{table.name}"]:
        _follow(walk, node, (f"features/{table.name}", version), partitions, name)
    checks = add_checks(walk, table, version, partitions) if walk.checks else None
    if checks:
        walk.drawing.link(node, checks, "checked by")


def _add_of_model(walk: Walk, node: str, model: MLModel, at: tuple[str, int], partitions: Sequence[str]) -> None:
    part = at[0].partition("/")[2]
    if part == "labels":
        _follow(walk, node, at, partitions, f"features/{model.label.table}")
    elif part in {"scores", "inference_log"}:
        for selection in model.features:
            _follow(walk, node, at, partitions, f"features/{selection.table}")
    elif part == "profile":
        _add_recorded(walk, node, at, partitions)


def _follow(walk: Walk, node: str, at: tuple[str, int], partitions: Sequence[str], upstream: str) -> None:
    for found in walk.commits.found(*at, partitions, upstream):
        walk.drawing.link(node, add_table(walk, upstream, found, partitions), "read")


def _add_recorded(walk: Walk, node: str, at: tuple[str, int], partitions: Sequence[str]) -> None:
    """Add the tables that the rows of partitions name in their column `inputs`."""
    table, version = at
    try:
        rows = walk.inputs(table, version).filter(pl.col(PARTITION).is_in(partitions))
    except (LakeError, NotReadyError):
        # Vacuumed or lost: what was read is known by the order of commits only.
        for upstream in (f"{table.partition('/')[0]}/scores", f"{table.partition('/')[0]}/labels"):
            _follow(walk, node, at, partitions, upstream)
        return
    for inputs, found in rows.group_by("inputs", maintain_order=True):
        for name, number in json.loads(str(inputs[0])).items():
            walk.drawing.link(node, add_table(walk, name, number, found[PARTITION].to_list()), "read")
