"""Drift of any set of rows against a reference: mergeable profiles, statistics on them, and the comparison. Pure numpy, scipy and polars."""

from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.compare import ColumnDrift, compare, summarise
from mlworks_orchestration.monitoring.drift.distribution import Distribution, distribution
from mlworks_orchestration.monitoring.drift.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.serial import from_json, to_json
from mlworks_orchestration.monitoring.drift.statistics import STATISTICS, Measures, Pair, Statistic, register, registered

__all__ = [
    "STATISTICS",
    "CategoricalProfile",
    "ColumnDrift",
    "ColumnKey",
    "ColumnProfile",
    "DatetimeProfile",
    "Distribution",
    "Measures",
    "NumericProfile",
    "Pair",
    "Profile",
    "Statistic",
    "compare",
    "distribution",
    "from_json",
    "register",
    "registered",
    "summarise",
    "to_json",
]
