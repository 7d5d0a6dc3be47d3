"""The assets of a model at work: `labels`, `scores`, `profile`, `drift_report`, `performance`."""

import dagster as dg

from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.common import model_spec
from mlworks_orchestration.graph.partitions import looking_back
from mlworks_orchestration.graph.steps import CheckDeclaration, asset, later
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel, format_duration


def watching_assets(catalog: Catalog, model: MLModel, pages: str) -> list[dg.AssetsDefinition]:
    """Return the assets that score, and that watch what comes of it.

    Parameters:
        catalog: all declarations.
        model: the model's declaration.
        pages: folder of the pages that people open; empty without one.
    """
    return [
        _labels(catalog, model),
        _scores(catalog, model),
        _profile(catalog, model),
        _drift_report(catalog, model, pages),
        _performance(catalog, model),
    ]


def _labels(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "labels",
        f"Ground truth: `{model.label.column}`, known {format_duration(model.label.delay)} after the event.",
        deps=[names.features(model.label.table)],
        kinds={"deltalake", "polars"},
        persona="data_engineering",
        partitioned=True,
    )
    return asset(spec, later("watching", "materialize_labels", catalog, model))


def _scores(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    joined = [
        dg.AssetDep(names.features(selection.table), partition_mapping=looking_back(model.partitions, selection.max_age))
        if selection.max_age
        else dg.AssetDep(names.features(selection.table))
        for selection in model.features
    ]
    spec = model_spec(
        model,
        "scores",
        "Predictions of the champion, with its version.",
        deps=[*joined, dg.AssetDep(names.of_model(model.name, "champion"))],
        kinds={"deltalake", "mlflow"},
        persona="ml_engineering",
        partitioned=True,
    )
    return asset(spec, later("watching", "materialize_scores", catalog, model))


def _profile(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "profile",
        "A mergeable sketch of features, predictions, and labels as far as they are known.",
        deps=[names.of_model(model.name, "scores"), names.of_model(model.name, "labels")],
        kinds={"deltalake", "numpy"},
        persona="data_science",
        partitioned=True,
    )
    return asset(spec, later("watching", "materialize_profile", catalog, model))


def _drift_report(catalog: Catalog, model: MLModel, pages: str) -> dg.AssetsDefinition:
    profiles = dg.AssetDep(names.of_model(model.name, "profile"), partition_mapping=looking_back(model.partitions, model.drift.window))
    spec = model_spec(
        model,
        "drift_report",
        f"The profiles of a window of {format_duration(model.drift.window)} against the champion's own training data.",
        deps=[profiles, names.of_model(model.name, "champion")],
        kinds={"deltalake", "scipy"},
        persona="support",
        partitioned=True,
    )
    checks = [CheckDeclaration(f"{kind}_drift", f"No {kind} drift in the window that ends with the partition.") for kind in DriftKind]
    return asset(spec, later("watching", "materialize_report", catalog, model, pages), checks=checks)


def _performance(catalog: Catalog, model: MLModel) -> dg.AssetsDefinition:
    spec = model_spec(
        model,
        "performance",
        f"{', '.join(_measured(model))} once labels are there, on all rows and by slice.",
        # The report comes first: that performance is there says that everything which waited for the labels is done.
        deps=[names.of_model(model.name, asset) for asset in ("scores", "labels", "drift_report")],
        kinds={"deltalake", "polars"},
        persona="data_science",
        partitioned=True,
    )
    return asset(spec, later("watching", "materialize_performance", catalog, model))


def _measured(model: MLModel) -> list[str]:
    """Return what is measured, in words."""
    quantiles = [] if model.classifies else ["error quantiles"]
    return [*model.metrics.names, *quantiles, *([model.business.name] if model.business else [])]
