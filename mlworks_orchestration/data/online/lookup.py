"""Look-up: the features of entities as they are known now, from the online store."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import polars as pl

from mlworks_orchestration.data.online.coding import frame_of, keys_of
from mlworks_orchestration.data.online.plan import Part, Plan
from mlworks_orchestration.data.online.store import OnlineStore, Row
from mlworks_orchestration.data.schema import losslessly, polars_type
from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.spec import ColumnType, format_duration

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Looked(NamedTuple):
    """What was found.

    Parameters:
        rows: one a request, in their order.
        notes: what is missing and why, in words.
    """

    rows: pl.DataFrame
    notes: tuple[str, ...]


def online_frame(store: OnlineStore, plan: Plan, requests: pl.DataFrame, now: datetime) -> Looked:
    """Return the features of requests: those that they bring, and the others from the store; what `feature_frame` gives of rows in the lake.

    Parameters:
        store: where the tables of the plan are published; not asked where the requests bring all features.
        plan: what is looked up where.
        requests: one a row, with the entity, and whichever features and keys are known at the time of the request only.
        now: the moment, aware, at which to look for requests that bring no event time.

    Returns:
        The features in declared order.

    Raises:
        DataError: if a key is missing or of another type, or a feature is neither given nor published.
        NotReadyError: if nothing was ever published of a table.
        OnlineError: if the store does not answer.
    """
    rows, notes = requests, list[str]()
    moments = _moments(plan, requests, now)
    for part in plan.parts:
        absent = [name for name in part.columns if name not in rows.columns]
        if not absent:
            continue
        _check(plan, part, absent, rows)
        wanted = part.model_copy(update={"columns": {name: part.columns[name] for name in absent}})
        found = look_up(store, wanted, rows, moments)
        rows = rows.hstack(found.rows)
        notes += found.notes
    return Looked(rows.select(plan.features), tuple(notes))


def look_up(store: OnlineStore, part: Part, requests: pl.DataFrame, moments: Sequence[datetime]) -> Looked:
    """Look rows of one table up.

    A row is missing if nothing is published of its entity, if it is older than `max_age`, or if it was not known yet at the moment asked for.

    Parameters:
        store: where it is published.
        part: what is looked up.
        requests: with the columns of the entity.
        moments: for each request, at which moment to look, aware.

    Raises:
        DataError: if an entity is of another type than declared, or if the published rows lack a column.
        NotReadyError: if nothing was ever published of the table.
        OnlineError: if the store does not answer.
    """
    typed = pl.DataFrame([_typed(part, requests, name, kind) for name, kind in part.entity.items()])
    keys = keys_of(typed, list(part.entity))
    distinct = list(dict.fromkeys(key for key in keys if key is not None))
    stored = dict(zip(distinct, store.get(part.table, distinct), strict=True))
    rows = [stored.get(key) if key is not None else None for key in keys]
    trouble = [_trouble(part, row, moment) for row, moment in zip(rows, moments, strict=True)]
    values = {key: json.loads(row.values) for key, row in stored.items() if row is not None}
    kept = [values[key] if key is not None and not wrong else None for key, wrong in zip(keys, trouble, strict=True)]
    return Looked(frame_of(kept, part.columns, asked_of=f"Feature table {part.table}"), tuple(_notes(part, typed, trouble)))


def _trouble(part: Part, row: Row | None, moment: datetime) -> str:
    """Return why a row counts as missing; empty if it does not."""
    if row is None:
        return "nothing is published of it"
    event, known = _EPOCH + row.event * _MICROSECOND, _EPOCH + row.known * _MICROSECOND
    if max(event + part.known_after, known) > moment:
        return "what is published of it was not known yet at the time asked for"
    if part.max_age is not None and event < moment - part.max_age:
        return f"what is published of it is older than {format_duration(part.max_age)}"
    return ""


def _notes(part: Part, entities: pl.DataFrame, trouble: Sequence[str]) -> list[str]:
    notes = []
    for why in dict.fromkeys(filter(None, trouble)):
        places = [i for i, each in enumerate(trouble) if each == why]
        first = ", ".join(f"{name} {value!r}" for name, value in entities.row(places[0], named=True).items())
        more = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        notes.append(f"{part.table}: {', '.join(part.columns)} of {first}{more} missing, for {why}")
    return notes


def _moments(plan: Plan, requests: pl.DataFrame, now: datetime) -> list[datetime]:
    if plan.event_time not in requests.columns:
        return [now] * requests.height
    given = requests[plan.event_time]
    if isinstance(given.dtype, pl.Datetime) and given.dtype.time_zone is None:
        given = given.dt.replace_time_zone("UTC")
    times = losslessly(given, polars_type(ColumnType.TIMESTAMP))
    if times is None:
        message = (
            f"Model {plan.model}: the event time {plan.event_time!r} of the requests is a {given.dtype}; give a timestamp, or leave it out for now."
        )
        raise DataError(message)
    return times.fill_null(now).to_list()


def _check(plan: Plan, part: Part, absent: Sequence[str], rows: pl.DataFrame) -> None:
    if not part.online:
        message = (
            f"Model {plan.model}: the requests lack {', '.join(absent)} of feature table {part.table}, which is not published. "
            "Give these columns with the requests, or declare the table `online: true` and publish it."
        )
        raise DataError(message)
    lacking = [name for name in part.entity if name not in rows.columns]
    if lacking:
        message = (
            f"Model {plan.model}: {', '.join(absent)} of feature table {part.table} are looked up by {lacking[0]!r}, which the requests lack; "
            f"{nearest(lacking[0], rows.columns)}. Give it, or the features themselves."
        )
        raise DataError(message)


def _typed(part: Part, requests: pl.DataFrame, name: str, kind: ColumnType) -> pl.Series:
    typed = losslessly(requests[name], polars_type(kind))
    if typed is None:
        message = f"Feature table {part.table} is looked up by {name!r}, a {kind}, but the requests give it as {requests.schema[name]}; cast it."
        raise DataError(message)
    return typed
