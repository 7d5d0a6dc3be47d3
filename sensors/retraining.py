"""Drift that lasts starts a retraining: evidence, `decide()`, at most one run."""

from mlworks_orchestration.graph import retraining_sensor
from mlworks_orchestration.project import Project

_project = Project.find()
retraining_sensors = [retraining_sensor(model, _project.environment) for model in _project.catalog.models.values()]
