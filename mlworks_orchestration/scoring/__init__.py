"""Predictions of the champion, and the features that it was given."""

from mlworks_orchestration.scoring.batch import score
from mlworks_orchestration.scoring.inference_log import Served, log_inference, log_table, read_log

__all__ = ["Served", "log_inference", "log_table", "read_log", "score"]
