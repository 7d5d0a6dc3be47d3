"""The training set as a snapshot: not a copy of rows but the tables' versions, the window and a hash, from which the rows come back."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from mlworks_orchestration.data import PARTITION, Lake, feature_frame
from mlworks_orchestration.errors import LakeError, NotReadyError, TrainingError
from mlworks_orchestration.spec import Catalog, MLModel, TimeWindow, format_duration
from mlworks_orchestration.training.fingerprint import fingerprint

LABEL = "label"
_KNOWN_AT = "known_at"
_INSTANT = timedelta(microseconds=1)
FEWEST_TRAINING_ROWS = 50
FEWEST_HOLDOUT_ROWS = 20


@dataclass(frozen=True)
class Snapshot:
    """A training set, by what it is made of.

    Parameters:
        id: the first 16 digits of the content hash.
        model: whose training set it is.
        tables: lake tables and the Delta version at which each is read.
        window: event times of the rows to train on.
        holdout: event times of the newest rows, kept out of training.
        as_of: the moment whose knowledge it holds.
        rows: number of rows to train on.
        holdout_rows: number of rows kept out.
        columns: entity, event time, features and label, as hashed.
        filter: which labelled rows are in, in words.
        content_hash: SHA-256 of all rows, the held-out ones among them.
    """

    id: str
    model: str
    tables: dict[str, int]
    window: TimeWindow
    holdout: TimeWindow
    as_of: datetime
    rows: int
    holdout_rows: int
    columns: list[str]
    filter: str
    content_hash: str

    def to_json(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "Snapshot":
        """Return what `to_json` wrote."""
        fields: dict[str, Any] = json.loads(text)
        for name in ("window", "holdout"):
            fields[name] = TimeWindow(*map(datetime.fromisoformat, fields[name]))
        return cls(**{**fields, "as_of": datetime.fromisoformat(fields["as_of"])})


class _Pinned(NamedTuple):
    """Which rows: tables at versions, a span of event times, and the moment whose knowledge counts."""

    tables: Mapping[str, int]
    span: TimeWindow
    as_of: datetime


def take_snapshot(lake: Lake, catalog: Catalog, model: MLModel, as_of: datetime) -> Snapshot:
    """Pin what the model is to be trained on, as known at a moment, and store it in the lake table `<model>/training_set`.

    The window ends with the newest row whose label is known by then and begins `retraining.window` before;
    its last `retraining.holdout` is held out. Taking the same again stores nothing new.

    Parameters:
        lake: where tables are read and the snapshot is stored.
        catalog: all declarations.
        model: the model's declaration.
        as_of: the moment, aware; labels known later are left out.

    Raises:
        NotReadyError: if a table does not exist yet, or no label is known by then.
        TrainingError: if too few rows remain to train or to hold out.
    """
    labels = _labels_table(model)
    tables = {name: lake.version(name) for name in [*(f"features/{table}" for table in model.tables), labels]}
    end = _newest_known(lake, model, tables[labels], as_of) + _INSTANT
    held_out = TimeWindow(end - model.retraining.holdout, end)
    window = TimeWindow(end - model.retraining.window, held_out.start)
    rows = _rows(lake, catalog, model, _Pinned(tables, TimeWindow(window.start, end), as_of))
    kept_out = rows.filter(pl.col(model.event_time) >= held_out.start).height
    _check_counts(model, rows.height - kept_out, kept_out, as_of)
    content_hash = fingerprint(rows)
    snapshot = Snapshot(
        id=content_hash[:16],
        model=model.name,
        tables=tables,
        window=window,
        holdout=held_out,
        as_of=as_of.astimezone(UTC),
        rows=rows.height - kept_out,
        holdout_rows=kept_out,
        columns=rows.columns,
        filter=f"label is known by {as_of.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        content_hash=content_hash,
    )
    _store(lake, snapshot)
    return snapshot


def load_snapshot(lake: Lake, catalog: Catalog, model: MLModel, snapshot: Snapshot) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read a snapshot's rows back, by time travel.

    Parameters:
        lake: where they are read.
        catalog: all declarations.
        model: the model's declaration, as it was when the snapshot was taken.
        snapshot: which rows.

    Returns:
        The rows to train on and those held out: entity, event time, features and `label`, ordered by event time and entity.

    Raises:
        TrainingError: if they are not the rows that the snapshot was taken of, or if a table's version is gone.
    """
    span = TimeWindow(snapshot.window.start, snapshot.holdout.end)
    try:
        rows = _rows(lake, catalog, model, _Pinned(snapshot.tables, span, snapshot.as_of))
    except LakeError as error:
        message = (
            f"Model {model.name}: the training set of snapshot {snapshot.id} cannot be read back any more. {error} Someone has deleted what "
            "`mlworks retain` keeps: restore the table's folder from a backup, or train again so that a new version takes over from this one."
        )
        raise TrainingError(message) from error
    if fingerprint(rows) != snapshot.content_hash:
        message = (
            f"Model {model.name}: snapshot {snapshot.id} gives other rows than when it was taken: {rows.height} with columns "
            f"{', '.join(rows.columns)}; it had {snapshot.rows + snapshot.holdout_rows} with {', '.join(snapshot.columns)}. "
            "The declaration or the lake's history has changed since; materialise training_set again."
        )
        raise TrainingError(message)
    held_out = pl.col(model.event_time) >= snapshot.holdout.start
    return rows.filter(~held_out), rows.filter(held_out)


