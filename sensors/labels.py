"""Labels that have arrived start the measuring of what was predicted."""

from mlworks_orchestration.graph import label_sensor
from mlworks_orchestration.project import Project

_project = Project.find()
label_sensors = [label_sensor(model, _project.environment) for model in _project.catalog.models.values()]
