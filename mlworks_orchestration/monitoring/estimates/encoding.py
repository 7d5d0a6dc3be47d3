"""Features as numbers for a model of the loss, and how far a window lies outside of what that model has seen."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift import JointProfile, Separation, tell_apart
from mlworks_orchestration.numerals import readable

Floats = NDArray[np.float64]

_CATEGORICAL = (pl.String, pl.Boolean, pl.Categorical, pl.Enum)
_MOST_CATEGORIES = 250
MOST_OUTSIDE = 0.05
"""Share of a window's values (or words) that may lie outside of what labelled rows had, before an estimate is doubted."""

MOST_AUC = 0.8
"""How well a classifier may tell the window's rows from the labelled ones, before an estimate is doubted; more only if it tells parts of these apart
as well."""

_SAMPLE = 2048


@dataclass(frozen=True, eq=False)
class Encoding:
    """How features become numbers, learnt from labelled rows.

    Parameters:
        categories: by column of categories, those that have a code, the most frequent first.
        ranges: by column of numbers, the lowest and the highest.
        profile: of all columns together.
        most_auc: how well a classifier may tell rows of a window from them.
        seed: of the samples of rows.
    """

    categories: dict[str, list[str]]
    ranges: dict[str, tuple[float, float]]
    profile: JointProfile
    most_auc: float
    seed: int

    @classmethod
    def of(cls, features: pl.DataFrame, seed: int, part: NDArray[np.int64] | None = None) -> "Encoding":
        """Learn an encoding.

        Rows of a week share its weather, so that a classifier may tell any week from the others: a window is unlike the labelled rows only if it is
        told better than the best told part of these.

        Parameters:
            features: numbers, times, texts and booleans; null is missing.
            seed: of the sample of rows.
            part: in which part each row lies, shape (rows,), see `parted`; without it parts are taken to be alike.

        Raises:
            DataError: if a column is of another type.
        """
        profile = JointProfile.of(features, np.random.default_rng(seed), most=_SAMPLE)
        categories = {
            name: features[name].cast(pl.String).drop_nulls().value_counts(sort=True)[name].head(_MOST_CATEGORIES).to_list()
            for name in profile.categories
        }
        ranges = {name: _range(_number(features[name])) for name in profile.numbers}
        told = () if part is None else _told_apart(features, part, seed)
        return cls(categories, ranges, profile, max([MOST_AUC, *told]), seed)

    def matrix(self, features: pl.DataFrame) -> Floats:
        """Return rows as numbers, categories as codes from 0, missing and unseen as NaN, shape (rows, columns).

        Parameters:
            features: with all columns; others are left out.

        Raises:
            DataError: if a column is missing.
        """
        for name in (*self.categories, *self.ranges):
            if name not in features.columns:
                message = f"The window has no column {name!r}, which the estimate of performance needs; {nearest(name, features.columns)}."
                raise DataError(message)
        codes = [
            features[name].cast(pl.String).replace_strict(known, list(range(len(known))), default=None, return_dtype=pl.Float64)
            if known
            else pl.Series(name, [None] * features.height, dtype=pl.Float64)
            for name, known in self.categories.items()
        ]
        numbers = [_number(features[name]) for name in self.ranges]
        return np.column_stack([np.asarray(column.to_numpy(), dtype=np.float64) for column in (*codes, *numbers)])

    def doubts(self, features: pl.DataFrame) -> list[str]:
        """Return why a window is unlike the labelled rows, in sentences.

        Parameters:
            features: of the window, with all columns.
        """
        doubts = []
        for name, (low, high) in self.ranges.items():
            outside = _share((_number(features[name]) < low) | (_number(features[name]) > high))
            if outside > MOST_OUTSIDE:
                doubts.append(f"{outside:.0%} of {name} lie outside {readable(low, 6)} to {readable(high, 6)}, the range of the labelled rows.")
        for name, known in self.categories.items():
            texts = features[name].cast(pl.String)
            unseen = _share(texts.is_not_null() & ~texts.is_in(known))
            if unseen > MOST_OUTSIDE:
                doubts.append(f"{unseen:.0%} of {name} are categories that are new or rare in the labelled rows.")
        window = JointProfile.of(features.select(self.profile.columns), np.random.default_rng(self.seed + 1), most=_SAMPLE)
        found = tell_apart(self.profile, window)
        if isinstance(found, Separation) and found.auc > self.most_auc:
            auc = f"ROC AUC {found.auc:.3f}, more than {self.most_auc:.3f}"
            doubts.append(f"A classifier tells the window's rows from the labelled ones ({auc}).")
        return doubts


def _told_apart(features: pl.DataFrame, part: NDArray[np.int64], seed: int) -> Iterator[float]:
    """Yield how well a classifier tells each part's rows from all others."""
    for number in range(int(part.max()) + 1):
        sides = [features.filter(pl.Series(rows)) for rows in (part != number, part == number)]
        rest, own = (JointProfile.of(side, np.random.default_rng(seed + place), most=_SAMPLE) for place, side in enumerate(sides))
        found = tell_apart(rest, own)
        if isinstance(found, Separation):
            yield found.auc


def _number(values: pl.Series) -> pl.Series:
    if values.dtype.is_temporal():
        return values.cast(pl.Datetime("us")).dt.epoch("us") / 1e6
    return values.cast(pl.Float64).fill_nan(None)


def _range(values: pl.Series) -> tuple[float, float]:
    present = values.drop_nulls().to_numpy()
    return float(present.min(initial=np.inf)), float(present.max(initial=-np.inf))


def _share(flags: pl.Series) -> float:
    return float(np.mean(flags.fill_null(value=False).to_numpy())) if len(flags) else 0.0
