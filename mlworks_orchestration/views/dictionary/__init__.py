"""The feature dictionary: every declared column, what is declared of it, who uses it, and how its newest values look."""

from mlworks_orchestration.views.dictionary.dictionary import declared, feature_dictionary, search
from mlworks_orchestration.views.dictionary.entry import Entry, Freshness
from mlworks_orchestration.views.dictionary.statistics import Statistics

__all__ = ["Entry", "Freshness", "Statistics", "declared", "feature_dictionary", "search"]
