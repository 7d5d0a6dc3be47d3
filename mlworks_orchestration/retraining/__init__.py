"""When a model is trained again, and when a person is called instead."""

from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.retraining.decide import decide
from mlworks_orchestration.retraining.evidence import Runs, gather
from mlworks_orchestration.retraining.facts import Action, Attempt, Decision, Episode, Evidence, Finding, History, Outcome, Report
from mlworks_orchestration.retraining.ledger import read_history, record
from mlworks_orchestration.retraining.tick import consider

__all__ = [
    "ACTIONS",
    "Action",
    "Attempt",
    "Decision",
    "Episode",
    "Evidence",
    "Finding",
    "History",
    "Outcome",
    "Report",
    "Runs",
    "consider",
    "decide",
    "gather",
    "read_history",
    "record",
]
