"""From a table at a version to what was built from it."""

from collections.abc import Sequence

from mlworks_orchestration.errors import DataError, TrackingError, nearest
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.views.lineage.graph import Drawing, Lineage
from mlworks_orchestration.views.lineage.origins import recorded_versions
from mlworks_orchestration.views.lineage.partitions import RECORDED, add_partition, makers, stored_partitions
from mlworks_orchestration.views.lineage.tables import add_table
from mlworks_orchestration.views.lineage.versions import add_version
from mlworks_orchestration.views.lineage.walk import Stores, Walk


def built_from(stores: Stores, table: str, version: int | None = None) -> Lineage:
    """Return everything whose lineage has a table at a version: snapshots, versions of models, partitions of scores, profiles and reports.

    Parameters:
        stores: where lineage is recorded.
        table: its name in the lake, for example `features/flights`.
        version: the Delta version; the newest by default.

    Raises:
        DataError: if there is no such table or version, with the nearest.
    """
    walk, found = Walk(stores, checks=False), Drawing()
    root = add_table(walk, table, _version(walk, table, version), [])
    found.nodes[root] = walk.drawing.nodes[root]
    for model in stores.catalog.models.values():
        versions = _add_versions(walk, model, root, found)
        for part in ("scores", *RECORDED):
            _add_partitions(walk, model, part, (root, versions), found)
    return found.finished(root)


def _version(walk: Walk, table: str, version: int | None) -> int:
    known = [commit.version for commit in walk.commits.of(table)] if table in _tables(walk) else []
    if not known:
        message = f"The lake has no table {table!r}; {_nearest_table(table, _tables(walk))}."
        raise DataError(message)
    if version is None:
        return known[-1]
    if version not in known:
        near = min(known, key=lambda one: abs(one - version))
        message = f"Lake table {table} has no version {version}; the nearest is {near}, known are {known[0]} to {known[-1]}."
        raise DataError(message)
    return version


def _nearest_table(table: str, known: Sequence[str]) -> str:
    """Return a hint; of tables beside it, where its folder is right, for what they share says nothing of which was meant."""
    folder, _, name = table.rpartition("/")
    beside = [other.removeprefix(f"{folder}/") for other in known if other.startswith(f"{folder}/")]
    listed_by = "`mlworks features`"
    return f"in {folder}/, {nearest(name, beside, listed_by)}" if beside else nearest(table, known, listed_by)


def _tables(walk: Walk) -> list[str]:
    """Return the tables that something may have been built from."""
    declared = [f"{folder}/{name}" for name in walk.catalog.tables for folder in ("raw", "features")]
    parts = ("labels", "scores", "profile", "reference", "normal")
    of_models = [f"{model}/{part}" for model in walk.catalog.models for part in parts]
    return [name for name in [*declared, *of_models] if walk.lake.exists(name)]


def _add_versions(walk: Walk, model: MLModel, root: str, found: Drawing) -> set[int]:
    """Add the versions that were trained on the root, and return their numbers."""
    try:
        known = [version.version for version in walk.stores.registry.versions(model.name)]
    except TrackingError:
        # The lake has heard of all that were fitted here; what MLflow alone knows is named as missing at each.
        known = []
    trained = set()
    for version in sorted({*known, *recorded_versions(walk.lake, model)}):
        own = walk.afresh()
        add_version(own, model, version)
        if root in own.drawing.nodes:
            found.absorb(own.drawing.leading_to(root))
            trained.add(version)
    return trained


def _add_partitions(walk: Walk, model: MLModel, part: str, of: tuple[str, set[int]], found: Drawing) -> None:
    """Add the partitions that were computed from the root, or by a version that was trained on it."""
    root, versions = of
    keys = walk.lake.partitions(f"{model.name}/{part}")
    for key, rows in (stored_partitions(walk, model, part, keys) if keys else {}).items():
        # A walk of its own for each: a table holds what it read of one partition beside what it read of another.
        own = walk.afresh()
        node = add_partition(own, model, part, key, rows)
        if root in own.drawing.nodes:
            found.absorb(own.drawing.leading_to(root))
        for version, relation in makers(part, rows):
            if version in versions:
                found.nodes.setdefault(node, own.drawing.nodes[node])
                found.link(node, f"model_version:{model.name}@{version}", relation)
