"""What assets need from outside: the lake, the registry, and an MLflow run for a training."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import MLModel

if TYPE_CHECKING:
    from mlworks_orchestration.data import Lake


def open_lake(environment: Environment) -> "Lake":
    """Return the lake of an environment."""
    from mlworks_orchestration.data import Lake  # noqa: PLC0415 - costs what the code location need not pay to load

    return Lake(environment.lake, storage_options=environment.storage_options)


def open_registry(environment: Environment) -> Any:  # noqa: ANN401 - its type would import the training room at load
    """Return MLflow's registry of an environment."""
    from mlworks_orchestration.training import Registry  # noqa: PLC0415 - costs what the code location need not pay to load

    return Registry(environment.tracking_uri, open_lake(environment), artifacts=environment.artifacts)


def shared_resources(environment: Environment) -> dict[str, dg.ResourceDefinition]:
    """Return the resources that every asset may ask for.

    Parameters:
        environment: where things are kept.
    """
    return {
        "lake": dg.ResourceDefinition(lambda _: open_lake(environment), description="The Delta tables."),
        "registry": dg.ResourceDefinition(lambda _: open_registry(environment), description="MLflow's registered models."),
    }


def tracking_resource(model: MLModel, environment: Environment) -> dict[str, dg.ResourceDefinition]:
    """Return, under its key, the resource that opens one MLflow run in a model's experiment for a Dagster run.

    Parameters:
        model: whose experiment it is.
        environment: where MLflow is.
    """

    @dg.resource(
        config_schema={"experiment_name": str, "mlflow_tracking_uri": str, "extra_tags": dict},
        description=f"An MLflow run in the experiment {model.name}.",
    )
    def tracking(context: dg.InitResourceContext) -> Iterator[Any]:
        import mlflow  # noqa: PLC0415 - seconds that only a training pays
        from dagster_mlflow import mlflow_tracking  # noqa: PLC0415

        open_registry(environment).experiment(model.name)
        yield from mlflow_tracking.resource_fn(context)
        mlflow.end_run()

    settings = {"experiment_name": model.name, "mlflow_tracking_uri": environment.tracking_uri, "extra_tags": {names.RUN_MODEL: model.name}}
    return {names.tracking_resource(model.name): tracking.configured(settings)}
