"""When a model is trained again, when an earlier version serves again, and when a person is called instead."""

from mlworks_orchestration.monitoring import ACTIONS
from mlworks_orchestration.retraining.aftermath import aftermaths, look_back
from mlworks_orchestration.retraining.decide import decide, decide_by_hand
from mlworks_orchestration.retraining.evidence import Runs, gather
from mlworks_orchestration.retraining.facts import Aftermath, Evidence, Finding, Overdue, Promotion, Report
from mlworks_orchestration.retraining.feasible import label_rate, policy_warnings
from mlworks_orchestration.retraining.ledger import decisions, read_history, recent, record
from mlworks_orchestration.retraining.past import Action, Attempt, Decision, Episode, History, Outcome, Rollback, Trigger
from mlworks_orchestration.retraining.promotions import promotion
from mlworks_orchestration.retraining.tick import ask_by_hand, consider

__all__ = [
    "ACTIONS",
    "Action",
    "Aftermath",
    "Attempt",
    "Decision",
    "Episode",
    "Evidence",
    "Finding",
    "History",
    "Outcome",
    "Overdue",
    "Promotion",
    "Report",
    "Rollback",
    "Runs",
    "Trigger",
    "aftermaths",
    "ask_by_hand",
    "consider",
    "decide",
    "decide_by_hand",
    "decisions",
    "gather",
    "label_rate",
    "look_back",
    "policy_warnings",
    "promotion",
    "read_history",
    "recent",
    "record",
]
