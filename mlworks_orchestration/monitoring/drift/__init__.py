"""Drift of any set of rows against a reference: mergeable profiles, statistics on them, and the comparison. Pure numpy, scipy and polars."""

from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.compare import ColumnDrift, compare, summarise
from mlworks_orchestration.monitoring.drift.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.serial import from_json, to_json
from mlworks_orchestration.monitoring.drift.statistics import STATISTICS, Inconclusive, Result, Statistic

__all__ = [
    "STATISTICS",
    "CategoricalProfile",
    "ColumnDrift",
    "ColumnKey",
    "ColumnProfile",
    "Inconclusive",
    "NumericProfile",
    "Profile",
    "Result",
    "Statistic",
    "compare",
    "from_json",
    "summarise",
    "to_json",
]
