"""A version of a model: its run, hyperparameters, code, training set, features, verdict, approval and trigger."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mlworks_orchestration.errors import NotReadyError, TrainingError
from mlworks_orchestration.spec import MLModel, TimeWindow
from mlworks_orchestration.training import LABEL, Snapshot, find_snapshot
from mlworks_orchestration.views.lineage.decisions import add_decided
from mlworks_orchestration.views.lineage.origins import Origin, origin
from mlworks_orchestration.views.lineage.tables import add_table
from mlworks_orchestration.views.lineage.walk import Walk

_DECLARED = "declared_"


def add_version(walk: Walk, model: MLModel, version: int, *, asked: bool = False) -> str:
    """Add a version with all that it was made of, and return its node's id.

    Parameters:
        walk: to add to.
        model: the model's declaration.
        version: its number.
        asked: whether somebody asked for the version, and not something that it made.

    Raises:
        TrackingError: if it was asked for and neither MLflow nor the lake knows it.
    """
    key = f"{model.name}@{version}"
    if f"model_version:{key}" in walk.drawing.nodes:
        return f"model_version:{key}"
    found = origin(walk.stores, model, version, asked=asked)
    tags = found.registered.tags if found.registered else {}
    node = walk.drawing.add(
        "model_version",
        key,
        f"{model.name} version {version}",
        model=model.name,
        version=version,
        registered_at=found.registered and found.registered.created_at,
        aliases=found.registered and list(found.registered.aliases),
        baseline=tags.get("baseline"),
        missing=found.missing,
    )
    _add_run(walk, node, key, found)
    _add_code(walk, node, key, model, found)
    if found.snapshot is None:
        unknown = walk.drawing.add("snapshot", f"{key}?", "training set", missing=found.run_missing or "the version has no tag `snapshot`")
        walk.drawing.link(node, unknown, "trained on")
    else:
        add_snapshot(walk, node, model, found.snapshot)
    add_decided(walk, node, model, version, found)
    return node


def _add_run(walk: Walk, node: str, key: str, found: Origin) -> None:
    run: dict[str, Any] = dict(found.run or {})
    params = run.pop("params", {})
    tags = run.pop("tags", {})
    facts = {**run, "dagster_run": tags.get("dagster_run_id"), "missing": found.run_missing}
    name = f"run {run['run_id']}" if run else "MLflow run"
    made = walk.drawing.add("run", key, name, **facts)
    declared = {name.removeprefix(_DECLARED): value for name, value in params.items() if name.startswith(_DECLARED)}
    others = {name: value for name, value in params.items() if not name.startswith(_DECLARED)}
    numbers = walk.drawing.add(
        "hyperparameters", key, "hyperparameters", declared=declared or None, estimator=others or None, missing=found.run_missing
    )
    walk.drawing.link(node, made, "logged by")
    walk.drawing.link(node, numbers, "fitted with")


def _add_code(walk: Walk, node: str, key: str, model: MLModel, found: Origin) -> None:
    tags: dict[str, str] = found.registered.tags if found.registered else (found.run or {}).get("tags", {})
    commit = tags.get("git_commit")
    missing = None if commit else found.run_missing or "no git commit was recorded: the estimator was in no repository"
    dirty = tags["git_dirty"] == "true" if "git_dirty" in tags else None
    made = walk.drawing.add(
        "code", key, f"commit {commit[:12]}" if commit else "code", commit=commit or None, dirty=dirty, estimator=model.estimator, missing=missing
    )
    walk.drawing.link(node, made, "fitted by")


def add_snapshot(walk: Walk, node: str, model: MLModel, snapshot_id: str) -> None:
    """Add the training set of a version, its tables and features.

    Parameters:
        walk: to add to.
        node: id of the version's node.
        model: the model's declaration.
        snapshot_id: the training set's id.
    """
    key = f"{model.name}/{snapshot_id}"
    try:
        snapshot = find_snapshot(walk.lake, model, snapshot_id)
    except (NotReadyError, TrainingError) as error:
        lost = walk.drawing.add("snapshot", key, f"snapshot {snapshot_id}", missing=str(error))
        walk.drawing.link(node, lost, "trained on")
        return
    made = walk.drawing.add("snapshot", key, f"snapshot {snapshot_id}", **_facts(snapshot))
    walk.drawing.link(node, made, "trained on")
    keys = model.partitions.keys_within(TimeWindow(snapshot.window.start, snapshot.holdout.end))
    for table, version in snapshot.tables.items():
        walk.drawing.link(made, add_table(walk, table, version, keys), "read")
    _add_features(walk, node, model, snapshot)


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    facts = asdict(snapshot)
    return {name: list(value) if isinstance(value, TimeWindow) else value for name, value in facts.items() if name not in {"model", "id"}}


def _add_features(walk: Walk, node: str, model: MLModel, snapshot: Snapshot) -> None:
    declared = {name: selection.table for selection in model.features for name in selection.columns}
    for column in _features(model, snapshot.columns):
        table = declared.get(column)
        if table is None:
            gone = walk.drawing.add(
                "feature", f"{snapshot.model}.{column}", column, missing=f"{snapshot.model} declares no feature {column!r} any more"
            )
            walk.drawing.link(node, gone, "uses")
            continue
        version, meant = snapshot.tables.get(f"features/{table}"), walk.catalog.tables[table].columns.get(column)
        feature = walk.drawing.add(
            "feature",
            f"{table}.{column}@{version}",
            column,
            table=f"features/{table}",
            type=meant and meant.type.value,
            unit=(meant and meant.unit) or None,
            description=(meant and meant.description) or None,
        )
        walk.drawing.link(node, feature, "uses")
        if version is not None:
            walk.drawing.link(feature, f"table:features/{table}@{version}", "column of")


def _features(model: MLModel, columns: Sequence[str]) -> list[str]:
    others = {*model.entity, model.event_time, LABEL}
    return [name for name in columns if name not in others]
