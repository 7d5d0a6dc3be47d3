"""Finding out how a column writes times, as the very expression that the generated source will have."""

from collections.abc import Iterator

import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.onboarding.reading import Table, extremes
from mlworks_orchestration.onboarding.render import quoted
from mlworks_orchestration.onboarding.request import Request, UndecidedError, near

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%m-%d-%Y",
    "%d-%m-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%Y%m%d",
)
_CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S%.f")
_OFFSETS = ("%#z", "%Z")
_YEARS, _DAYS, _SECONDS, _MILLISECONDS = (1900, 2199), (19000101, 21991231), (10**8, 10**10), (10**11, 10**13)
_TRIED = 2000
_MICROSECONDS = 'time_unit="us"'


def formats() -> Iterator[str]:
    """Yield the formats that are tried, as strptime takes them."""
    yield from _DATES
    for date in _DATES:
        for mark in (" ", "T"):
            for clock in _CLOCKS:
                yield f"{date}{mark}{clock}"
                yield f"{date}{mark}{clock}%#z"


def evaluate(rows: pl.DataFrame, expression: str) -> pl.Series:
    """Return what the text of a polars expression gives; it is our own text, with names quoted."""
    chosen = eval(expression, {"pl": pl})  # noqa: S307 - the text is made here, and tried before it is written into a source
    return rows.select(chosen).to_series()


def time_column(table: Table, request: Request) -> str:
    """Return the column that says when a row is about.

    Parameters:
        table: the data.
        request: may name it.

    Raises:
        DataError: if there is no such column.
        UndecidedError: if it is not named, and not just one column holds times.
    """
    columns = table.rows.columns
    if request.time and request.time not in columns:
        message = f"{table.path} has no column {request.time!r} for --time; {near(request.time, columns)}."
        raise DataError(message)
    if request.time:
        return request.time
    found = [name for name in columns if name != request.label and _looks_like_time(table.rows[name])]
    if len(found) == 1:
        return found[0]
    message = f"Which column says when a row is about? Pass --time COLUMN; {'likely: ' + ', '.join(found) if found else near('time', columns)}."
    raise UndecidedError(message, field="time", choices=found or columns)


def _looks_like_time(column: pl.Series) -> bool:
    if column.dtype.is_temporal():
        return column.dtype in {pl.Date(), pl.Datetime()} or isinstance(column.dtype, pl.Datetime)
    return column.dtype == pl.String() and column.count() > 0 and bool(_fitting(column.drop_nulls().head(_TRIED)))


def time_expression(table: Table, name: str, request: Request) -> str:
    """Return the text of the polars expression that makes UTC timestamps of the time column.

    Parameters:
        table: the data.
        name: of the column.
        request: may name the format; its time zone is that of times without an offset.

    Raises:
        DataError: if not every row has a time, with the first that has none.
        UndecidedError: if two formats fit and give different times.
    """
    column = table.rows[name]
    if column.null_count():
        row = int(column.is_null().arg_true()[0])
        message = (
            f"Column {name!r} of {table.path} has no time in {column.null_count()} of {len(column)} rows, the first in {table.where(row)}. "
            "Drop these rows, repair them, or name another column with --time."
        )
        raise DataError(message)
    zone = f".dt.replace_time_zone({quoted(request.timezone)})"
    naive = zone if request.timezone == "UTC" else f'{zone}.dt.convert_time_zone("UTC")'
    return f"pl.col({quoted(name)}){_moments(table, name, request, naive)}"


def _moments(table: Table, name: str, request: Request, naive: str) -> str:
    column = table.rows[name]
    if isinstance(column.dtype, pl.Datetime):
        aware = '.dt.convert_time_zone("UTC")' if column.dtype.time_zone else naive
        return f'.dt.cast_time_unit("us"){aware}'
    if column.dtype == pl.Date():
        return f'.cast(pl.Datetime("us")){naive}'
    if column.dtype.is_numeric():
        return _of_numbers(table, column, naive)
    if column.dtype != pl.String():
        message = f"Column {name!r} of {table.path} is a {column.dtype}, and no time. Name another column with --time."
        raise DataError(message)
    return _of_texts(table, column, request, naive)


