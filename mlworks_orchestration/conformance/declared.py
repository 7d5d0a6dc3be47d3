"""Rules that the declaration alone tells."""

from collections.abc import Iterator

from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.graph import Trial
from mlworks_orchestration.spec import Catalog, DriftKind, FeatureTable, MLModel, load_object


def tables_of(catalog: Catalog, model: MLModel) -> list[FeatureTable]:
    """Return the feature tables that a model is made of, those that others are derived from first."""
    found: dict[str, FeatureTable] = {}

    def add(name: str) -> None:
        table = catalog.table(name, asked_by=f"Model {model.name}")
        for each in table.inputs:
            add(each)
        found.setdefault(name, table)

    for name in model.tables:
        add(name)
    return list(found.values())


def loads(trial: Trial) -> str:
    """Import every function that the model and its tables name, and build the estimator."""
    catalog, model = trial.project.catalog, trial.model
    catalog.check_model(model)
    tables = tables_of(catalog, model)
    for table in tables:
        for field in ("source", "transform"):
            if getattr(table, field):
                load_object(getattr(table, field), field=f"Feature table {table.name}: {field}")
    build = load_object(model.estimator, field=f"Model {model.name}: estimator")
    try:
        estimator = build(seed=model.seed, **model.hyperparameters)
    except Exception as error:
        message = f"Model {model.name}: {model.estimator} raised {type(error).__name__}: {error}. It is called with seed and the hyperparameters."
        raise DeclarationError(message) from error
    wanted = ("fit", "predict_proba" if model.classifies else "predict")
    for method in wanted:
        if not hasattr(estimator, method):
            message = f"Model {model.name}: {model.estimator} returns a {type(estimator).__name__} without {method}; task {model.task} needs it."
            raise DeclarationError(message)
    return f"{len(tables)} feature tables, {type(estimator).__name__} with {' and '.join(wanted)}"


def documented(trial: Trial) -> str:
    """Look for descriptions and owners."""
    missing = list(_undocumented(trial.project.catalog, trial.model))
    if missing:
        message = f"Without a description: {', '.join(missing)}. Say in defs.yaml what each is."
        raise DeclarationError(message)
    return f"{trial.model.owners.data_science} answers for it; {len(trial.model.feature_columns)} features and the label are described"


def _undocumented(catalog: Catalog, model: MLModel) -> Iterator[str]:
    if not model.description.strip():
        yield f"model {model.name}"
    for table in tables_of(catalog, model):
        if not table.description.strip():
            yield f"feature table {table.name}"
    columns = [(selection.table, name) for selection in model.features for name in selection.columns] + [(model.label.table, model.label.column)]
    for table_name, column in columns:
        if not catalog.tables[table_name].columns[column].description.strip():
            yield f"column {column} of {table_name}"


def checks_present(trial: Trial) -> str:
    """Look for the gate, for each kind of drift and for the quality of each table."""
    model, found = trial.model, trial.checks()
    wanted = {f"{model.name}/champion": {"gate"}, f"{model.name}/drift_report": {f"{kind.value}_drift" for kind in DriftKind}}
    missing = [f"{asset}:{check}" for asset, checks in wanted.items() for check in sorted(checks - found.get(asset, set()))]
    missing += [f"features/{name} (give it expectations)" for name in model.tables if not found.get(f"features/{name}")]
    if missing:
        message = f"Assets of model {model.name} without their checks: {', '.join(missing)}."
        raise DeclarationError(message)
    ours = {asset for asset in found if asset.startswith(f"{model.name}/")} | {f"features/{name}" for name in model.tables}
    return f"{sum(len(found.get(asset, ())) for asset in ours)} checks on {len(ours)} assets"
