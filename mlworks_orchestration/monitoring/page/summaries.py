"""The table of columns by themselves: what each side's values are, in numbers."""

from collections.abc import Iterator, Sequence

from mlworks_orchestration.monitoring.drift import ColumnAnalysis, Summary, summary_of
from mlworks_orchestration.monitoring.drift.comparison.words import moment
from mlworks_orchestration.monitoring.drift.statistics.record import OF_CELLS
from mlworks_orchestration.monitoring.page.content import Details
from mlworks_orchestration.numerals import readable

_QUANTILES = (0.05, 0.5, 0.95)
_HEAD = ("Column", "Side", "Rows", "Missing", "Distinct", "Mean", "Std. dev.", "Minimum", "5 %", "Median", "95 %", "Maximum", "Most frequent")
_TOP = 3
_OFTEN = 0.01
_ALONE = (*OF_CELLS, "text")
_NOTE = (
    "Mean and standard deviation are of the finite values. A number after a tilde is the middle of a bin. There are at least so many distinct "
    "values. Frequent are those that a hundredth of the rows have."
)


def summary_table(columns: Sequence[ColumnAnalysis]) -> Details | None:
    """Return a row a side of each column that is profiled; None if there is none.

    Parameters:
        columns: in the order of the page.
    """
    rows = tuple(row for column in columns for row in _sides(column))
    return Details("Columns in numbers", _HEAD, rows, _NOTE) if rows else None


def _sides(column: ColumnAnalysis) -> Iterator[tuple[str, ...]]:
    for side, profile in (("reference", column.reference), ("current", column.current)):
        if profile is not None and profile.type in _ALONE:
            yield column.name, side, *_cells(summary_of(profile))


def _cells(found: Summary) -> Iterator[str]:
    yield from (f"{found.rows:,}", f"{found.missing:,}", f"{int(found.distinct.value):,}" if found.distinct else "")
    told = (found.mean, found.std, found.minimum, *(found.quantiles.get(share) for share in _QUANTILES), found.maximum)
    for one, is_length in zip(told, (False, True, False, False, False, False, False), strict=True):
        yield "" if one is None else _about(one.bound) + _value(one.value, found.type, is_length=is_length)
    often = [one for one in found.top[:_TOP] if one.rows >= _OFTEN * found.rows]
    yield ", ".join(f"{_about(one.within)}{_named(one.value, found.type)} ({one.rows:,})" for one in often)


def _about(bound: float) -> str:
    return "~" if bound else ""


def _named(value: str | float, kind: str) -> str:
    return value if isinstance(value, str) else _value(value, kind, is_length=False)


def _value(value: float, kind: str, *, is_length: bool) -> str:
    """Return a number, or the moment or the length of time that it is in a column of times."""
    if kind != "datetime":
        return readable(value)
    if is_length:
        return f"{readable(value / 86_400, 3)} d"
    return moment(value)
