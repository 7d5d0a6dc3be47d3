"""The statistics by which reports compare a column with its reference; a new one is a file here and its record below."""

from mlworks_orchestration.monitoring.drift.statistics.chi_squared import CHI_SQUARED
from mlworks_orchestration.monitoring.drift.statistics.cramers_v import CRAMERS_V
from mlworks_orchestration.monitoring.drift.statistics.domain_classifier import DOMAIN_CLASSIFIER
from mlworks_orchestration.monitoring.drift.statistics.hellinger import HELLINGER
from mlworks_orchestration.monitoring.drift.statistics.jensen_shannon import JENSEN_SHANNON
from mlworks_orchestration.monitoring.drift.statistics.ks import KS
from mlworks_orchestration.monitoring.drift.statistics.l_infinity import L_INFINITY
from mlworks_orchestration.monitoring.drift.statistics.levene import LEVENE
from mlworks_orchestration.monitoring.drift.statistics.mann_whitney import MANN_WHITNEY
from mlworks_orchestration.monitoring.drift.statistics.missing_share import MISSING_SHARE
from mlworks_orchestration.monitoring.drift.statistics.missing_text import MISSING_TEXT
from mlworks_orchestration.monitoring.drift.statistics.new_category import NEW_CATEGORY
from mlworks_orchestration.monitoring.drift.statistics.out_of_vocabulary import OUT_OF_VOCABULARY
from mlworks_orchestration.monitoring.drift.statistics.own import import_statistics, run_statistics
from mlworks_orchestration.monitoring.drift.statistics.pca_reconstruction import PCA_RECONSTRUCTION
from mlworks_orchestration.monitoring.drift.statistics.psi import PSI
from mlworks_orchestration.monitoring.drift.statistics.record import Measures, Pair, Statistic, register, registered
from mlworks_orchestration.monitoring.drift.statistics.relation import RELATION
from mlworks_orchestration.monitoring.drift.statistics.text_domain_classifier import TEXT_DOMAIN_CLASSIFIER
from mlworks_orchestration.monitoring.drift.statistics.text_length import TEXT_LENGTH
from mlworks_orchestration.monitoring.drift.statistics.total_variation import TOTAL_VARIATION
from mlworks_orchestration.monitoring.drift.statistics.wasserstein import WASSERSTEIN

STATISTICS: tuple[Statistic, ...] = (
    KS,
    MANN_WHITNEY,
    LEVENE,
    WASSERSTEIN,
    CHI_SQUARED,
    CRAMERS_V,
    NEW_CATEGORY,
    MISSING_SHARE,
    PSI,
    JENSEN_SHANNON,
    HELLINGER,
    TOTAL_VARIATION,
    L_INFINITY,
)
"""Those of numeric, datetime and categorical columns; `registered()` has all, users' too."""

__all__ = [
    "CHI_SQUARED",
    "CRAMERS_V",
    "DOMAIN_CLASSIFIER",
    "HELLINGER",
    "JENSEN_SHANNON",
    "KS",
    "LEVENE",
    "L_INFINITY",
    "MANN_WHITNEY",
    "MISSING_SHARE",
    "MISSING_TEXT",
    "NEW_CATEGORY",
    "OUT_OF_VOCABULARY",
    "PCA_RECONSTRUCTION",
    "PSI",
    "RELATION",
    "STATISTICS",
    "TEXT_DOMAIN_CLASSIFIER",
    "TEXT_LENGTH",
    "TOTAL_VARIATION",
    "WASSERSTEIN",
    "Measures",
    "Pair",
    "Statistic",
    "import_statistics",
    "register",
    "registered",
    "run_statistics",
]
