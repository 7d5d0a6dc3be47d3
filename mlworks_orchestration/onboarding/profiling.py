"""Finding out from a data file all that its declaration needs."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import polars as pl

from mlworks_orchestration.errors import DataError, DeclarationError
from mlworks_orchestration.onboarding.columns import Kept, calendar, check_named, dates, declared_name, features, keep
from mlworks_orchestration.onboarding.cutting import cut
from mlworks_orchestration.onboarding.keys import ROW_ID, entity
from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.reading import Table, read_table
from mlworks_orchestration.onboarding.request import Request
from mlworks_orchestration.onboarding.series import forecasting, known_ahead
from mlworks_orchestration.onboarding.task import label_column, label_expression, task_of
from mlworks_orchestration.onboarding.times import evaluate, time_column, time_expression
from mlworks_orchestration.onboarding.words import texts
from mlworks_orchestration.spec import CLASSIFICATION, ColumnType

_NUMBERS = ("regression", "forecast")
_MEANT_BY_TEXTS = "of which nearly every row says something else in four words or more"


def profile_file(request: Request) -> Profile:
    """Find out from a data file all that its declaration needs.

    Parameters:
        request: names the file, and what the user knows.

    Raises:
        DataError: if nothing can be made of the file, with what to do.
        DeclarationError: if an option has a value that it cannot have.
        UndecidedError: if the data do not tell something.
    """
    _check_zone(request.timezone)
    table = read_table(request.data, request.nulls)
    check_named(table, request)
    label = _label(table, request)
    time = time_column(table, request)
    if label and label.values.name == time:
        message = f"Column {time!r} cannot be both --label and --time."
        raise DeclarationError(message)
    expression = time_expression(table, time, request)
    times = _evaluated(table, expression, request)
    cut_ = cut(times, request.timezone, str(table.path), labelled=label.values.count() if label else len(times))
    apart = [time, *([label.values.name] if label else [])]
    keys = [keep(table.rows[name], []) for name in entity(table, times, request, set(apart))]
    given = [key.given for key in keys]
    series = forecasting(table, request, times, given, cut_, time) if label and label.task in _NUMBERS else None
    read = texts(table, request, apart) if label and label.task in CLASSIFICATION and request.task != "binary" else []
    if request.task == "text" and not read:
        message = f"{table.path} has no column of texts, {_MEANT_BY_TEXTS}. Name one with --feature, or leave --task text out."
        raise DataError(message)
    unused = (known_ahead(table, request, given, apart) if series else {}) | (dates(table, times, request) if label else {})
    chosen, days, left_out = _features(table, request, label, [*apart, *unused], read, given, times, cut_.partitions.every, ahead=series is not None)
    taken = [column.name for column in chosen]
    return Profile(
        request=request,
        table=table,
        time=declared_name(time, taken),
        time_given=time,
        time_expression=expression,
        times=times,
        keys=keys,
        row_id="" if keys or series else declared_name(ROW_ID, [*taken, *table.rows.columns]),
        features=chosen,
        calendar=days,
        left_out=left_out | {name: why for name, why in unused.items() if name not in {*apart, *request.drop}},
        label=_declared_label(label.values, taken) if label else None,
        label_expression=label.expression if label else "",
        task="text" if read else "forecast" if series else label.task if label else "",
        cut=cut_,
        delay=request.delay if request.delay is not None else cut_.delay,
        forecasting=series,
    )


class _Label(NamedTuple):
    values: pl.Series
    expression: str
    task: str


def _label(table: Table, request: Request) -> _Label | None:
    if request.label is None:
        return None
    given = label_column(table, request)
    task = task_of(given, request)
    expression = label_expression(given, task, request)
    return _Label(evaluate(table.rows, expression) if expression else given, expression, task)


def _features(  # noqa: PLR0913, PLR0917 - what was found out before
    table: Table,
    request: Request,
    label: _Label | None,
    apart: list[str],
    read: list[str],
    keys: list[str],
    times: pl.Series,
    every: str,
    *,
    ahead: bool,
) -> tuple[list[Kept], dict[str, str], dict[str, str]]:
    """Return the columns to use, those of the calendar, and why others are left out; a key is a feature of a model only if it is a category."""
    chosen, left_out = features(table, request, apart, label.values if label else None, read)
    kept = [column for column in chosen if column.given not in keys or (label and column.type is ColumnType.STRING)]
    given = calendar(times, request.timezone, every, alone=ahead or not kept) if label else {}
    days = {name: method for name, method in given.items() if name not in table.rows.columns}
    if not kept and not days and not ahead:
        why = "; ".join(f"{name!r} {reason}" for name, reason in left_out.items()) or "there are no others"
        message = f"{table.path} has no column to predict from: {why}. Add columns that are known at {apart[0]!r}, or choose them with --feature."
        raise DataError(message)
    return kept, days, left_out


def _declared_label(label: pl.Series, taken: list[str]) -> Kept:
    kept = keep(label, taken)
    return Kept(label.name if label.name == "label" else kept.name, label.name, kept.type, kept.values)


def _check_zone(timezone: str) -> None:
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        message = f"--timezone {timezone!r} is no IANA time zone; write one like Europe/Zurich, or UTC."
        raise DeclarationError(message) from error


def _evaluated(table: Table, expression: str, request: Request) -> pl.Series:
    try:
        return evaluate(table.rows, expression).rename("time")
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        message = f"Times of {table.path} cannot be placed in {request.timezone}: {reason}. Pass another --timezone, for example UTC."
        raise DataError(message) from error
