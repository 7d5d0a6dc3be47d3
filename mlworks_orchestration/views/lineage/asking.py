"""What may be asked for, and what to say when it is not there."""

from collections.abc import Collection
from difflib import get_close_matches

import polars as pl

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import DataError, NotReadyError, nearest
from mlworks_orchestration.spec import MLModel, format_duration

_MOST_COMPARED = 500


def measured_partition(lake: Lake, model: MLModel, partition: str | None) -> str:
    """Return a partition whose performance is known; the newest, if none is asked for.

    Raises:
        NotReadyError: if it is not scored, or has no labels yet.
        DataError: if there is no such partition.
    """
    keys = lake.partitions(f"{model.name}/performance")
    if partition is None and keys:
        return keys[-1]
    if partition in keys and partition is not None:
        return partition
    scored = scored_partition(lake, model, partition)
    labelled = lake.partitions(f"{model.name}/labels")
    if scored in labelled:
        message = (
            f"Model {model.name}: partition {scored} has scores and labels but is not measured yet; materialise {model.name}/performance for it."
        )
    else:
        message = (
            f"Model {model.name}: partition {scored} is scored, but has no labels yet "
            f"(each is known {format_duration(model.label.delay)} after its event); {_measured(keys)}."
        )
    raise NotReadyError(message)


def scored_partition(lake: Lake, model: MLModel, partition: str | None) -> str:
    """Return a partition that is scored; the newest, if none is asked for.

    Raises:
        NotReadyError: if nothing or not this one is scored yet.
        DataError: if there is no such partition.
    """
    return _present(model, lake.partitions(f"{model.name}/scores"), partition, "scored", f"{model.name}/scores")


def reported_partition(lake: Lake, model: MLModel, partition: str | None) -> str:
    """Return a partition that ends the window of a drift report; the newest, if none is asked for.

    Raises:
        NotReadyError: if there is no report of it yet.
        DataError: if there is no such partition.
    """
    return _present(model, lake.partitions(f"{model.name}/drift_report"), partition, "reported", f"{model.name}/drift_report")


def unknown_entity(model: MLModel, entity: str, known: pl.Series, where: str) -> DataError:
    """Return the error that says which entity comes nearest.

    Parameters:
        model: the model's declaration.
        entity: as asked for.
        known: the entities that are scored, as text.
        where: was looked, in words.
    """
    alike = known.clear()
    for length in range(len(entity), 0, -1):
        alike = known.filter(known.str.starts_with(entity[:length]))
        if len(alike):
            break
    close = get_close_matches(entity, (alike if len(alike) else known).head(_MOST_COMPARED).to_list(), n=1)
    hint = f"did you mean {close[0]!r}? " if close else f"one is {known[0]!r}; " if len(known) else ""
    form = "; give its columns' values parted by commas" if len(model.entity) > 1 else ""
    return DataError(f"Model {model.name} has no score of {', '.join(model.entity)} {entity!r} in {where}; {hint}{len(known):,} are known{form}.")


def chosen(name: str, allowed: Collection[str], what: str) -> str:
    """Return a name that is allowed.

    Raises:
        DataError: if it is not, with the nearest.
    """
    if name not in allowed:
        message = f"There is no {what} {name!r}; {nearest(name, allowed)}."
        raise DataError(message)
    return name


def _present(model: MLModel, keys: list[str], partition: str | None, done: str, table: str) -> str:
    if not keys:
        message = f"Model {model.name}: nothing is {done} yet; materialise {table}, or run `mlworks replay {model.name}`."
        raise NotReadyError(message)
    if partition is None:
        return keys[-1]
    if partition in keys:
        return partition
    span = f"{keys[0]} to {keys[-1]} ({len(keys)} partitions)"
    if (model.partitions.holding(partition) or "") > keys[-1]:
        message = f"Model {model.name}: partition {partition} is not {done} yet; {done} are {span}. Materialise {table} for it."
        raise NotReadyError(message)
    near = " and ".join(model.partitions.around(partition, keys))
    said = f"nearest: {near}" if near else "that is no time"
    message = f"Model {model.name}: partition {partition!r} is not {done}; {said}. {done.capitalize()} are {span}."
    raise DataError(message)


def _measured(keys: list[str]) -> str:
    return f"performance is known of {keys[0]} to {keys[-1]}" if keys else "performance is known of no partition yet"