def latest_snapshot(lake: Lake, model: MLModel) -> Snapshot:
    """Return the snapshot that was taken last.

    Parameters:
        lake: where it is stored.
        model: the model's declaration.

    Raises:
        NotReadyError: if none was taken yet.
    """
    stored = lake.read(_snapshots_table(model.name), columns=["number", "snapshot"])
    return Snapshot.from_json(stored.sort("number")["snapshot"][-1])


def find_snapshot(lake: Lake, model: MLModel, snapshot_id: str) -> Snapshot:
    """Return the snapshot with an id; where the same rows were pinned more than once, the last.

    Parameters:
        lake: where it is stored.
        model: the model's declaration.
        snapshot_id: the id, as in the tag `snapshot` of a registered version.

    Raises:
        NotReadyError: if no snapshot was taken yet.
        TrainingError: if there is none with this id.
    """
    stored = lake.read(_snapshots_table(model.name), columns=["id", "number", "snapshot"]).filter(pl.col("id") == snapshot_id)
    if stored.is_empty():
        message = (
            f"Model {model.name}: the lake has no snapshot {snapshot_id!r}; registry and lake belong to different deployments, or the lake was reset."
        )
        raise TrainingError(message)
    return Snapshot.from_json(stored.sort("number")["snapshot"][-1])


def _labels_table(model: MLModel) -> str:
    return f"{model.name}/labels"


def _snapshots_table(model: str) -> str:
    return f"{model}/training_set"


def _newest_known(lake: Lake, model: MLModel, version: int, as_of: datetime) -> datetime:
    """Return the newest event time whose label is known at a moment, looking back from there one partition at a time."""
    table, last = _labels_table(model), model.partitions.key_of(as_of - model.label.delay)
    for key in reversed([key for key in lake.partitions(table, version) if key <= last]):
        labels = lake.read(table, columns=[model.event_time, _KNOWN_AT], partitions=[key], version=version)
        newest = labels.filter(pl.col(_KNOWN_AT) <= as_of)[model.event_time].max()
        if isinstance(newest, datetime):
            return newest
    message = (
        f"Model {model.name}: no label is known by {as_of:%Y-%m-%d %H:%M} UTC (each is known {format_duration(model.label.delay)} after its event). "
        f"Materialise {table} for earlier partitions, or train later."
    )
    raise NotReadyError(message)


def _rows(lake: Lake, catalog: Catalog, model: MLModel, pinned: "_Pinned") -> pl.DataFrame:
    """Return the features of a span with the labels known at a moment, ordered by event time and entity."""
    tables, span, as_of = pinned
    table = _labels_table(model)
    present = set(lake.partitions(table, tables[table]))
    keys = [key for key in model.partitions.keys_within(span) if key in present]
    labels = lake.read(table, columns=[*model.entity, model.event_time, LABEL, _KNOWN_AT], partitions=keys, version=tables[table])
    known = labels.filter(pl.col(_KNOWN_AT) <= as_of, pl.col(LABEL).is_not_null()).drop(_KNOWN_AT)
    features = feature_frame(lake, catalog, model, keys, tables).drop(PARTITION)
    key_columns = [*model.entity, model.event_time]
    within = features.filter(pl.col(model.event_time).is_between(span.start, span.end, closed="left"))
    return within.join(known, on=key_columns, how="inner", validate="1:1").sort(model.event_time, *model.entity)


def _check_counts(model: MLModel, rows: int, holdout_rows: int, as_of: datetime) -> None:
    for count, fewest, what, field in (
        (rows, FEWEST_TRAINING_ROWS, "to train on", "retraining.window"),
        (holdout_rows, FEWEST_HOLDOUT_ROWS, "to hold out", "retraining.holdout"),
    ):
        if count < fewest:
            message = (
                f"Model {model.name}: by {as_of:%Y-%m-%d %H:%M} UTC there are {count} labelled rows {what}, but {fewest} are needed. "
                f"Materialise {_labels_table(model)} and the features for more partitions, make {field} longer, or train later."
            )
            raise TrainingError(message)


def _store(lake: Lake, snapshot: Snapshot) -> None:
    table = _snapshots_table(snapshot.model)
    number, text = 1, snapshot.to_json()
    if lake.exists(table):
        stored = lake.read(table, columns=["number", "snapshot"]).sort("number")
        if stored["snapshot"][-1] == text:
            return
        number = int(stored["number"][-1]) + 1
    row = {
        "number": number,
        "id": snapshot.id,
        "as_of": snapshot.as_of,
        "rows": snapshot.rows,
        "holdout_rows": snapshot.holdout_rows,
        "content_hash": snapshot.content_hash,
        "snapshot": text,
    }
    lake.append(table, pl.DataFrame([row]))
