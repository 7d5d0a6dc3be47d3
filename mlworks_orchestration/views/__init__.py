"""What people look at."""

from mlworks_orchestration.views.decided import how_it_comes_to_serve, in_words
from mlworks_orchestration.views.events import WHILE_IT_SERVES, Event, events
from mlworks_orchestration.views.history import History, first_champion, model_history
from mlworks_orchestration.views.status import ModelStatus, broken_status, model_status, statuses

__all__ = [
    "WHILE_IT_SERVES",
    "Event",
    "History",
    "ModelStatus",
    "broken_status",
    "events",
    "first_champion",
    "how_it_comes_to_serve",
    "in_words",
    "model_history",
    "model_status",
    "statuses",
]
