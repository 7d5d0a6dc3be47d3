"""What each column of a file is: its type, whether it can be a feature, and in words why it is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.onboarding.reading import Table, check_not_mixed, extremes
from mlworks_orchestration.onboarding.request import Request, near
from mlworks_orchestration.onboarding.words import is_varied, words
from mlworks_orchestration.spec import ColumnType

MOST_FEATURES = 300
_OWN = ("label", "known_at", "prediction", "model_version", "role", "scored_at")
_LONGEST_NAME = 200
_SAMPLE = 10_000
_SAME = 0.99999


@dataclass(frozen=True)
class Kept:
    """A column that is declared.

    Parameters:
        name: as it is declared.
        given: as the file calls it.
        type: the declared one.
        values: its values, typed, in the file's order.
    """

    name: str
    given: str
    type: ColumnType
    values: pl.Series

    @property
    def description(self) -> str:
        """What its values are, as far as the data tell it."""
        present = self.values.drop_nulls()
        missing = f", {self.values.null_count() / len(self.values):.0%} missing" if self.values.null_count() else ""
        if self.type is ColumnType.TEXT:
            return f"Texts of {words(present)} words at the median{missing}"
        if self.type is ColumnType.STRING:
            common = ", ".join(str(value) for value in present.value_counts(sort=True)[self.values.name].head(3).to_list())
            return f"{present.n_unique()} values, most often {common}{missing}"
        if self.type is ColumnType.BOOLEAN:
            return f"True in {present.cast(pl.Float64()).to_numpy().mean():.0%} of rows{missing}"
        low, high = extremes(present)
        return f"From {readable(low, 6)} to {readable(high, 6)}, median {readable(float(present.sort()[len(present) // 2]), 6)}{missing}"


def column_type(dtype: pl.DataType) -> ColumnType | None:
    """Return the declared type for a polars type; none for one that no feature can have."""
    if dtype.is_integer():
        return ColumnType.INTEGER
    if dtype.is_numeric():
        return ColumnType.FLOAT
    if dtype == pl.Boolean():
        return ColumnType.BOOLEAN
    return ColumnType.STRING if dtype == pl.String() or isinstance(dtype, pl.Categorical | pl.Enum) else None


def declared_name(given: str, others: Iterable[str]) -> str:
    """Return the name under which a column is declared: its own unless the framework needs that, or it has none.

    Examples:
        >>> declared_name("price", []), declared_name("_id", []), declared_name("label", []), declared_name("", ["price"])
        ('price', 'id', 'label_given', 'unnamed')
    """
    plain = "".join(character if character.isprintable() else " " for character in given).strip().lstrip("_")[:_LONGEST_NAME] or "unnamed"
    wanted = f"{plain}_given" if plain in _OWN else plain
    taken = set(others)
    return wanted if wanted not in taken else next(name for number in range(2, len(taken) + 3) if (name := f"{wanted}_{number}") not in taken)


def features(
    table: Table, request: Request, apart: Sequence[str], label: pl.Series | None, read: Sequence[str] = ()
) -> tuple[list[Kept], dict[str, str]]:
    """Sort the columns into features, and others with the reason why they are none.

    Parameters:
        table: the data.
        request: may choose columns.
        apart: the columns that are label, time or row id.
        label: its values; a column that tells them is no feature.
        read: the columns that are read as words.

    Raises:
        DataError: if a named column is not there, there are too many, or a column mixes numbers and text.
    """
    given = [name for name in table.rows.columns if name not in apart and name not in request.drop]
    wanted = list(request.features) or given
    if len(wanted) > MOST_FEATURES:
        message = (
            f"{table.path} has {table.rows.width:,} columns, and at most {MOST_FEATURES} can become features: each is checked, profiled and watched. "
            "Choose those that matter with --feature COLUMN, once for each, or leave columns out with --drop COLUMN."
        )
        raise DataError(message)
    kept: list[Kept] = []
    left_out = dict.fromkeys(request.drop, "as asked")
    for name in wanted:
        if name in read:
            kept.append(Kept(declared_name(name, [item.name for item in kept]), name, ColumnType.TEXT, table.rows[name]))
            continue
        check_not_mixed(table, name)
        reason = _unfit(table.rows[name], label, chosen=name in request.features)
        if reason:
            left_out[name] = reason
        else:
            kept.append(keep(table.rows[name], [item.name for item in kept]))
    return kept, left_out


def keep(values: pl.Series, others: Iterable[str]) -> Kept:
    """Return a column as it is to be declared."""
    kind = column_type(values.dtype)
    if kind is None:
        message = f"Column {values.name!r} is a {values.dtype}, which can be no key; give a number or a text."
        raise DataError(message)
    return Kept(declared_name(values.name, others), values.name, kind, values.cast(pl.String()) if kind is ColumnType.STRING else values)


def check_named(table: Table, request: Request) -> None:
    """Raise a DataError for an option that names a column that is not there."""
    for option, names in (("--feature", request.features), ("--drop", request.drop), ("--entity", request.entity)):
        for name in names:
            if name not in table.rows.columns:
                message = f"{table.path} has no column {name!r} for {option}; {near(name, table.rows.columns)}."
                raise DataError(message)


def _unfit(values: pl.Series, label: pl.Series | None, *, chosen: bool) -> str:
    """Say why a column is no feature; nothing if it can be one. One that was chosen by name is not second-guessed where it can work."""
    present = values.drop_nulls()
    if present.is_empty():
        return "never has a value"
    if column_type(values.dtype) is None:
        return f"a {values.dtype}: derive a number or a category from it"
    return "" if chosen else _useless(values, present, label)


def _useless(values: pl.Series, present: pl.Series, label: pl.Series | None) -> str:
    if present.n_unique() == 1 and not values.null_count():
        return f"always {present[0]!r}"
    if values.dtype == pl.Int64() and not values.null_count() and values.equals(pl.Series(range(len(values))) + int(values[0])):
        return "numbers the rows"
    if values.dtype == pl.String() and is_varied(present):
        return f"{present.n_unique():,} different texts: an identifier, or free text"
    told = label is not None and _tells(values, label)
    return "tells the label itself, or nearly so; if it is known before, choose it with --feature" if told else ""


def _tells(values: pl.Series, label: pl.Series) -> bool:
    """Return whether a column is the label, or a straight line of it."""
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean()):
        return False
    both = pl.DataFrame({"value": values.cast(pl.Float64()), "label": label.cast(pl.Float64())}).drop_nulls().head(_SAMPLE)
    correlation = both.select(pl.corr("value", "label")).item() if both.height > 2 else None  # noqa: PLR2004 - any two points are on a line
    return correlation is not None and abs(correlation) > _SAME


def dates(table: Table, times: pl.Series, request: Request) -> dict[str, str]:
    """Return why numbers that only repeat the time are no features: what a model learns of the first days of a month it cannot use on the others.

    Parameters:
        table: the data.
        times: event times, in the order of its rows.
        request: may choose such a column all the same.
    """
    local = times.dt.convert_time_zone(request.timezone)
    parts = {"year": local.dt.year(), "day of the month": local.dt.day(), "day of the year": local.dt.ordinal_day()}
    numbers = [column for column in table.rows if column.dtype.is_numeric() and column.name not in request.features]
    return {
        column.name: f"is the {what} of the time, so new ones keep coming; if it matters, choose it with --feature"
        for column in numbers
        for what, part in parts.items()
        if column.cast(pl.Float64()).equals(part.cast(pl.Float64()))
    }


def calendar(times: pl.Series, timezone: str, every: str, *, alone: bool) -> dict[str, str]:
    """Return features that the time itself gives, by name, as the method of polars that takes them from local time.

    Parameters:
        times: event times.
        timezone: of local time.
        every: how the table is cut.
        alone: whether there is no other feature.
    """
    local = times.dt.convert_time_zone(timezone)
    found = {}
    if local.dt.hour().n_unique() > 1:
        found["hour"] = "hour"
    if every in {"hour", "day"} and local.dt.weekday().n_unique() > 1:
        found["weekday"] = "weekday"
    if alone and local.dt.month().n_unique() > 1:
        found["month"] = "month"
    return found
