"""Sources, the lake, and feature tables: how data come in, are kept and are found again."""

from mlworks_orchestration.data.archive import Archive, data_folder
from mlworks_orchestration.data.feature_frame import FeatureKind, feature_frame, feature_kinds, text_features
from mlworks_orchestration.data.frames import call_user, to_polars
from mlworks_orchestration.data.ingest import build_features, given_before, load_raw
from mlworks_orchestration.data.labels import build_labels
from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION, partition_of
from mlworks_orchestration.data.point_in_time import as_of_join, known_rows
from mlworks_orchestration.data.progress import listening
from mlworks_orchestration.data.quality import QualityResult, validate
from mlworks_orchestration.data.quality_log import quality_table, record_quality
from mlworks_orchestration.data.retention import Need, Tidied, recorded_needs, tidy
from mlworks_orchestration.data.schema import polars_type
from mlworks_orchestration.data.storage import LocatedTable

__all__ = [
    "PARTITION",
    "Archive",
    "FeatureKind",
    "Lake",
    "LocatedTable",
    "Need",
    "QualityResult",
    "Tidied",
    "as_of_join",
    "build_features",
    "build_labels",
    "call_user",
    "data_folder",
    "feature_frame",
    "feature_kinds",
    "given_before",
    "known_rows",
    "listening",
    "load_raw",
    "partition_of",
    "polars_type",
    "quality_table",
    "record_quality",
    "recorded_needs",
    "text_features",
    "tidy",
    "to_polars",
    "validate",
]
