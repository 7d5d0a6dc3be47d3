"""What a user declares: frozen, validated objects that know nothing of Dagster or files."""

from mlworks_orchestration.spec.base import Spec, format_duration, load_object, parse_duration
from mlworks_orchestration.spec.business import Business
from mlworks_orchestration.spec.catalog import Catalog
from mlworks_orchestration.spec.drift import Drift, DriftKind, Threshold
from mlworks_orchestration.spec.expectations import Between, Expectation, InSet, NotNull, RowCount, Schema, Unique
from mlworks_orchestration.spec.feature_table import Column, ColumnType, FeatureTable
from mlworks_orchestration.spec.loading import Broken, Declarations, Document, parse_documents, read_declarations
from mlworks_orchestration.spec.metrics import CLASSIFICATION, METRICS, Forecast, Metric, Metrics, Task
from mlworks_orchestration.spec.model import FeatureSelection, Label, MLModel, Owners
from mlworks_orchestration.spec.model_tests import (
    LOADS_CLEANLY,
    LOADS_CLEANLY_ASSERTS,
    AnyModelTest,
    BetterThanBaseline,
    BetterThanSimpler,
    Calibration,
    Direction,
    Invariance,
    Latency,
    MinimumQuality,
    ModelTest,
    NoSliceWorseThanChampion,
    OwnTest,
    Reproducibility,
    RobustToMissing,
    ServingParity,
    Size,
    SliceQuality,
)
from mlworks_orchestration.spec.moments import WEEK, first_training, moments_of_replay, step_of_replay
from mlworks_orchestration.spec.partitions import Partitions, TimeWindow
from mlworks_orchestration.spec.retraining import Gate, Retraining
from mlworks_orchestration.spec.tune import Choices, Interval, Tune
from mlworks_orchestration.spec.uses import Use, tables_behind, uses_of
from mlworks_orchestration.spec.validation import explain

__all__ = [
    "CLASSIFICATION",
    "LOADS_CLEANLY",
    "LOADS_CLEANLY_ASSERTS",
    "METRICS",
    "WEEK",
    "AnyModelTest",
    "BetterThanBaseline",
    "BetterThanSimpler",
    "Between",
    "Broken",
    "Business",
    "Calibration",
    "Catalog",
    "Choices",
    "Column",
    "ColumnType",
    "Declarations",
    "Direction",
    "Document",
    "Drift",
    "DriftKind",
    "Expectation",
    "FeatureSelection",
    "FeatureTable",
    "Forecast",
    "Gate",
    "InSet",
    "Interval",
    "Invariance",
    "Label",
    "Latency",
    "MLModel",
    "Metric",
    "Metrics",
    "MinimumQuality",
    "ModelTest",
    "NoSliceWorseThanChampion",
    "NotNull",
    "OwnTest",
    "Owners",
    "Partitions",
    "Reproducibility",
    "Retraining",
    "RobustToMissing",
    "RowCount",
    "Schema",
    "ServingParity",
    "Size",
    "SliceQuality",
    "Spec",
    "Task",
    "Threshold",
    "TimeWindow",
    "Tune",
    "Unique",
    "Use",
    "explain",
    "first_training",
    "format_duration",
    "load_object",
    "moments_of_replay",
    "parse_documents",
    "parse_duration",
    "read_declarations",
    "step_of_replay",
    "tables_behind",
    "uses_of",
]
