"""Sources, the lake, and feature tables: how data come in, are kept and are found again."""

from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.data.schema import polars_type

__all__ = ["PARTITION", "Lake", "polars_type"]
