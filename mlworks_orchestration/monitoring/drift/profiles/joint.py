"""The profile of several columns together: what is needed to see changes that no column shows by itself."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.arrays import from_text, to_text
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.drift.profiles.comoments import CHUNK, CoMoments, add_comoments, comoments_of
from mlworks_orchestration.monitoring.drift.profiles.sampling import MOST_MERGED, MOST_OF_PART, Lowest, draw, merge
from mlworks_orchestration.monitoring.drift.profiles.stored import whole

_CATEGORICAL = (pl.String, pl.Boolean, pl.Categorical, pl.Enum)


@dataclass(frozen=True, eq=False)
class JointProfile:
    """Several columns of the same rows: their means and scatter, and a uniform sample of rows.

    Parameters:
        missing: rows that have no value in any column.
        numbers: names of the columns of numbers and times, sorted.
        categories: names of the columns of categories, sorted.
        moments: of the columns of numbers, over all rows; infinities and numbers beyond 1e140 count as missing there.
        lowest: which rows are in the sample.
        sample: NaN where missing, a category as the CRC-32 of its text, the numbers first, shape (kept, columns).

    Examples:
        >>> frame = pl.DataFrame({"wind": [3.0, 8.0, None], "carrier": ["AA", "UA", "AA"]})
        >>> profile = JointProfile.of(frame, np.random.default_rng(1))
        >>> profile.rows, profile.missing, profile.columns, profile.sample.shape
        (3, 0, ('wind', 'carrier'), (3, 2))
    """

    type: ClassVar[str] = "joint"

    missing: int
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    moments: CoMoments
    lowest: Lowest
    sample: Floats

    @classmethod
    def of(cls, frame: pl.DataFrame, generator: np.random.Generator, *, most: int = MOST_OF_PART) -> Self:
        """Profile all columns of a frame in one pass.

        Parameters:
            frame: numbers, times, texts or booleans; null and NaN are missing.
            generator: draws the sample; no two parts that are to be merged may get it in the same state.
            most: rows that the sample holds at most.

        Raises:
            DataError: if a column is of another type, or there is none.
        """
        kinds = {name: _is_category(name, dtype) for name, dtype in frame.schema.items()}
        numbers = tuple(sorted(name for name, category in kinds.items() if not category))
        categories = tuple(sorted(name for name, category in kinds.items() if category))
        if not kinds:
            message = "A joint profile needs at least one column; name the columns to profile together."
            raise DataError(message)
        starts = range(0, max(frame.height, 1), CHUNK)
        moments = add_comoments([comoments_of(_matrix(frame[start : start + CHUNK], numbers)) for start in starts])
        lowest, positions = draw(frame.height, most, generator)
        rows, order = (frame, positions) if frame.height <= most else (frame[positions], np.arange(len(positions)))
        sample = np.hstack((_matrix(rows, numbers), _codes(rows, categories)))[order]
        return cls(_empty_rows(frame), numbers, categories, moments, lowest, sample)

    @classmethod
    def of_columns(
        cls, numbers: Mapping[str, Floats], categories: Mapping[str, Sequence[str | None]], generator: np.random.Generator, *, most: int = MOST_MERGED
    ) -> Self:
        """Profile columns that are there as they will be stored, of few rows.

        Parameters:
            numbers: of each column its values, NaN where missing, shape (rows,).
            categories: of each column its texts, None where missing.
            generator: as above.
            most: rows that the sample holds at most.

        Examples:
            >>> JointProfile.of_columns({"wind": np.array([3.0, np.nan])}, {"carrier": ["AA", None]}, np.random.default_rng(1)).missing
            1
        """
        names = [sorted(columns) for columns in (numbers, categories)]
        matrix = np.array([*(numbers[name] for name in names[0]), *(_coded(categories[name]) for name in names[1])]).T
        lowest, positions = draw(len(matrix), most, generator)
        moments = comoments_of(matrix[:, : len(numbers)])
        return cls(int(np.isnan(matrix).all(axis=1).sum()), tuple(names[0]), tuple(names[1]), moments, lowest, matrix[positions])

    @classmethod
    def merged(cls, parts: Sequence[Self]) -> Self:
        """Return the profile of all rows together; its sample holds at most 2,048 of them.

        Raises:
            DataError: if the parts have different columns.
        """
        first = parts[0]
        for part in parts[1:]:
            if (part.numbers, part.categories) != (first.numbers, first.categories):
                differing = sorted(set(part.numbers) ^ set(first.numbers) | set(part.categories) ^ set(first.categories))
                message = (
                    f"Joint profiles of different columns cannot be merged: {', '.join(map(repr, differing))} is missing in some partitions, or a "
                    "number in some and a category in others; materialise the profiles again after the features were settled."
                )
                raise DataError(message)
        lowest, kept, order = merge([part.lowest for part in parts], MOST_MERGED)
        sample = np.concatenate([part.sample[positions] for part, positions in zip(parts, kept, strict=True)])[order]
        moments = add_comoments([part.moments for part in parts])
        return cls(sum(part.missing for part in parts), first.numbers, first.categories, moments, lowest, sample)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the sample's columns."""
        return self.numbers + self.categories

    @property
    def rows(self) -> int:
        """All rows."""
        return self.moments.rows

    @property
    def present(self) -> int:
        """Rows that have a value in some column."""
        return self.rows - self.missing

    @cached_property
    def distinct(self) -> int:
        """Distinct rows of the sample."""
        return len(np.unique(self.sample, axis=0)) if len(self.sample) else 0

    def to_document(self) -> dict[str, Any]:
        """Return what is stored: the columns, the rows, the moments (`pairs` is null if no value is missing) and the sample; arrays are packed."""
        complete = self.moments.complete
        return {
            "missing": self.missing,
            "numbers": list(self.numbers),
            "categories": list(self.categories),
            "rows": self.rows,
            "pairs": None if complete else to_text(self.moments.pairs),
            "means": to_text(np.diag(self.moments.means) if complete else self.moments.means),
            "scatter": to_text(self.moments.scatter),
            "threshold": self.lowest.threshold,
            "priorities": to_text(self.lowest.priorities),
            "sample": to_text(self.sample),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` wrote.

        Raises:
            ValueError: if its parts do not fit together.
        """
        numbers, categories = tuple(document["numbers"]), tuple(document["categories"])
        rows, shape = whole(document, "rows"), (len(numbers), len(numbers))
        means, scatter = from_text(document["means"]), from_text(document["scatter"])
        complete = document["pairs"] is None
        moments = CoMoments(
            rows,
            np.full(shape, float(rows)) if complete else from_text(document["pairs"]),
            np.broadcast_to(means[:, None], shape).copy() if complete else means,
            scatter,
        )
        lowest = Lowest(float(document["threshold"]), from_text(document["priorities"]))
        sample = from_text(document["sample"])
        if {array.shape for array in moments[1:]} != {shape} or sample.shape != (len(lowest.priorities), len(numbers) + len(categories)):
            message = f"{len(numbers)} numbers, {len(categories)} categories, a sample of shape {sample.shape} and {scatter.shape} for the scatter"
            raise ValueError(message)
        return cls(whole(document, "missing"), numbers, categories, moments, lowest, sample)


def _is_category(name: str, dtype: pl.DataType) -> bool:
    if isinstance(dtype, _CATEGORICAL):
        return True
    if dtype.is_numeric() or dtype == pl.Null() or isinstance(dtype, (pl.Date, pl.Datetime)):
        return False
    message = (
        f"The column {name!r} is a {dtype}, which cannot be part of a joint profile; allowed: numbers, times, texts and booleans. "
        "Derive one of these from it, or leave it out."
    )
    raise DataError(message)


def _matrix(frame: pl.DataFrame, names: Sequence[str]) -> Floats:
    return np.column_stack([_floats(frame[name]) for name in names]) if names else np.empty((frame.height, 0))


def _floats(values: pl.Series) -> Floats:
    numbers = values.alias("").cast(pl.Datetime("us")).dt.epoch("us") / 1e6 if values.dtype.is_temporal() else values
    return np.asarray(numbers.cast(pl.Float64).to_numpy(), dtype=np.float64)


def _codes(frame: pl.DataFrame, names: Sequence[str]) -> Floats:
    columns = [_coded(frame[name].cast(pl.String).to_list()) for name in names]
    return np.array(columns, dtype=np.float64).reshape(len(names), frame.height).T


def _coded(texts: Sequence[str | None]) -> Sequence[float]:
    codes = {text: np.nan if text is None else float(zlib.crc32(text.encode())) for text in set(texts)}
    return [codes[text] for text in texts]


def _empty_rows(frame: pl.DataFrame) -> int:
    lacking = np.ones(frame.height, dtype=np.bool_)
    for column in frame:
        values = column.alias("")  # polars takes a name such as ^…$ for a pattern
        lacking &= (values.is_null() | values.is_nan() if values.dtype.is_float() else values.is_null()).fill_null(value=True).to_numpy()
        if not lacking.any():
            break
    return int(lacking.sum())
