"""From a number that people read to what it was made of."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.errors import NotReadyError, TrackingError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.scoring import log_table
from mlworks_orchestration.spec import DriftKind, MLModel
from mlworks_orchestration.training import holder
from mlworks_orchestration.views.lineage.asking import chosen, measured_partition, reported_partition, scored_partition, unknown_entity
from mlworks_orchestration.views.lineage.graph import Lineage
from mlworks_orchestration.views.lineage.partitions import add_makers, add_partition
from mlworks_orchestration.views.lineage.versions import add_version
from mlworks_orchestration.views.lineage.walk import Stores, Walk


def lineage_of_version(stores: Stores, model: MLModel, version: int) -> Lineage:
    """Return what a version of a model was made of.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.
        version: its number.

    Raises:
        TrackingError: if neither MLflow nor the lake knows it.
    """
    walk = Walk(stores)
    return walk.drawing.finished(add_version(walk, model, version, asked=True))


def lineage_of_champion(stores: Stores, model: MLModel) -> Lineage:
    """Return what the serving version of a model was made of.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.

    Raises:
        NotReadyError: if there is none.
    """
    try:
        champion = stores.registry.champion(model.name)
        version = champion.version if champion else None
    except TrackingError:
        version = holder(stores.lake, model.name, "champion", clock.now())
    if version is None:
        message = f"Model {model.name} has no champion yet; materialise {model.name}/champion, or name a version with --version."
        raise NotReadyError(message)
    return lineage_of_version(stores, model, version)


def lineage_of_metric(stores: Stores, model: MLModel, metric: str, partition: str | None = None) -> Lineage:
    """Return what a realised metric of all rows of a partition was made of.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.
        metric: as in `<model>/performance`, for example `mae`.
        partition: its key; the newest that is measured by default.

    Raises:
        DataError: if there is no such metric or partition, with the nearest.
        NotReadyError: if the partition is not scored, or has no labels yet.
    """
    walk = Walk(stores)
    key = measured_partition(stores.lake, model, partition)
    rows = stores.lake.read(f"{model.name}/performance", partitions=[key]).filter(pl.col("slice_column") == "")
    chosen(metric, set(rows["metric"]), f"metric of partition {key} of model {model.name}:")
    found = rows.filter(pl.col("metric") == metric).sort("rows", "model_version")
    values = found.select("value", "rows", "model_version", "measured_at").to_dicts()
    root = walk.drawing.add(
        "metric",
        f"{model.name}/{metric}/{key}",
        f"{metric} {readable(values[-1]['value'])} for {key}",
        metric=metric,
        partition=key,
        **values[-1],
        other_versions=values[:-1] or None,
    )
    return _partition_of(walk, model, root, ("performance", key, found))


def lineage_of_score(stores: Stores, model: MLModel, entity: str, partition: str | None = None) -> Lineage:
    """Return what a prediction was made of; where an entity was predicted more than once, the newest.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.
        entity: the values of the model's entity columns, parted by commas.
        partition: in which to look; all by default.

    Raises:
        DataError: if the entity or the partition is not scored, with the nearest.
        NotReadyError: if nothing is scored yet, or this entity is not.
    """
    walk = Walk(stores)
    keys = None if partition is None else [scored_partition(stores.lake, model, partition)]
    newest = scored_partition(stores.lake, model, None)
    scores = stores.lake.read(f"{model.name}/scores", partitions=keys)
    name = pl.concat_str([pl.col(column).cast(pl.String) for column in model.entity], separator=",")
    found = scores.filter(name == entity).sort(model.event_time, maintain_order=True)
    if found.is_empty():
        _explain_absence(stores, model, entity, partition)
        raise unknown_entity(model, entity, scores.select(name.alias("entity"))["entity"], partition or f"partitions up to {newest}")
    row = found.row(-1, named=True)
    key = row.pop(PARTITION)
    features, log = _served(stores, model, entity, key)
    facts = {"partition": key, **row, "features": features, "others": found.height - 1 or None, "missing": log}
    root = walk.drawing.add("score", f"{model.name}/{entity}/{key}", f"prediction {readable(row['prediction'])} for {entity} of {key}", **facts)
    alike = scores.filter(pl.col(PARTITION) == key, pl.col("model_version") == row["model_version"])
    return _partition_of(walk, model, root, ("scores", key, alike))


def lineage_of_alarm(stores: Stores, model: MLModel, kind: str, partition: str | None = None) -> Lineage:
    """Return what the finding of a drift report was made of, whether or not it was an alarm.

    Parameters:
        stores: where lineage is recorded.
        model: the model's declaration.
        kind: of drift.
        partition: with which the window ends; that of the newest report by default.

    Raises:
        DataError: if there is no such kind or partition, with the nearest.
        NotReadyError: if there is no report of it yet.
    """
    walk = Walk(stores)
    chosen(kind, [one.value for one in DriftKind], "kind of drift")
    key = reported_partition(stores.lake, model, partition)
    rows = stores.lake.read(f"{model.name}/drift_report", partitions=[key]).filter(pl.col("kind") == kind)
    whole = rows.filter(pl.col("column") == "").row(0, named=True)
    facts = {
        name: whole[name] for name in ("drifted", "reason", "severity", "window_start", "window_end", "rows_reference", "rows_current", "reported_at")
    }
    said = {True: "alarm", False: "no alarm", None: "inconclusive"}[whole["drifted"]]
    root = walk.drawing.add(
        "alarm", f"{model.name}/{kind}/{key}", f"{kind} drift of {key}: {said}", partition=key, kind=kind, columns=_columns(rows), **facts
    )
    return _partition_of(walk, model, root, ("drift_report", key, rows))


def _partition_of(walk: Walk, model: MLModel, root: str, of: tuple[str, str, pl.DataFrame]) -> Lineage:
    part, key, rows = of
    node = add_partition(walk, model, part, key, rows)
    walk.drawing.link(root, node, "stored in")
    add_makers(walk, model, node, part, rows)
    return walk.drawing.finished(root)


def _columns(rows: pl.DataFrame) -> list[dict[str, Any]] | None:
    """Return the statistics that decided and drifted."""
    drifted = rows.filter(pl.col("column") != "", pl.col("decides"), pl.col("drifted"))
    return drifted.select("column", "statistic", "value", "effect", "threshold", "p_adjusted").to_dicts() or None


def _explain_absence(stores: Stores, model: MLModel, entity: str, partition: str | None) -> None:
    spine = f"features/{model.features[0].table}"
    keys: Sequence[str] | None = None if partition is None else [partition]
    if not stores.lake.exists(spine):
        return
    name = pl.concat_str([pl.col(column).cast(pl.String) for column in model.entity], separator=",")
    waiting = stores.lake.read(spine, columns=[*model.entity, PARTITION], partitions=keys).filter(name == entity)
    if len(waiting):
        key = waiting[PARTITION][-1]
        message = f"Model {model.name}: {entity!r} is known in {spine} of partition {key} but not scored yet; materialise {model.name}/scores for it."
        raise NotReadyError(message)


def _served(stores: Stores, model: MLModel, entity: str, partition: str) -> tuple[dict[str, Any] | None, str | None]:
    """Return the features that a prediction was made from, as they were served, or why they are not known."""
    table = log_table(model)
    name = pl.concat_str([pl.col(column).cast(pl.String) for column in model.entity], separator=",")
    if stores.lake.exists(table):
        rows = stores.lake.read(table, partitions=[partition]).filter(name == entity).sort(model.event_time, maintain_order=True)
        if len(rows):
            return rows.select(column for column in model.feature_columns if column in rows.columns).row(-1, named=True), None
    return None, f"{table} does not have the row, so the features as served are not known"
