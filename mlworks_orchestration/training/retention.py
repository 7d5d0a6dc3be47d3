"""Which versions of the lake's tables the registered models need, and the care of the lake that keeps exactly these."""

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta

from mlworks_orchestration.data import Lake, Need, Tidied, recorded_needs, tidy
from mlworks_orchestration.errors import LakeError
from mlworks_orchestration.spec import Catalog, MLModel
from mlworks_orchestration.training.snapshot import Snapshot
from mlworks_orchestration.training.versions import ModelVersion, Versions

ARCHIVED = "archived"
"""Tag of a registered version; `true` gives up its training set, unless the version holds an alias."""

_TRAINING_SET = "/training_set"


def needed_versions(lake: Lake, registry: Versions) -> list[Need]:
    """Return the table versions that the training sets of all registered, non-archived versions are made of, declared or not.

    The newest snapshot of each model is needed as well, for a training may be at work on it.

    Parameters:
        lake: where snapshots are.
        registry: where versions are.

    Raises:
        TrackingError: if MLflow does not answer.
        LakeError: if a version's snapshot is not known.
    """
    found: list[Need] = []
    for table in lake.tables():
        if table.endswith(_TRAINING_SET):
            found += _needs_of(lake, registry, table.removesuffix(_TRAINING_SET))
    return found


def retain(  # noqa: PLR0913 - the stores, the declarations and two settings, which go by name
    lake: Lake, catalog: Catalog, registry: Versions, model: MLModel | None = None, *, older_than: timedelta, dry_run: bool = False
) -> Iterator[Tidied]:
    """Merge small files and delete unneeded ones, table by table; feature tables are Z-ordered by entity and event time.

    Kept are the newest version of each table, those that registered, non-archived versions need, and those that stored reports were computed from.

    Parameters:
        lake: whose tables.
        catalog: all declarations.
        registry: tells which versions are needed.
        model: only its own tables and those that it reads; all by default.
        older_than: for how long a file must have been of no use before it is deleted; longer than any run takes.
        dry_run: only tell what would be done.

    Raises:
        TrackingError: if MLflow does not answer; nothing was touched.
        LakeError: if it cannot be told what a version needs, or if a table cannot be read.
    """
    needs = [*needed_versions(lake, registry), *recorded_needs(lake)]
    for table in lake.tables():
        if model is None or _belongs(catalog, model, table):
            yield tidy(lake, table, needs, order=_order(catalog, table), older_than=older_than, dry_run=dry_run)


def _needs_of(lake: Lake, registry: Versions, model: str) -> list[Need]:
    stored = [Snapshot.from_json(text) for text in lake.read(f"{model}{_TRAINING_SET}").sort("number")["snapshot"]]
    found = [Need(table, version, f"the newest snapshot of {model}") for table, version in stored[-1].tables.items()] if stored else []
    for registered in sorted(registry.versions(model), key=lambda each: each.version):
        if "snapshot" in registered.tags and (registered.aliases or registered.tags.get(ARCHIVED, "").lower() != "true"):
            tables = [snapshot.tables for snapshot in stored if snapshot.id == registered.tags["snapshot"]] or [_tagged(registered)]
            who = f"{model} version {registered.version}"
            found += [Need(table, version, who) for each in tables for table, version in each.items()]
    return found


def _tagged(version: ModelVersion) -> dict[str, int]:
    """Return the tables of a version whose snapshot the lake does not have."""
    try:
        tables: dict[str, int] = json.loads(version.tags.get("snapshot_tables", ""))
    except ValueError as error:
        message = (
            f"Model {version.model} version {version.version}: the lake does not have its snapshot {version.tags['snapshot']!r}, so it "
            f"cannot be told what it needs. Nothing was deleted; delete that version in MLflow, or give it the tag {ARCHIVED} = true."
        )
        raise LakeError(message) from error
    return tables


def _belongs(catalog: Catalog, model: MLModel, table: str) -> bool:
    folder, _, name = table.partition("/")
    return folder == model.name or (folder in {"raw", "features", "quality"} and name in _with_inputs(catalog, model.tables))


def _with_inputs(catalog: Catalog, tables: Iterable[str]) -> set[str]:
    found = set(tables)
    for name in tables:
        found |= _with_inputs(catalog, catalog.tables[name].inputs)
    return found


def _order(catalog: Catalog, table: str) -> list[str]:
    folder, _, name = table.partition("/")
    declared = catalog.tables.get(name) if folder == "features" else None
    return [*declared.entity, declared.event_time] if declared else []
