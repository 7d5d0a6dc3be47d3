"""The statistics by which reports compare a column with its reference; a new one is a file here and its record below."""

from mlworks_orchestration.monitoring.drift.statistics.chi_squared import CHI_SQUARED
from mlworks_orchestration.monitoring.drift.statistics.ks import KS
from mlworks_orchestration.monitoring.drift.statistics.psi import PSI
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register, registered

STATISTICS: tuple[Statistic, ...] = (KS, CHI_SQUARED, PSI)
"""Those of numeric, datetime and categorical columns that come with the framework; `registered()` has users' too."""

__all__ = ["CHI_SQUARED", "KS", "PSI", "STATISTICS", "Measures", "Pair", "Statistic", "register", "registered"]
