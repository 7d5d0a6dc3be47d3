"""What people look at."""

from mlworks_orchestration.views.history import first_champion, monthly_history
from mlworks_orchestration.views.status import ModelStatus, model_status, statuses

__all__ = ["ModelStatus", "first_champion", "model_status", "monthly_history", "statuses"]
