"""What people have approved takes over: a sensor for each model whose gate is manual."""

from mlworks_orchestration.graph import approval_sensor
from mlworks_orchestration.project import Project

_project = Project.find()
approval_sensors = [approval_sensor(model, _project.environment) for model in _project.catalog.models.values() if model.gate.mode == "manual"]
