"""How a table is cut in time, and how long windows are, from how densely rows lie."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Literal

import polars as pl

from mlworks_orchestration.data import PARTITION, partition_of
from mlworks_orchestration.errors import DataError
from mlworks_orchestration.onboarding.reading import extremes
from mlworks_orchestration.spec import Partitions

Every = Literal["hour", "day", "week", "month"]

FEWEST_ROWS = 140
_FEWEST_PARTITIONS = 8
_DAYS: dict[Every, float] = {"hour": 1 / 24, "day": 1, "week": 7, "month": 365.25 / 12}
_WINDOW: dict[Every, timedelta] = {"hour": timedelta(days=1), "day": timedelta(days=7), "week": timedelta(days=28), "month": timedelta(days=92)}
_FULL = 0.9
_ENOUGH = 100
_HELD_OUT, _LEARNED_FROM, _COMPARED = 24, 80, 20
_LIVED_THROUGH = 300
_MOST_WINDOWS = 24
_SPARSE = 0.3
_LONG_HISTORY = 14
_MOST_PARTITIONS: dict[Every, int] = {"hour": 750, "day": 750, "week": 250, "month": 250}
_DECEMBER = 12
_FUTURE = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Cut:
    """Partitions and windows for a history.

    Parameters:
        partitions: how the tables are cut.
        older: how many rows lie before the first partition, of a history too long to live through at once.
        empty: how many partitions have no rows.
        rows: in a partition, at the median of those that have any.
        drift_window: length of the current window of drift.
        min_rows: fewest rows on either side of a comparison.
        window: length of the training window.
        holdout: its last part, for the gate.
        cooldown: between trainings.
        min_new_rows: before a retraining.
        delay: until the label is known, where nobody says.
    """

    partitions: Partitions
    older: int
    empty: int
    rows: int
    drift_window: timedelta
    min_rows: int
    window: timedelta
    holdout: timedelta
    cooldown: timedelta
    min_new_rows: int
    delay: timedelta


def cut(times: pl.Series, timezone: str, what: str, *, labelled: int) -> Cut:
    """Choose the finest partitions that nearly all have rows, the newest of a long history, and windows that hold enough of them.

    Parameters:
        times: event times in UTC.
        timezone: in which partitions begin.
        what: the data in words, for errors.
        labelled: how many rows have a label.

    Raises:
        DataError: if there are too few rows, or they lie on too few days.
    """
    if labelled < FEWEST_ROWS:
        message = (
            f"{what} has {labelled} rows to learn from; at least {FEWEST_ROWS} are needed to train, hold out and compare windows. Get more rows."
        )
        raise DataError(message)
    local = times.dt.convert_time_zone(timezone)
    if local.dt.date().n_unique() == 1:
        message = (
            f"{what}: all {len(times):,} rows are of {local.dt.date()[0]}. A model's life needs rows over many days; name the column that says "
            "when each row was about with --time."
        )
        raise DataError(message)
    every = _every(times, timezone)
    partitions = _newest(_partitions(local, every, timezone), len(times))
    keys = partitions.keys(_FUTURE)
    whole = len(keys)
    used = times.filter(times >= partitions.window(keys[0]).start) if keys else times
    counts = _counts(used, every, timezone)
    if whole < _FEWEST_PARTITIONS:
        message = f"{what}: the rows reach over {whole} whole {every}s; at least {_FEWEST_PARTITIONS} are needed. Get a longer history."
        raise DataError(message)
    if len(counts) < _SPARSE * whole:
        message = (
            f"{what}: {whole - len(counts)} of {whole} {every}s have no rows, and partitions are a month at most. Rows must lie nearer together: "
            "name a finer time with --time, made of several columns if the file has year and month apart."
        )
        raise DataError(message)
    return _windows(partitions, counts, whole, older=len(times) - len(used))


def _every(times: pl.Series, timezone: str) -> Every:
    first, last = extremes(times)
    span = (last - first) / timedelta(days=1)
    choices: tuple[Every, ...] = ("day", "week", "month") if span > _LONG_HISTORY else ("hour", "day")
    for every in choices[:-1]:
        if len(_counts(times, every, timezone)) >= _FULL * span / _DAYS[every]:
            return every
    return choices[-1]


def _counts(times: pl.Series, every: Every, timezone: str) -> pl.Series:
    keys = partition_of(times, Partitions(every=every, start=date(1970, 1, 1), timezone=timezone))
    return keys.value_counts(name="rows").sort(PARTITION)["rows"]


def _partitions(local: pl.Series, every: Every, timezone: str) -> Partitions:
    """Return partitions that hold every row: the first and the last begin and end where a week or month does."""
    low, high = extremes(local)
    first, last = low.date(), high.date() + timedelta(days=1)
    if every == "week":
        first, last = first - timedelta(days=first.weekday()), last + timedelta(days=-last.weekday() % 7)
    if every == "month":
        first = first.replace(day=1)
        last = last if last.day == 1 else date(last.year + (last.month == _DECEMBER), last.month % _DECEMBER + 1, 1)
    return Partitions(every=every, start=first, end=last, timezone=timezone)


def _newest(partitions: Partitions, rows: int) -> Partitions:
    """Leave out what is so long ago that living through it would take longer than it tells; a few hundred rows stay."""
    keys = partitions.keys(_FUTURE)
    most = max(_MOST_PARTITIONS[partitions.every], ceil(_LIVED_THROUGH * len(keys) / rows))
    first = date.fromisoformat(keys[-most][:10]) if len(keys) > most else partitions.start
    return Partitions(every=partitions.every, start=first, end=partitions.end, timezone=partitions.timezone)


def _windows(partitions: Partitions, counts: pl.Series, whole: int, *, older: int) -> Cut:
    step, span = _DAYS[partitions.every], whole * _DAYS[partitions.every]
    density = float(counts.sum()) / span
    unit = _WINDOW[partitions.every]
    most = max(unit, unit * int(span / _MOST_WINDOWS / (unit / timedelta(days=1))), unit * ceil(_COMPARED / density / (unit / timedelta(days=1))))
    drift = min(most, unit * max(1, ceil(_ENOUGH / max(density * (unit / timedelta(days=1)), 1))))
    days = drift / timedelta(days=1)
    window = drift * max(3, round(0.35 * span / days))
    held_out = timedelta(days=ceil(_HELD_OUT / density))
    window = min(max(window, timedelta(days=ceil(_LEARNED_FROM / density))), max(drift * 2, drift * int(0.6 * span / days)))
    holdout = max(timedelta(days=ceil(step)), drift * max(1, round(window / drift / 6)) if window > 2 * drift else drift / 2)
    expected = density * days
    return Cut(
        partitions=partitions,
        older=older,
        empty=whole - len(counts),
        rows=int(counts.sort()[len(counts) // 2]),
        drift_window=drift,
        min_rows=int(min(100, max(10, expected // 3))),
        window=window,
        holdout=_whole_days(max(holdout, min(held_out, window / 2))),
        cooldown=2 * drift,
        min_new_rows=int(min(1000, max(10, expected))),
        delay=timedelta(hours=1) if partitions.every == "hour" else timedelta(days=ceil(step)),
    )


def _whole_days(span: timedelta) -> timedelta:
    return timedelta(days=ceil(span / timedelta(days=1)))
