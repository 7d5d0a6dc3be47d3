"""Lineage: from any number to what it was made of, and from any table to what was built from it."""

from mlworks_orchestration.views.lineage.built import built_from
from mlworks_orchestration.views.lineage.graph import MISSING, Edge, Lineage, Node
from mlworks_orchestration.views.lineage.numbers import lineage_of_alarm, lineage_of_champion, lineage_of_metric, lineage_of_score, lineage_of_version
from mlworks_orchestration.views.lineage.walk import Stores
from mlworks_orchestration.views.lineage.words import REVERSED, in_words

__all__ = [
    "MISSING",
    "REVERSED",
    "Edge",
    "Lineage",
    "Node",
    "Stores",
    "built_from",
    "in_words",
    "lineage_of_alarm",
    "lineage_of_champion",
    "lineage_of_metric",
    "lineage_of_score",
    "lineage_of_version",
]
