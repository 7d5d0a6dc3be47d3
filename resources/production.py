"""The production environment: an object store and an MLflow server, named by environment variables."""

from mlworks_orchestration.project import Environment, environment_from_variables


def environment() -> Environment:
    """Read where things are kept from the environment variables of this machine."""
    return environment_from_variables("production")
