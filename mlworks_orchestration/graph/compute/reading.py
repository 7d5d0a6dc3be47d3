"""Reading what an asset is made of."""

from collections.abc import Sequence

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import FeatureTable


def read_ready(lake: Lake, name: str, table: FeatureTable, partitions: Sequence[str]) -> pl.DataFrame:
    """Read partitions that must be in the lake by now.

    Parameters:
        lake: the Delta tables.
        name: of the lake's table.
        table: the feature table that it belongs to; only where it may be empty may a partition be missing.
        partitions: their keys.

    Raises:
        NotReadyError: naming the partitions that are not there.
    """
    missing = sorted(set(partitions) - set(lake.partitions(name)))
    if missing and not table.may_be_empty:
        message = f"{name} has no rows for partition {', '.join(missing[:3])}{' …' * (len(missing) > 3)}; materialise {name} for it first."  # noqa: PLR2004
        raise NotReadyError(message)
    return lake.read(name, partitions=partitions)
