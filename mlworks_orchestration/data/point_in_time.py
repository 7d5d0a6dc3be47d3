"""Point-in-time joins: what was known of an entity at a moment, never what came to be known later."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.spec import FeatureTable

_ASKED, _FOUND = "_asked", "_found"
_ENTITY, _EVENT, _KNOWN, _PLACE = "_entity", "_event", "_known", "_place"
_LARGEST = 2**63


def as_of_join(  # noqa: PLR0913 - two frames, what joins them and two settings, which go by name
    spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, columns: Sequence[str], *, event_time: str, max_age: timedelta | None
) -> pl.DataFrame:
    """Give each row of `spine` the values that were known of its entity at its event time.

    A row of the table is known from its event time + `table.known_after` on; where the table has a `known_time`, from the later of that and
    its event time on. Of those known, the one with the latest event time is taken; among equals the one that became known last, and among
    these the last of `rows`. Without any, or where an entity or a time is null, the values are null.

    Parameters:
        spine: the rows to be given values, with the columns `table.entity` and `event_time`.
        table: says by which columns to join, which one is its event time, and how long a row takes to be known.
        rows: of the table, with its entity, its event time, its known time if it has one, and `columns`.
        columns: the names of the values; none of the spine's.
        event_time: the spine's column that says at which moment to look.
        max_age: how long before that moment the taken row's event time may be, itself included; any time if none.

    Returns:
        The spine, in its order, followed by `columns`.

    Raises:
        DataError: naming table and column, if a join key has two types or a value the name of one of the spine's columns.

    Examples:
        >>> from datetime import datetime, UTC
        >>> weather = FeatureTable(name="weather", description="", owner="team:data", source="weather:load", entity=["origin"],
        ...     event_time="at", known_after="1h", partitions={"every": "day", "start": "2013-01-01"},
        ...     columns={"origin": "string", "at": "timestamp", "wind": "float"})
        >>> hours = [datetime(2013, 1, 1, hour, tzinfo=UTC) for hour in (7, 8, 9)]
        >>> rows = pl.DataFrame({"origin": ["JFK"] * 3, "at": hours, "wind": [7.0, 8.0, 9.0]})
        >>> spine = pl.DataFrame({"origin": ["JFK", "LGA"], "departure": [hours[2], hours[2]]})
        >>> as_of_join(spine, weather, rows, ["wind"], event_time="departure", max_age=None)["wind"].to_list()
        [8.0, None]
    """
    _check_columns(spine, table, rows, columns)
    found = _found_rows(spine, table, rows, event_time)
    values = rows.select(pl.col(columns).gather(found))
    if max_age is not None:
        recent = rows[table.event_time].gather(found) >= spine[event_time] - max_age
        values = values.select(pl.when(recent).then(pl.col(name)).alias(name) for name in columns)
    return spine.hstack(values)


def known_rows(table: FeatureTable, rows: pl.DataFrame, after: timedelta = timedelta(0)) -> pl.DataFrame:
    """Return each row as it was known some time after its event time: of its versions the last one by then, none that came to be known later.

    Parameters:
        table: says which columns identify a row, and from when it was known.
        rows: of the table, with those columns.
        after: how long after the event time; not at all by default.

    Returns:
        Some of the rows, in their order; all of them where the table has no `known_time`.
    """
    if table.known_time is None:
        return rows
    in_time = rows.filter(pl.col(table.known_time) <= pl.col(table.event_time) + after).with_row_index(_PLACE)
    versions = in_time.sort(table.known_time, maintain_order=True)
    return versions.unique([*table.entity, table.event_time], keep="last").sort(_PLACE).drop(_PLACE)


class _Line(NamedTuple):
    """Entities and moments laid on one line, entity after entity, so that a search in one sorted column serves all entities at once.

    Of several ways tried (polars' join by groups, after a running maximum by groups) this one takes least: see benchmarks/point_in_time.py.

    Parameters:
        first: the earliest moment, in microseconds since 1970.
        length: of an entity's part of the line, in microseconds.
        dtype: an integer that holds the whole line.
    """

    first: int
    length: int
    dtype: pl.DataType

    def place(self, moment: pl.Expr) -> pl.Expr:
        """Return where a moment of an entity is, from the first moment on."""
        return pl.col(_ENTITY).cast(self.dtype) * self.length + (moment - (self.first - 1))

    def search(self, moment: pl.Expr) -> pl.Expr:
        """Return where to look for a moment; one before the first is at the very beginning of the entity's part, where no row is."""
        return self.place(moment.clip(self.first - 1, self.first + self.length - 2))


def _found_rows(spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, event_time: str) -> pl.Series:
    """Return, for each row of the spine, the index of the row that was known then, or null."""
    keys = [pl.col(name).alias(f"_{i}") for i, name in enumerate(table.entity)]
    by = [f"_{i}" for i in range(len(keys))]
    asked = spine.select(*keys, pl.col(event_time).dt.epoch("us").alias(_EVENT)).with_row_index(_ASKED).drop_nulls()
    entities = asked.select(by).unique().with_row_index(_ENTITY)
    known = _known(table, rows, keys).join(entities, on=by, maintain_order="left").drop(by)
    found = pl.Series(_FOUND, [None], pl.UInt32()).new_from_index(0, spine.height)
    if known.is_empty():
        return found
    line = _line(known, entities.height)
    sought = _sorted(asked.join(entities, on=by).select(_ASKED, line.search(pl.col(_EVENT)).alias(_PLACE)))
    placed = _placed(table, known, line)
    # The places are sorted, and polars would only warn that it cannot tell.
    joined = sought.join_asof(placed, on=_PLACE, coalesce=False, check_sortedness=False)
    own = joined.filter(pl.col(f"{_PLACE}_right") // line.length == pl.col(_PLACE) // line.length)
    return found.scatter(own[_ASKED], own[_FOUND])


def _known(table: FeatureTable, rows: pl.DataFrame, keys: Sequence[pl.Expr]) -> pl.DataFrame:
    """Return the index of each row with its keys, when it happened and from when it was known, in microseconds; without those that lack one."""
    event, times = pl.col(table.event_time), [table.event_time]
    known_at = event + table.known_after
    if table.known_time is not None:
        known_at, times = pl.max_horizontal(event, table.known_time), [table.event_time, table.known_time]
    chosen = rows.with_row_index(_FOUND).drop_nulls([*table.entity, *times])
    if table.known_time is not None and (chosen[table.known_time] < chosen[table.event_time]).any():
        # Of versions that were all known before the event, `known_at` does not tell which was the last.
        chosen = chosen.sort(table.known_time, maintain_order=True)
    return chosen.select(_FOUND, *keys, event.dt.epoch("us").alias(_EVENT), known_at.dt.epoch("us").alias(_KNOWN))


def _line(known: pl.DataFrame, entities: int) -> _Line:
    first, last = known.select(pl.col(_EVENT).min(), pl.col(_KNOWN).max()).row(0)
    length = last - first + 2
    return _Line(first, length, pl.Int64() if entities * length < _LARGEST else pl.Int128())


def _placed(table: FeatureTable, known: pl.DataFrame, line: _Line) -> pl.DataFrame:
    """Return the rows in the order in which they became known, without those that were out of date by then."""
    known_at = line.place(pl.col(_KNOWN)).alias(_PLACE)
    if table.known_time is None:
        return _sorted(known.select(_FOUND, known_at))
    placed = _sorted(known.select(_FOUND, known_at, line.place(pl.col(_EVENT)).alias(_EVENT)))
    return placed.filter(pl.col(_EVENT) == pl.col(_EVENT).cum_max()).select(_FOUND, _PLACE)


def _sorted(placed: pl.DataFrame) -> pl.DataFrame:
    """Return rows by their place, those of one place in their order."""
    if placed.schema[_PLACE] == pl.Int128:
        return placed.sort(_PLACE, maintain_order=True)
    return placed[_order(placed[_PLACE].to_numpy())]


def _order(places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the indices that sort places, none of them negative; those of one place in their order.

    Numbers alone are sorted several times as fast as numbers with their indices. So each index is put behind its place in one number; where that does
    not fit, the place's lowest bits give way, and the rows whose places fall together by that are sorted once more.
    """
    bits = len(places).bit_length()
    cut = max(int(places.max(initial=0)).bit_length() + bits - 63, 0)
    packed = places >> cut
    packed <<= bits
    packed |= np.arange(len(places))
    packed.sort()
    order = packed & (1 << bits) - 1
    if cut:
        packed >>= bits
        apart = np.concatenate([[True], packed[1:] != packed[:-1], [True]])
        together = np.flatnonzero(~(apart[:-1] & apart[1:]))
        unsure = order[together]
        order[together] = unsure[np.argsort(places[unsure], kind="stable")]
    return order


def _check_columns(spine: pl.DataFrame, table: FeatureTable, rows: pl.DataFrame, columns: Sequence[str]) -> None:
    for name in table.entity:
        if spine.schema[name] != rows.schema[name]:
            message = (
                f"Feature table {table.name} is joined by column {name!r}, which is {rows.schema[name]} there but {spine.schema[name]} in the rows "
                "to be joined; declare it with the same type in both tables."
            )
            raise DataError(message)
    for name in columns:
        if name in spine.columns:
            message = (
                f"Feature table {table.name}: column {name!r} cannot be joined to rows that have a column of that name; "
                "give it a name of its own in the table's transform."
            )
            raise DataError(message)
