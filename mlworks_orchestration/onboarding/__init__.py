"""A new model from a data file, a new project from nothing."""

from mlworks_orchestration.onboarding.new import Draft, draft_model, draft_table
from mlworks_orchestration.onboarding.project import new_project
from mlworks_orchestration.onboarding.request import Request, UndecidedError

__all__ = ["Draft", "Request", "UndecidedError", "draft_model", "draft_table", "new_project"]
