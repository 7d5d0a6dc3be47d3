"""Sources, the lake, and feature tables: how data come in, are kept and are found again."""

from mlworks_orchestration.data.frames import call_user, to_polars
from mlworks_orchestration.data.ingest import build_features, load_raw
from mlworks_orchestration.data.labels import build_labels
from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.data.schema import polars_type

__all__ = [
    "PARTITION",
    "Lake",
    "build_features",
    "build_labels",
    "call_user",
    "load_raw",
    "polars_type",
    "to_polars",
]
