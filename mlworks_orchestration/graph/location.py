"""The code location: every folder of `assets/` loaded by itself, so that a broken one takes no other with it."""

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import dagster as dg
from dagster.components.core.component_tree import ComponentTree
from dagster_shared.record import replace

from mlworks_orchestration.errors import DeclarationError, MLWorksError
from mlworks_orchestration.graph import names
from mlworks_orchestration.graph.build import definitions_of
from mlworks_orchestration.graph.resources import shared_resources
from mlworks_orchestration.graph.retention import retention_definitions
from mlworks_orchestration.graph.retraining_sensor import RetrainingSensor
from mlworks_orchestration.graph.rollback import rollback_definitions
from mlworks_orchestration.project import Project
from mlworks_orchestration.spec import FeatureTable, MLModel


def code_location(project: Project) -> dg.Definitions:
    """Return all definitions of a deployment.

    A folder that cannot be loaded becomes an asset of its name that says why and cannot run;
    while definitions are validated (`dg check defs`, `dagster definitions validate`) it is an error instead.

    Parameters:
        project: the deployment.

    Raises:
        DeclarationError: while definitions are validated, if a folder cannot be loaded.
    """
    with project.known():
        return _code_location(project)


def _code_location(project: Project) -> dg.Definitions:
    strict = bool(os.environ.get("DAGSTER_IS_DEFS_VALIDATION_CLI"))
    folders = sorted(path.parent for path in (project.root / "assets").glob("*/defs.yaml"))
    explained = {item.path.parent: item.error for item in project.declarations.broken}
    loaded: list[dg.Definitions] = []
    broken: list[dg.AssetsDefinition] = []
    for folder in folders:
        try:
            loaded.append(_load(folder, project))
        except Exception as error:
            reason = explained.get(folder) or _innermost(error)
            if strict:
                message = f"assets/{folder.name} could not be loaded: {reason}"
                raise DeclarationError(message) from error
            broken.append(broken_asset(folder, reason))
    sensors = dg.load_definitions_from_package_name("sensors")
    always = [retention_definitions(project), rollback_definitions(project)]
    shared = dg.Definitions(assets=broken, resources=shared_resources(project.environment), executor=dg.in_process_executor)
    return dg.Definitions.merge(*loaded, _launchable(sensors, loaded) if broken else sensors, *always, shared)


def _load(folder: Path, project: Project) -> dg.Definitions:
    """Load a folder by itself; what is wholly ours was read and checked already, and need not be parsed by Dagster as well."""
    path = folder / "defs.yaml"
    if ours := project.declarations.alone_in(path):
        return dg.Definitions.merge(*(_built(spec, path, project) for spec in ours))
    return _load_as_components(folder, project)


def _built(declaration: FeatureTable | MLModel, path: Path, project: Project) -> dg.Definitions:
    place = dg.LocalFileCodeReference(file_path=str(path), line_number=project.declarations.lines[declaration.name])
    metadata = {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[place])}
    definitions = definitions_of(project.catalog, declaration, project.environment)
    return definitions.map_asset_specs(func=lambda spec: spec.merge_attributes(metadata=metadata))


def _load_as_components(folder: Path, project: Project) -> dg.Definitions:
    """Load a component tree of the folder's own: Dagster reads all files of a tree first, and an unknown type in one fails them all."""
    definitions = ComponentTree.from_module(import_module(f"assets.{folder.name}"), project.root).build_defs(folder)
    return replace(definitions, component_tree=None)  # two trees cannot be merged


def _launchable(sensors: dg.Definitions, loaded: Sequence[dg.Definitions]) -> dg.Definitions:
    """Leave out the sensors of models that could not be loaded, for a sensor without its job would empty the whole code location."""
    jobs = {job.name for part in [*loaded, sensors] for job in part.jobs or ()}
    healthy = [
        sensor.of([model for model in sensor.models if names.job(model.name, "train") in jobs]) if isinstance(sensor, RetrainingSensor) else sensor
        for sensor in sensors.sensors or ()
    ]
    kept = [
        sensor
        for sensor in healthy
        if (bool(sensor.models) if isinstance(sensor, RetrainingSensor) else all(target.job_name in jobs for target in sensor.targets))
    ]
    return replace(sensors, sensors=kept)


def _innermost(error: BaseException) -> str:
    while not isinstance(error, MLWorksError) and (cause := error.__cause__) is not None:
        error = cause
    return " ".join(str(error).split())


def broken_asset(folder: Path, reason: str) -> dg.AssetsDefinition:
    """Return an asset that stands for a folder that could not be loaded.

    Parameters:
        folder: the folder.
        reason: what is wrong and what to do.
    """
    spec = dg.AssetSpec(
        folder.name,
        description=f"**Not loaded.** {reason}",
        group_name="broken",
        kinds={"broken"},
        tags={"broken": "true"},
        metadata={"path": dg.MetadataValue.path(str(folder / "defs.yaml"))},
    )

    @dg.multi_asset(specs=[spec], name=f"broken__{folder.name}")
    def definition() -> None:
        message = f"assets/{folder.name} could not be loaded: {reason}"
        raise dg.Failure(message, allow_retries=False)

    return definition
