"""Drift of any set of rows against a reference: mergeable profiles, statistics on them, and the comparison. Pure numpy, scipy and polars."""

from mlworks_orchestration.monitoring.drift.comparison.compare import ColumnDrift, Reference, compare, summarise
from mlworks_orchestration.monitoring.drift.comparison.distribution import Distribution, distribution
from mlworks_orchestration.monitoring.drift.comparison.names import check_names
from mlworks_orchestration.monitoring.drift.comparison.summary import Summary, summary_of
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.normal import Normal, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.profiles.serial import from_json, to_json
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.standalone.analysis import Analysis
from mlworks_orchestration.monitoring.drift.standalone.analyze import analyze
from mlworks_orchestration.monitoring.drift.standalone.column import ColumnAnalysis
from mlworks_orchestration.monitoring.drift.statistics import (
    STATISTICS,
    Measures,
    Pair,
    Statistic,
    import_statistics,
    register,
    registered,
    run_statistics,
)
from mlworks_orchestration.monitoring.drift.statistics.domain import tell_apart
from mlworks_orchestration.monitoring.drift.statistics.effects import from_shift
from mlworks_orchestration.monitoring.drift.statistics.pairing import Pairing, most_changed
from mlworks_orchestration.monitoring.drift.statistics.separation import Separation

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
    "Pairing",
    "Profile",
    "Reference",
    "RelationProfile",
    "Separation",
    "Statistic",
    "Summary",
    "TextProfile",
    "analyze",
    "calibrate_normal",
    "check_names",
    "compare",
    "distribution",
    "from_json",
    "from_shift",
    "import_statistics",
    "most_changed",
    "register",
    "registered",
    "run_statistics",
    "summarise",
    "summary_of",
    "tell_apart",
    "to_json",
]
