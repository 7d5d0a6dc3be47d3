"""What came of a verdict: who served since, and what people said."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.retraining.past import Outcome
from mlworks_orchestration.training import standing


def outcome_of(lake: Lake, model: str, verdict: Mapping[str, Any], served: pl.DataFrame) -> Outcome:
    """Return what came of a training that was judged.

    Parameters:
        lake: where approvals are.
        model: the model's name.
        verdict: a row of `training.verdicts`.
        served: moves of the alias `champion`, in the order in which they were recorded.
    """
    versions = served["version"].to_list()
    since = served.with_row_index().filter(pl.col("version") == verdict["challenger"], pl.col("held_from") >= verdict["decided_at"])
    if len(since):
        first = int(since["index"][0])
        return Outcome.ROLLED_BACK if versions[first + 1 : first + 2] and versions[first + 1] in versions[:first] else Outcome.PROMOTED
    if verdict["promoted"]:
        return Outcome.PROMOTED
    if not verdict["favourable"]:
        return Outcome.REJECTED
    if verdict["mode"] == "dry_run":
        return Outcome.DRY_RUN
    replaced = versions[-1:] != [verdict["champion"]] if verdict["champion"] is not None else bool(versions)
    return Outcome.REJECTED if replaced or standing(lake, model, verdict["challenger"]).rejections else Outcome.WAITING
