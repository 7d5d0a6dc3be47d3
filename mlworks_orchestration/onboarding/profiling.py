"""Finding out from a data file all that its declaration needs."""

from zoneinfo import ZoneInfo

import polars as pl

from mlworks_orchestration.errors import DataError, DeclarationError
from mlworks_orchestration.onboarding.columns import Kept, calendar, check_named, declared_name, features, keep
from mlworks_orchestration.onboarding.cutting import cut
from mlworks_orchestration.onboarding.keys import ROW_ID, entity
from mlworks_orchestration.onboarding.profile import Profile
from mlworks_orchestration.onboarding.reading import Table, read_table
from mlworks_orchestration.onboarding.request import Request
from mlworks_orchestration.onboarding.task import label_column, task_of
from mlworks_orchestration.onboarding.times import evaluate, time_column, time_expression
from mlworks_orchestration.spec import ColumnType


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
    label = label_column(table, request) if request.label is not None else None
    task = task_of(label, request) if label is not None else ""
    time = time_column(table, request)
    if label is not None and label.name == time:
        message = f"Column {time!r} cannot be both --label and --time."
        raise DeclarationError(message)
    expression = time_expression(table, time, request)
    times = _evaluated(table, expression, request)
    cut_ = cut(times, request.timezone, str(table.path), labelled=len(times) - (label.null_count() if label is not None else 0))
    apart = {time, *([label.name] if label is not None else [])}
    keys = [keep(table.rows[name], []) for name in entity(table, times, request, apart)]
    chosen, left_out = features(table, request, sorted(apart), label)
    kept = [column for column in chosen if label is None or column.given not in {key.given for key in keys} or _repeats(column)]
    if label is None:
        kept = [column for column in kept if column.given not in {key.given for key in keys}]
    taken = [column.name for column in kept]
    given = calendar(times, request.timezone, cut_.partitions.every, alone=not kept) if label is not None else {}
    days = {name: method for name, method in given.items() if name not in table.rows.columns}
    if not kept and not days:
        why = "; ".join(f"{name!r} {reason}" for name, reason in left_out.items()) or "there are no others"
        message = f"{table.path} has no column to predict from: {why}. Add columns that are known at {time!r}, or choose them with --feature."
        raise DataError(message)
    return Profile(
        request=request,
        table=table,
        time=declared_name(time, taken),
        time_given=time,
        time_expression=expression,
        times=times,
        keys=keys,
        row_id="" if keys else declared_name(ROW_ID, [*taken, *table.rows.columns]),
        features=kept,
        calendar=days,
        left_out=left_out,
        label=_declared_label(label, taken),
        task=task,
        cut=cut_,
        delay=request.delay if request.delay is not None else cut_.delay,
    )


def _repeats(column: Kept) -> bool:
    """Return whether a key is a category too: one that comes again and again."""
    return column.type is ColumnType.STRING


def _declared_label(label: pl.Series | None, taken: list[str]) -> Kept | None:
    if label is None:
        return None
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
