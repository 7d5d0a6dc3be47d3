"""Drift of any set of rows against a reference: mergeable profiles, statistics on them, and the comparison. Pure numpy, scipy and polars."""

from mlworks_orchestration.monitoring.drift.analysis import Analysis, ColumnAnalysis
from mlworks_orchestration.monitoring.drift.analyze import analyze
from mlworks_orchestration.monitoring.drift.blocks import Blocks
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.compare import ColumnDrift, Reference, compare, summarise
from mlworks_orchestration.monitoring.drift.distribution import Distribution, distribution
from mlworks_orchestration.monitoring.drift.domain import tell_apart
from mlworks_orchestration.monitoring.drift.joint import JointProfile
from mlworks_orchestration.monitoring.drift.normal import Normal, calibrate_normal
from mlworks_orchestration.monitoring.drift.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.separation import Separation
from mlworks_orchestration.monitoring.drift.serial import from_json, to_json
from mlworks_orchestration.monitoring.drift.statistics import STATISTICS, Measures, Pair, Statistic, register, registered
from mlworks_orchestration.monitoring.drift.text import TextProfile
from mlworks_orchestration.monitoring.drift.thresholds import Calibrated

__all__ = [
    "STATISTICS",
    "Analysis",
    "Blocks",
    "Calibrated",
    "CategoricalProfile",
    "ColumnAnalysis",
    "ColumnDrift",
    "ColumnKey",
    "ColumnProfile",
    "DatetimeProfile",
    "Distribution",
    "JointProfile",
    "Measures",
    "Normal",
    "NumericProfile",
    "Pair",
    "Profile",
    "Reference",
    "RelationProfile",
    "Separation",
    "Statistic",
    "TextProfile",
    "analyze",
    "calibrate_normal",
    "compare",
    "distribution",
    "from_json",
    "register",
    "registered",
    "summarise",
    "tell_apart",
    "to_json",
]
