"""What is normal between windows of a version's own data, and the thresholds that follow; kept in the lake a version and a declaration of drift."""

from collections.abc import Mapping
from datetime import timedelta
from json import dumps, loads

import numpy as np
import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.monitoring.drift import Blocks, Calibrated, Normal, calibrate_normal
from mlworks_orchestration.spec import DriftKind, MLModel

_YEAR = timedelta(days=365)
_SCHEMA = {
    "version": pl.Int64(),
    "part": pl.String(),
    "drift": pl.String(),
    "blocks": pl.String(),
    "normal": pl.String(),
    "built_at": pl.Datetime("us", "UTC"),
}


def calibrated(lake: Lake, model: MLModel, version: int, built: Mapping[str, Blocks] | None = None) -> dict[str, tuple[Blocks, Normal]]:
    """Return the blocks and thresholds of a version, by part of its data; set and store them if they never were for this declaration of drift.

    Parameters:
        lake: the Delta tables.
        model: whose version.
        version: the registered version.
        built: the blocks of each part, the first time; afterwards they are read back.
    """
    table, drift = f"{model.name}/normal", model.drift.model_dump_json()
    stored = lake.read(table).filter(pl.col("version") == version) if lake.exists(table) and built is None else pl.DataFrame(schema=_SCHEMA)
    latest = stored.sort("built_at", maintain_order=True).group_by("part", "drift", maintain_order=True).last()
    known = {row["part"]: row for row in latest.filter(pl.col("drift") == drift).iter_rows(named=True)}
    if known:
        return {part: (Blocks.from_document(loads(row["blocks"])), Normal.from_document(loads(row["normal"]))) for part, row in known.items()}
    blocks = built or {row["part"]: Blocks.from_document(loads(row["blocks"])) for row in latest.iter_rows(named=True)}
    found = {part: (one, set_thresholds(model, version, one)) for part, one in blocks.items()}
    rows = [
        {
            "version": version,
            "part": part,
            "drift": drift,
            "blocks": dumps(one.to_document(), separators=(",", ":")),
            "normal": dumps(normal.to_document(), separators=(",", ":")),
            "built_at": clock.now(),
        }
        for part, (one, normal) in found.items()
    ]
    lake.append(table, pl.DataFrame(rows, schema=_SCHEMA))
    return found


def set_thresholds(model: MLModel, version: int, blocks: Blocks) -> Normal:
    """Set a part's thresholds so that its kinds of drift raise their share of the false alarms.

    Parameters:
        model: whose version.
        version: the registered version.
        blocks: of the part.
    """
    rule, length = yearly(model, blocks)
    return calibrate_normal(blocks, rule, model.drift, window_blocks=length, generator=np.random.default_rng([model.seed, version]))


def yearly(model: MLModel, blocks: Blocks) -> tuple[Calibrated, float]:
    """Return how many false alarms the kinds of a part may raise in how many windows, and how long a window is in blocks.

    Parameters:
        model: whose declaration of drift.
        blocks: of the part.
    """
    share = len(blocks.kinds) / len(DriftKind)
    starts = blocks.starts if blocks.starts is not None else np.array([])
    step = float(np.median(np.diff(starts))) if len(starts) > 1 else model.drift.window.total_seconds()
    rule = Calibrated.yearly(model.drift.false_alarms_per_year * share, windows_per_year=_YEAR.total_seconds() / step)
    return rule, model.drift.window.total_seconds() / step
