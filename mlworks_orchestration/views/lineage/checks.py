"""What data quality found of the partitions that something was made of, and what model tests found of a version."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from mlworks_orchestration.data import PARTITION, quality_table
from mlworks_orchestration.errors import LakeError
from mlworks_orchestration.spec import FeatureTable
from mlworks_orchestration.training import stored_results
from mlworks_orchestration.views.lineage.walk import Walk

_COLUMNS = [PARTITION, "expectation", "severity", "blocking", "passed", "observed", "validated_at"]


def add_checks(walk: Walk, table: FeatureTable, version: int, partitions: Sequence[str]) -> str | None:
    """Add what was found of partitions of a feature table when a version of it was written, and return the node's id.

    Parameters:
        walk: to add to.
        table: the feature table.
        version: of `features/<table>`.
        partitions: keys.

    Returns:
        None if the table expects nothing, or if it has none of the partitions.
    """
    name = quality_table(table.name)
    written = [commit.at for key in partitions if (commit := walk.commits.wrote(f"features/{table.name}", key, version))]
    if not table.expectations or not written:
        return None
    span = partitions[0] if len(partitions) == 1 else f"{min(partitions)}..{max(partitions)}"
    found = walk.commits.newest(name, max(written))
    key, title = f"{name}@{found}#{span}", f"{name} of {span.replace('..', ' to ')}"
    if found is None:
        return walk.drawing.add("check", key, title, missing=f"no results are recorded in {name}")
    try:
        results = walk.lake.read(name, columns=_COLUMNS, partitions=partitions, version=found)
    except LakeError as error:
        return walk.drawing.add("check", key, title, missing=str(error))
    failed = results.filter(~pl.col("passed"))
    return walk.drawing.add(
        "check",
        key,
        title,
        partitions=results[PARTITION].n_unique(),
        results=results.height,
        failed=failed.height,
        failures=_failures(failed),
        validated_at=results["validated_at"].max(),
    )


def add_tests(walk: Walk, node: str, model: str, version: int) -> None:
    """Add what model tests found of a version, if it was tested.

    Parameters:
        walk: to add to.
        node: id of the version's node.
        model: the model's name.
        version: its number.
    """
    found = stored_results(walk.lake, model).filter(pl.col("version") == version, pl.col("part") == "")
    if found.is_empty():
        return
    states = found["state"].to_list()
    counts = {"results": len(states), "failed": states.count("failed"), "inconclusive": states.count("inconclusive")}
    facts = {**counts, "validated_at": found["tested_at"].max()}
    failures = found.filter(pl.col("state") != "passed").select("severity", "state", expectation="test", observed="words").to_dicts()
    made = walk.drawing.add("check", f"{model}/model_tests#{version}", f"model tests of version {version}", failures=failures, **facts)
    walk.drawing.link(node, made, "tested by")


def _failures(failed: pl.DataFrame) -> list[dict[str, Any]]:
    """Return the expectations that failed, with the partitions in which they did and what was observed in the last of these."""
    return (
        failed.sort(PARTITION)
        .group_by("expectation", "severity", "blocking", maintain_order=True)
        .agg(partitions=pl.len(), first=pl.col(PARTITION).first(), last=pl.col(PARTITION).last(), observed=pl.col("observed").last())
        .to_dicts()
    )
