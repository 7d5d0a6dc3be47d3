"""The code location: every folder of `assets/` loaded by itself, so that a broken one takes no other with it."""

import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
from dagster.components.core.component_tree import ComponentTree

from mlworks_orchestration.graph.resources import shared_resources
from mlworks_orchestration.project import Project


def code_location(project: Project) -> dg.Definitions:
    """Return all definitions of a deployment.

    A folder that cannot be loaded becomes an asset of its name that says why and cannot run;
    while definitions are validated (`dg check defs`, `dagster definitions validate`) it is an error instead.

    Parameters:
        project: the deployment.
    """
    strict = bool(os.environ.get("DAGSTER_IS_DEFS_VALIDATION_CLI"))
    tree = ComponentTree.for_project(project.root)
    folders = sorted(path.parent for path in (project.root / "assets").glob("*/defs.yaml"))
    explained = {item.path.parent: item.error for item in project.declarations.broken}
    loaded = [_load(tree, folder, explained, strict=strict) for folder in folders]
    sensors = dg.load_definitions_from_package_name("sensors")
    shared = dg.Definitions(resources=shared_resources(project.environment), executor=dg.in_process_executor)
    return dg.Definitions.merge(*loaded, sensors, shared)


def _load(tree: ComponentTree, folder: Path, explained: Mapping[Path, str], *, strict: bool) -> dg.Definitions:
    try:
        return tree.build_defs(folder)
    except Exception as error:
        if strict:
            raise
        return dg.Definitions(assets=[broken_asset(folder, explained.get(folder) or _innermost(error))])


def _innermost(error: BaseException) -> str:
    while (cause := error.__cause__) is not None:
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
