"""Publishing: the latest known row of each entity, from the lake to the online store."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from mlworks_orchestration.data.lake import Lake
from mlworks_orchestration.data.online.coding import keys_of, values_of
from mlworks_orchestration.data.online.store import OnlineStore, Row
from mlworks_orchestration.errors import DeclarationError
from mlworks_orchestration.spec import FeatureTable

_ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Published:
    """What was published.

    Parameters:
        table: the feature table.
        store: the store's address, without a password.
        version: the Delta version of the lake's table that was read.
        entities: rows offered, one an entity; a later one that was there already has stayed.
        newest: the newest event time among them, ISO 8601; none without rows.
    """

    table: str
    store: str
    version: int
    entities: int
    newest: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values, for JSON."""
        return asdict(self)


def publish(lake: Lake, table: FeatureTable, store: OnlineStore, now: datetime, partitions: Sequence[str] | None = None) -> Published:
    """Publish the latest row of each entity that is known by a moment, in one atomic change.

    Doing it again changes nothing, and an older row never replaces a later one, in whatever order partitions are published. Without
    `partitions` the store has afterwards what the lake has: a row that the source has taken back is removed too.

    Parameters:
        lake: the Delta tables.
        table: a feature table with `online: true`.
        store: where to publish.
        now: the moment, aware.
        partitions: keys of those to publish; the whole table by default.

    Raises:
        DeclarationError: if the table is not declared to be online.
        NotReadyError: if the lake has no such table.
        OnlineError: if the store does not answer; what was published is unchanged.
    """
    if not table.online:
        message = f"Feature table {table.name} is not published: its declaration lacks `online: true`."
        raise DeclarationError(message)
    name = f"features/{table.name}"
    version = lake.version(name)
    latest = latest_rows(table, lake.read(name, columns=list(table.columns), partitions=partitions, version=version), now)
    store.put(table.name, _rows(table, latest, version), version, whole=partitions is None)
    newest = latest.select(pl.col(table.event_time).max()).item()
    return Published(table.name, store.shown, version, latest.height, newest and newest.isoformat())


def latest_rows(table: FeatureTable, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return the latest row of each entity that is known by a moment; entities with a null are left out.

    Parameters:
        table: says when a row is known.
        rows: of the table.
        now: the moment, aware.
    """
    times = [table.event_time, *([table.known_time] if table.known_time else [])]
    known = rows.drop_nulls([*table.entity, *times]).filter(
        pl.col(table.event_time) + table.known_after <= now, *(pl.col(name) <= now for name in times)
    )
    return known.sort(times, maintain_order=True).unique(table.entity, keep="last", maintain_order=True)


def _rows(table: FeatureTable, latest: pl.DataFrame, version: int) -> Iterator[Row]:
    for some in latest.iter_slices(_ROWS_AT_ONCE):
        events = some[table.event_time].dt.epoch("us").to_list()
        known = some[table.known_time].dt.epoch("us").to_list() if table.known_time else [0] * some.height
        values = values_of(some.drop(table.entity))
        for key, event, heard, text in zip(keys_of(some, table.entity), events, known, values, strict=True):
            if key is not None:
                yield Row(key, event, heard, version, text)
