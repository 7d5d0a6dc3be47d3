"""Shifts that are planted in real rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats

CLASSES = 10
"""A label of so many distinct values or fewer is a class: flipping exchanges the two most frequent ones."""

FLIPS = (0.1, 0.25, 0.5)
"""Shares of labels that are flipped."""


@dataclass(frozen=True, eq=False)
class Column:
    """What a column is like before it is changed.

    Parameters:
        profile: in the reference.
        levels: the distinct numbers that it has, ascending; empty of categories.
    """

    profile: ColumnProfile
    levels: Floats

    @classmethod
    def of(cls, profile: ColumnProfile, values: pl.Series) -> "Column":
        """Look at all values of a column.

        Parameters:
            profile: in the reference.
            values: of all rows.
        """
        numbers = values.drop_nulls().unique().cast(pl.Float64).to_numpy() if profile.type == "numeric" else np.zeros(0)
        return cls(profile, np.sort(numbers[np.isfinite(numbers)]))

    @property
    def mean(self) -> float:
        """Of the reference."""
        return float(cast("NumericProfile", self.profile).moments.mean or 0.0)

    @property
    def sigma(self) -> float:
        """Standard deviation of the reference, negative where the column reaches further down than up from its mean."""
        std = float(cast("NumericProfile", self.profile).moments.std or 0.0)
        return std if self.levels[-1] - self.mean >= self.mean - self.levels[0] else -std

    @property
    def frequent(self) -> list[str]:
        """The two most frequent categories."""
        counts = self.profile.counts if isinstance(self.profile, CategoricalProfile) else {}
        return sorted(counts, key=lambda name: (-counts[name], name))[:2]


@dataclass(frozen=True)
class Injection:
    """A way to change the rows of a partition.

    Parameters:
        name: of the way.
        size: how much of it.
        change: of a column's values.
        fits: whether it can be done to a column at all.
        features_only: whether it makes no sense for labels, predictions and residuals.
    """

    name: str
    size: float
    change: Callable[[pl.Series, Column, Generator], pl.Series]
    fits: Callable[[Column], bool]
    features_only: bool = False


def flip(labels: pl.Series, size: float, generator: Generator) -> pl.Series:
    """Replace a share of labels: numbers by another row's label, classes by the other of the two most frequent ones.

    Parameters:
        labels: of the rows of a partition.
        size: share of rows.
        generator: of random numbers.

    Examples:
        >>> flip(pl.Series("late", [0, 0, 1]), 1.0, np.random.default_rng(0)).to_list()
        [1, 1, 0]
    """
    if labels.n_unique() <= CLASSES:
        two = labels.value_counts(sort=True)[labels.name].to_list()[:2]
        changed = labels.replace(two, two[::-1])
    else:
        changed = labels[generator.integers(0, len(labels), len(labels))]
    return changed.zip_with(_chosen(len(labels), size, generator), labels)


def on_levels(values: Floats, levels: Floats, generator: Generator) -> Floats:
    """Round numbers, up or down at random so that their mean stays, to those that a column has; none is below the lowest or above the highest.

    Otherwise a column of few values, such as whole numbers, would betray the smallest shift by values that it never had.

    Parameters:
        values: any shape (rows,); NaN stays.
        levels: ascending.
        generator: of random numbers.

    Examples:
        >>> on_levels(np.array([0.5, 1.0, 9.0]), np.array([1.0, 2.0]), np.random.default_rng(0)).tolist()
        [1.0, 1.0, 2.0]
    """
    within = np.clip(values, levels[0], levels[-1])
    above = np.minimum(np.searchsorted(levels, within), len(levels) - 1)
    low, high = levels[np.maximum(above - 1, 0)], levels[above]
    share = np.divide(within - low, high - low, out=np.ones_like(within), where=high > low)
    rounded: Floats = np.where(np.isnan(values), np.nan, np.where(generator.random(len(values)) < share, high, low))
    return rounded


def _varies(column: Column) -> bool:
    return len(column.levels) > 1


def _has_two(column: Column) -> bool:
    return len(column.frequent) > 1


def _transformed(name: str, size: float, change: Callable[[Floats, Column], Floats]) -> Injection:
    def changed(values: pl.Series, column: Column, generator: Generator) -> pl.Series:
        return pl.Series(on_levels(change(values.cast(pl.Float64).to_numpy(), column), column.levels, generator))

    return Injection(name, size, changed, _varies)


def _moved(size: float) -> Injection:
    return _transformed("mean", size, lambda values, column: values + size * column.sigma)


def _scaled(size: float) -> Injection:
    return _transformed("scale", size, lambda values, column: column.mean + size * (values - column.mean))


def _emptied(size: float) -> Injection:
    def change(values: pl.Series, column: Column, generator: Generator) -> pl.Series:
        del column
        return pl.Series(values.name, [None], dtype=values.dtype).zip_with(_chosen(len(values), size, generator), values)

    return Injection("missing", size, change, lambda column: column.profile.present > 0, features_only=True)


def _swapped(size: float) -> Injection:
    def change(values: pl.Series, column: Column, generator: Generator) -> pl.Series:
        names = values.cast(pl.String)
        return names.replace(column.frequent, column.frequent[::-1]).zip_with(_chosen(len(values), size, generator), names)

    return Injection("swap", size, change, _has_two)


def _recoded(size: float) -> Injection:
    def change(values: pl.Series, column: Column, generator: Generator) -> pl.Series:
        names = values.cast(pl.String)
        return names.replace(*column.frequent).zip_with(_chosen(len(values), size, generator), names)

    return Injection("recode", size, change, _has_two)


def _chosen(rows: int, share: float, generator: Generator) -> pl.Series:
    """Choose a share of the rows at random, to the nearest whole row."""
    return pl.Series(generator.permutation(rows) < round(share * rows))


INJECTIONS = (
    *(_moved(size) for size in (0.1, 0.2, 0.3, 0.5, 1.0)),
    *(_scaled(size) for size in (1.5, 2.0)),
    *(_emptied(size) for size in (0.05, 0.1, 0.25)),
    *(_swapped(size) for size in (0.1, 0.25, 0.5)),
    *(_recoded(size) for size in (0.1, 0.25, 0.5)),
)
"""What is done to a column: its mean moved by standard deviations of the reference, to the side where its values reach further; its distance from
the mean scaled; a share of its values removed; its two most frequent categories exchanged in a share of rows; the most frequent one replaced by the
second in a share of rows."""