def _of_numbers(table: Table, column: pl.Series, naive: str) -> str:
    low, high = extremes(column)
    whole = ".cast(pl.Int64())"
    day = f'.cast(pl.String()).str.to_datetime("%Y%m%d", {_MICROSECONDS}){naive}'
    january = f'.cast(pl.String()).add("0101").str.to_datetime("%Y%m%d", {_MICROSECONDS}){naive}'
    if column.eq(column.round(0)).all():
        for (least, most), made in ((_YEARS, whole + january), (_DAYS, whole + day)):
            if least <= low <= high <= most:
                return made
    for (least, most), factor in ((_SECONDS, 10**6), (_MILLISECONDS, 10**3)):
        if least <= low <= high <= most:
            return f'.mul({factor}).cast(pl.Int64()).cast(pl.Datetime("us", "UTC"))'
    message = (
        f"Column {column.name!r} of {table.path} has numbers from {low:.15g} to {high:.15g}: no times. Times as numbers are years ({_YEARS[0]} to "
        f"{_YEARS[1]}), days (20240131), or seconds or milliseconds since 1970. Make a column with dates, or name another one with --time."
    )
    raise DataError(message)


def _of_texts(table: Table, column: pl.Series, request: Request, naive: str) -> str:
    found = [request.time_format] if request.time_format else _fitting(column)
    if not found or not _fits(column, found[0]):
        raise DataError(_misfit(table, column, request.time_format))
    if len(found) > 1:
        first = column[0]
        readings = " or ".join(f"{form} ({_parsed(column.head(1), form)[0]:%d %B %Y})" for form in found)
        message = f"Column {column.name!r} of {table.path} can be read in {len(found)} ways: {first!r} is {readings}. Pass --time-format."
        raise UndecidedError(message, field="time_format", choices=found)
    aware = '.dt.convert_time_zone("UTC")' if found[0].endswith(_OFFSETS) else naive
    return f".str.to_datetime({quoted(found[0])}, {_MICROSECONDS}){aware}"


def _fitting(column: pl.Series) -> list[str]:
    """Return the formats that read every value, each other than those before it."""
    start = column.head(_TRIED)
    found: list[str] = []
    readings: list[pl.Series] = []
    for form in formats():
        if not _fits(start, form) or not _fits(column, form):
            continue
        read = _parsed(column, form)
        if not any(read.equals(other) for other in readings):
            found.append(form)
            readings.append(read)
    return found


def _parsed(column: pl.Series, form: str) -> pl.Series:
    read = column.str.to_datetime(form, time_unit="us", strict=False)
    return read.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if form.endswith(_OFFSETS) else read


def _fits(column: pl.Series, form: str) -> bool:
    try:
        return _parsed(column, form).null_count() == 0
    except pl.exceptions.PolarsError:
        return False


def _misfit(table: Table, column: pl.Series, form: str) -> str:
    """Say which value is no time, by the format that reads most."""
    best = form or max(formats(), key=lambda each: len(column) - _nulls(column.head(_TRIED), each))
    read = _nulls(column, best)
    row = int(_parsed(column, best).is_null().arg_true()[0]) if read < len(column) else 0
    rest = f"{len(column) - read} of {len(column)} values fit {best}" if read < len(column) else "no value fits a format that is known"
    return (
        f"Column {column.name!r} of {table.path}: {column[row]!r} in {table.where(row)} is no time; {rest}. Correct it, pass --time-format (as "
        "strptime takes it, for example '%d.%m.%Y %H:%M'), or name another column with --time."
    )


def _nulls(column: pl.Series, form: str) -> int:
    try:
        return _parsed(column, form).null_count()
    except pl.exceptions.PolarsError:
        return len(column)
