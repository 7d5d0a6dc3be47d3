"""The assets of continuous training: `training_set`, `candidate`, `champion`."""

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.common import model_spec
from mlworks_orchestration.graph.steps import CheckDeclaration, asset, later
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import LOADS_CLEANLY, LOADS_CLEANLY_ASSERTS, AnyModelTest, Catalog, MLModel

GATE = "gate"


def training_assets(catalog: Catalog, model: MLModel, mlflow_ui: str) -> list[dg.AssetsDefinition]:
    """Return the assets that make a champion.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        mlflow_ui: where people open MLflow; empty without one.
    """
    read = [names.features(selection.table) for selection in model.features]
    training_set = model_spec(
        model,
        "training_set",
        "A snapshot, not a copy: tables at Delta versions, window, rows and content hash. No row whose label was not yet known.",
        deps=[*read, names.of_model(model.name, "labels")],
        kinds={"deltalake"},
        persona="data_science",
    ).merge_attributes(metadata={"dagster/column_schema": _column_schema(catalog, model)})
    candidate = model_spec(
        model,
        "candidate",
        f"A model fitted on the training set by `{model.estimator}`, with its MLflow run, its registered version and what its tests found.",
        deps=[training_set.key],
        kinds={"mlflow", "scikitlearn"},
        persona="data_science",
    )
    champion = model_spec(
        model,
        "champion",
        "The gate's decision: the challenger replaces the champion when it is better on held-out rows that neither was trained on.",
        deps=[candidate.key],
        kinds={"mlflow"},
        persona="ml_engineering",
    )
    gate = CheckDeclaration(GATE, f"The gain in {model.metrics.primary} is above {readable(model.gate.min_gain, 6)} with confidence.", blocking=True)
    return [
        asset(training_set, later("training", "materialize_training_set", catalog, model), once=True),
        asset(
            candidate,
            later("training", "materialize_candidate", catalog, model, mlflow_ui),
            checks=[CheckDeclaration(LOADS_CLEANLY, LOADS_CLEANLY_ASSERTS), *map(_check, model.model_tests)],
            resources=frozenset({names.tracking_resource(model.name)}),
        ),
        asset(champion, later("training", "materialize_champion", catalog, model), checks=[gate], once=True),
    ]


def _column_schema(catalog: Catalog, model: MLModel) -> dg.TableSchema:
    """Return the columns of the training set; where their values come from is told with each snapshot."""
    spine, label = catalog.spine(model), catalog.tables[model.label.table].columns[model.label.column]
    columns = {name: spine.columns[name] for name in [*model.entity, model.event_time]}
    columns |= {name: catalog.tables[chosen.table].columns[name] for chosen in model.features for name in chosen.columns}
    described = [dg.TableColumn(name, type=str(column.type), description=column.description) for name, column in columns.items()]
    return dg.TableSchema([*described, dg.TableColumn("label", type="float", description=f"{model.label.column}: {label.description}")])


def _check(test: AnyModelTest) -> CheckDeclaration:
    """Declare the check of a model test; none blocks by itself, for the gate is to say which of them hold the version back."""
    return CheckDeclaration(test.title, test.asserts)
