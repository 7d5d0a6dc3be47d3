"""Drift that lasts, the schedule or new labels start a retraining: evidence, `decide()`, at most one run a model."""

from mlworks_orchestration.graph import retraining_sensor
from mlworks_orchestration.project import Project

_project = Project.find()
all_models = retraining_sensor(list(_project.catalog.models.values()), _project.environment)
