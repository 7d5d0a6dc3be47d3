"""The features of a model at the event times of its rows: the one path, for training as for scoring."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal, NamedTuple, TypeAlias

import polars as pl

from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.partitioning import PARTITION
from mlworks_orchestration.data.point_in_time import as_of_join, known_rows
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.spec import Catalog, ColumnType, FeatureTable, MLModel, TimeWindow

FeatureKind: TypeAlias = Literal["numeric", "categorical", "text", "boolean"]

_KINDS: dict[ColumnType, FeatureKind] = {
    ColumnType.INTEGER: "numeric",
    ColumnType.FLOAT: "numeric",
    ColumnType.STRING: "categorical",
    ColumnType.TEXT: "text",
    ColumnType.BOOLEAN: "boolean",
}


def feature_frame(lake: Lake, catalog: Catalog, model: MLModel, partitions: Sequence[str], versions: Mapping[str, int] | None = None) -> pl.DataFrame:
    """Return the rows to predict of some partitions, with the features that were known at each one's event time.

    The first feature table gives the rows and its own columns; those of the others are joined as of the event time. A column by which a
    table is joined is the spine's. Of a joined table, a selection with `max_age` reads the partitions that reach so far back; one without
    reads the table from its beginning, since the newest row of an entity may be as old as the table is. Of a table with a `known_time`, rows
    are those that were known at the event time, the first table's at their own: what came or was corrected later changes nothing.

    Parameters:
        lake: holds the tables as `features/<name>`.
        catalog: declares them.
        model: whose features are meant.
        partitions: keys of the rows to predict.
        versions: the Delta version at which to read a lake table, by its name in the lake, for example `features/flights`; of tables that
            it does not name, the newest.

    Returns:
        Entity, event time, the features in declared order and `_partition`, sorted by event time and entity.

    Raises:
        NotReadyError: naming table and partition, if one of the spine is not in the lake, or one of a joined table that ought to be there
            because it covers the very time of the rows.
        DataError: if a table cannot be joined, see `as_of_join`.
    """
    spine = catalog.spine(model)
    joined = [(selection, catalog.table(selection.table, asked_by=f"Model {model.name}: features")) for selection in model.features[1:]]
    keys = [key for _, table in joined for key in table.entity]
    identity = [*model.entity, model.event_time]
    store = _Store(lake, model, versions or {})
    _present(store, spine, partitions)
    rows = known_rows(spine, _read(store, spine, [*spine.identity, *keys, *model.features[0].columns, PARTITION], partitions))
    rows = rows.sort(model.event_time, *model.entity, maintain_order=True)
    for selection, table in joined:
        values = [name for name in selection.columns if name not in table.entity]
        known = _read(store, table, [*table.identity, *values], _reach(store, table, selection.max_age, partitions))
        rows = as_of_join(rows, table, known, values, event_time=model.event_time, max_age=selection.max_age)
    return rows.select(*dict.fromkeys([*identity, *model.feature_columns, PARTITION]))


def feature_kinds(catalog: Catalog, model: MLModel) -> dict[str, FeatureKind]:
    """Return, by the declared type of its column, what kind of value each feature has, in declared order.

    Parameters:
        catalog: declares the model's tables.
        model: whose features are meant.

    Raises:
        DeclarationError: if a table is not declared.
    """
    kinds: dict[str, FeatureKind] = {}
    for selection in model.features:
        table = catalog.table(selection.table, asked_by=f"Model {model.name}: features")
        kinds |= {name: _KINDS[table.columns[name].type] for name in selection.columns}
    return kinds


def text_features(catalog: Catalog, model: MLModel) -> list[str]:
    """Return the features that are texts, in declared order: what they say is in their words, not in how often each occurs as a whole.

    Parameters:
        catalog: declares the model's tables.
        model: whose features are meant.
    """
    return [name for name, kind in feature_kinds(catalog, model).items() if kind == "text"]


class _Store(NamedTuple):
    lake: Lake
    model: MLModel
    versions: Mapping[str, int]


def _read(store: _Store, table: FeatureTable, columns: Iterable[str], partitions: Sequence[str]) -> pl.DataFrame:
    name = f"features/{table.name}"
    return store.lake.read(name, columns=list(dict.fromkeys(columns)), partitions=partitions, version=store.versions.get(name))


def _present(store: _Store, table: FeatureTable, needed: Iterable[str]) -> list[str]:
    """Return the partitions of a table that the lake holds, which must be those `needed` at least."""
    name = f"features/{table.name}"
    version = store.versions.get(name)
    present = store.lake.partitions(name, version)
    missing = sorted(set(needed) - set(present))
    if missing:
        message = (
            f"Model {store.model.name} needs partition {missing[0]} of feature table {table.name}, but lake table {name}"
            f"{'' if version is None else f' at version {version}'} does not hold it ({len(missing)} missing, the last {missing[-1]}). "
            f"Materialise {name} for it first."
        )
        raise NotReadyError(message)
    return present


def _reach(store: _Store, table: FeatureTable, max_age: timedelta | None, partitions: Sequence[str]) -> list[str]:
    """Return the partitions of a joined table in which a row may be that is known, and not too old, at some moment of `partitions`."""
    windows = [TimeWindow(start, end - table.known_after) for start, end in map(store.model.partitions.window, sorted(partitions))]
    present = _present(store, table, [] if table.may_be_empty else _declared(table, _keys(table, windows)))
    if max_age is not None:
        reach = _keys(table, [TimeWindow(window.start - max_age, window.end) for window in windows])
        return [key for key in present if key in reach]
    return [key for key in present if windows and table.partitions.window(key).start < windows[-1].end]


def _keys(table: FeatureTable, windows: Iterable[TimeWindow]) -> set[str]:
    merged: list[TimeWindow] = []
    for window in windows:
        if merged and window.start <= merged[-1].end:
            merged[-1] = TimeWindow(merged[-1].start, window.end)
        else:
            merged.append(window)
    return {key for window in merged for key in table.partitions.keys_within(window)}


def _declared(table: FeatureTable, keys: Iterable[str]) -> list[str]:
    """Return those keys for which the table is declared to have data."""
    cut = table.partitions
    days = {key: key[: len("2013-01-31")] for key in keys}
    return [key for key, day in days.items() if cut.start.isoformat() <= day and (cut.end is None or day < cut.end.isoformat())]
