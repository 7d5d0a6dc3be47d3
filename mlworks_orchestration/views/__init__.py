"""What people look at."""

from mlworks_orchestration.views.history import History, first_champion, model_history
from mlworks_orchestration.views.status import ModelStatus, model_status, statuses

__all__ = ["History", "ModelStatus", "first_champion", "model_history", "model_status", "statuses"]
