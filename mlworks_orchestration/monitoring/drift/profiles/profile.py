"""The profile of a set of rows: one mergeable sketch a column, so that a window is a merge of its partitions and never reads data again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.columns import PROFILES, CategoricalProfile, ColumnProfile, DatetimeProfile, NumericProfile
from mlworks_orchestration.spec import DriftKind

_CATEGORICAL = (pl.String, pl.Boolean, pl.Categorical, pl.Enum)


class ColumnKey(NamedTuple):
    """What a profiled column is called: two columns of different kinds may share a name."""

    kind: DriftKind
    column: str


@dataclass(frozen=True, eq=False)
class Profile:
    """Column profiles by kind and name.

    Merging is associative and commutative: counts exactly, moments up to rounding.

    Parameters:
        columns: the profile of each column.
    """

    columns: Mapping[ColumnKey, ColumnProfile]

    @classmethod
    def of(cls, frame: pl.DataFrame, columns: Mapping[str, ColumnKey]) -> "Profile":
        """Profile the rows of a frame; their order does not matter.

        Parameters:
            frame: numbers (integers count as float64), texts, booleans, dates or times; null and NaN are missing.
            columns: which columns to profile, and what each is called in the profile.

        Raises:
            DataError: if a column is not there, or is of a type that cannot be profiled.

        Examples:
            >>> wind = ColumnKey(DriftKind.FEATURE, "wind_speed")
            >>> profile = Profile.of(pl.DataFrame({"wind_speed": [3.0, 8.0, None]}), {"wind_speed": wind})
            >>> profile.columns[wind].missing
            1
        """
        return cls({key: _profile_column(frame, name, key) for name, key in columns.items()})

    @classmethod
    def merged(cls, parts: "Sequence[Profile]", names: Sequence[str] = ()) -> "Profile":
        """Return the profile of all rows together; a column that some parts lack is that of the others.

        Parameters:
            parts: any number.
            names: what each part is called, for errors.

        Raises:
            DataError: if a column is of one type in one part and of another in another, or what is stored of one turns out to be damaged.
        """
        try:
            return cls({key: merge_column(key, of_parts) for key, of_parts in _by_column(parts)})
        except DataError:
            for name, part in zip(names, parts, strict=False):
                _check(part, name)
            raise


def _check(part: Profile, name: str) -> None:
    """Refuse a part that is damaged by itself, as most damage to bins shows when they are added up."""
    try:
        Profile.merged([part])
    except DataError as error:
        message = f"{name}, {error}"
        raise DataError(message) from error


def _by_column(parts: Sequence[Profile]) -> Iterator[tuple[ColumnKey, Sequence[ColumnProfile]]]:
    """Yield each column's profiles in all parts that have it."""
    keys = list(parts[0].columns) if parts else []
    if all(list(part.columns) == keys for part in parts):  # to look up each key of each part takes longer
        return zip(keys, zip(*(part.columns.values() for part in parts), strict=True), strict=True)
    columns: dict[ColumnKey, list[ColumnProfile]] = {}
    for part in parts:
        for key, column in part.columns.items():
            columns.setdefault(key, []).append(column)
    return iter(columns.items())


def merge_column(key: ColumnKey, parts: Sequence[ColumnProfile]) -> ColumnProfile:
    """Merge the profiles of one column.

    Parameters:
        key: what the column is called, for the error.
        parts: one or more.

    Raises:
        DataError: if it is of one type in one part and of another in another, or what is stored of it is damaged.
    """
    types = sorted({part.type for part in parts})
    if len(types) > 1:
        message = (
            f"The {key.kind} column {key.column!r} is {types[0]} in some partitions and {types[1]} in others, so their profiles cannot be merged; "
            "materialise the profiles again after the column's type was settled."
        )
        raise DataError(message)
    try:
        return PROFILES[types[0]].merged(parts)
    except DataError as error:
        message = f"{key.kind} {key.column}: {error}"
        raise DataError(message) from error


def _profile_column(frame: pl.DataFrame, name: str, key: ColumnKey) -> ColumnProfile:
    if name not in frame.columns:
        message = f"The {key.kind} column {key.column!r} cannot be profiled: the rows have no column {name!r}; {nearest(name, frame.columns)}."
        raise DataError(message)
    values = frame[name]
    if values.dtype.is_numeric():
        return NumericProfile.of(_floats(values))
    if isinstance(values.dtype, (pl.Datetime, pl.Date)):
        return DatetimeProfile.of(_floats(values.dt.epoch("us")) / 1e6)
    if isinstance(values.dtype, _CATEGORICAL):
        return CategoricalProfile.of(values)
    message = (
        f"The {key.kind} column {key.column!r} is a {values.dtype}, which cannot be profiled; "
        "allowed: numbers, texts, booleans, dates and times. Derive one of these from it."
    )
    raise DataError(message)


def _floats(values: pl.Series) -> Floats:
    # Not cast to float beforehand where numpy does it, and nulls to NaN, at a tenth of the price.
    numbers = values.cast(pl.Float64) if values.dtype.is_decimal() else values
    return np.asarray(numbers.to_numpy(), dtype=np.float64)
