"""Declarations to definitions."""

import dagster as dg

from mlworks_orchestration.graph.jobs import model_jobs, scoring_schedule
from mlworks_orchestration.graph.resources import tracking_resource
from mlworks_orchestration.graph.tables import table_assets
from mlworks_orchestration.graph.training_assets import training_assets
from mlworks_orchestration.graph.watching_assets import watching_assets
from mlworks_orchestration.project import Environment
from mlworks_orchestration.spec import Catalog, FeatureTable, MLModel


def definitions_of(catalog: Catalog, declaration: FeatureTable | MLModel, environment: Environment) -> dg.Definitions:
    """Return the definitions of a feature table or of a model.

    Parameters:
        catalog: all declarations.
        declaration: one of them.
        environment: where things are kept.
    """
    if isinstance(declaration, MLModel):
        return model_definitions(catalog, declaration, environment)
    return table_definitions(catalog, declaration, environment)


def table_definitions(catalog: Catalog, table: FeatureTable, environment: Environment) -> dg.Definitions:
    """Return the definitions of a feature table.

    Parameters:
        catalog: all declarations.
        table: its declaration.
        environment: where things are kept.
    """
    return dg.Definitions(assets=table_assets(catalog, table, environment.online))


def model_definitions(catalog: Catalog, model: MLModel, environment: Environment) -> dg.Definitions:
    """Return the definitions of a model.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        environment: where things are kept.
    """
    return dg.Definitions(
        assets=[*training_assets(catalog, model, environment.mlflow_ui), *watching_assets(catalog, model, environment.pages)],
        jobs=model_jobs(catalog, model),
        schedules=[scoring_schedule(model, environment)],
        resources=tracking_resource(model, environment),
    )
