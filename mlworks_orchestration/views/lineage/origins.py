"""What MLflow and the lake know of the origin of a version."""

import re
from dataclasses import dataclass
from typing import Any

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.spec import MLModel
from mlworks_orchestration.training import ModelVersion, moves
from mlworks_orchestration.views.lineage.walk import Stores

_FITTED = re.compile(r"fitted on snapshot ([0-9a-f]+): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Origin:
    """Where a version comes from.

    Parameters:
        registered: MLflow's version; None when it does not tell.
        run: MLflow's run, as plain values; None when it does not tell.
        snapshot: id of the training set; None when nobody knows it.
        trigger: what asked for the training; None when nobody knows it.
        missing: why MLflow does not tell of the version.
        run_missing: why it does not tell of the run.
    """

    registered: ModelVersion | None
    run: dict[str, Any] | None
    snapshot: str | None
    trigger: str | None
    missing: str | None
    run_missing: str | None


def origin(stores: Stores, model: MLModel, version: int, *, asked: bool = False) -> Origin:
    """Return what is known of a version.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.
        version: its number.
        asked: whether somebody asked for the version, and not something that it made.

    Raises:
        TrackingError: if it was asked for and neither MLflow nor the lake knows it.
    """
    recorded = recorded_versions(stores.lake, model)
    snapshot, trigger = recorded.get(version, (None, None))
    try:
        registered = stores.registry.version(model.name, version)
    except TrackingError as error:
        if asked and version not in recorded:
            raise
        return Origin(None, None, snapshot, trigger, str(error), "MLflow does not tell of the version")
    run, run_missing = _run(stores, registered)
    tags = registered.tags
    return Origin(registered, run, tags.get("snapshot", snapshot), tags.get("trigger", trigger), None, run_missing)


def recorded_versions(lake: Lake, model: MLModel) -> dict[int, tuple[str | None, str | None]]:
    """Return the versions that the lake has heard of, each with the snapshot it was fitted on and what triggered that, where it says so.

    Parameters:
        lake: where moves of aliases are recorded.
        model: the model's declaration.
    """
    found: dict[int, tuple[str | None, str | None]] = {}
    for row in moves(lake, model.name).iter_rows(named=True):
        if row["version"] is None:
            continue
        said = _FITTED.fullmatch(row["why"])
        if said or row["version"] not in found:
            found[row["version"]] = (said[1], said[2]) if said else (None, None)
    return found


def _run(stores: Stores, registered: ModelVersion) -> tuple[dict[str, Any] | None, str | None]:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - heavy

    try:
        run = stores.registry.client.get_run(registered.run_id)
    except MlflowException as error:
        return None, f"MLflow does not tell of run {registered.run_id or '(none)'}: {error.message}"
    return {
        "run_id": run.info.run_id,
        "name": run.info.run_name,
        "status": run.info.status,
        "lifecycle_stage": run.info.lifecycle_stage,
        "metrics": dict(sorted(run.data.metrics.items())),
        "params": dict(sorted(run.data.params.items())),
        "tags": {name: value for name, value in sorted(run.data.tags.items()) if not name.startswith("mlflow.")},
    }, None
