"""What turns the Arrow arrays of one column into its profile: one reader a type of column."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import polars as pl

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.profiles.bins import Bins
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.scanning.arrow import floats_of, numbers_of, present_of, runs
from mlworks_orchestration.monitoring.drift.scanning.counter import NumericCounter
from mlworks_orchestration.monitoring.drift.scanning.tally import Tally

_TEXT_TOKENS = 3
_TEXT_DISTINCT = 0.5
_TEXT_SEEN = 4096


class Reader(Protocol):
    """Reads one column, a stretch at a time."""

    def add(self, array: Any, ends: Sequence[int] = ()) -> None:  # noqa: ANN401 - pyarrow has no types
        """Read a stretch.

        Parameters:
            array: a pyarrow.Array.
            ends: how many of its rows come before the end of each block that ends there, ascending.
        """
        ...

    def blocks(self) -> Sequence[ColumnProfile]:
        """Return the profile of each block that has ended."""
        ...

    def profile(self) -> ColumnProfile:
        """Return the profile of all rows so far."""
        ...


class NumberReader(NumericCounter):
    """Reads numbers, dates and times."""

    def add(self, array: Any, ends: Sequence[int] = ()) -> None:  # type: ignore[override] # noqa: ANN401
        """Read a stretch."""
        values = floats_of(array)
        if not array.null_count:
            super().add(values, ends=ends)
            return
        present, begin = present_of(array), 0
        for start, end, ended in runs(ends, len(array)):
            there = int(np.count_nonzero(present[start:end]))
            super().add(values[begin : begin + there], end - start - there, [there] if ended else [])
            begin += there


class CategoryReader(Tally):
    """Reads texts that repeat, and booleans."""

    def add(self, array: Any, ends: Sequence[int] = ()) -> None:  # noqa: ANN401
        """Read a stretch."""
        import pyarrow as pa  # noqa: PLC0415 - only who reads pays for it

        texts = array.cast(pa.string()) if pa.types.is_boolean(array.type) else array
        super().add(texts if pa.types.is_dictionary(texts.type) else texts.dictionary_encode(), ends)


class TextReader:
    """Reads free text.

    Parameters:
        generator: draws what a profile of texts samples.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._parts: list[TextProfile] = []
        self._blocks: list[TextProfile] = []

    def add(self, array: Any, ends: Sequence[int] = ()) -> None:  # noqa: ANN401
        """Read a stretch."""
        for start, end, ended in runs(ends, len(array)):
            self._parts.append(TextProfile.of(pl.Series(array.slice(start, end - start)).cast(pl.String), self._generator))
            if ended:
                self._blocks.append(TextProfile.merged(self._parts))
                self._parts = []
        if len(self._parts) >= 16:  # noqa: PLR2004 - so that memory stays flat
            self._parts = [TextProfile.merged(self._parts)]

    def blocks(self) -> list[TextProfile]:
        """Return the profile of each block that has ended."""
        return self._blocks

    def profile(self) -> TextProfile:
        """Return the profile of all rows so far."""
        nothing = [] if self._blocks or self._parts else [TextProfile.of(pl.Series([], dtype=pl.String), self._generator)]
        return TextProfile.merged([*self._blocks, *self._parts, *nothing])


def reader_of(  # noqa: PLR0913 - each is a choice of its own
    name: str,
    first: Any,  # noqa: ANN401 - pyarrow has no types
    generator: np.random.Generator,
    *,
    exact: bool,
    known: str | None = None,
    cells: Bins | None = None,
) -> Reader:
    """Return the reader that fits a column.

    Texts are free text if, in the first rows, most are distinct and have three words or more on average; else categories.

    Parameters:
        name: of the column, for the error.
        first: its first stretch, a pyarrow.Array.
        generator: draws what a profile of texts samples.
        exact: keep each distinct number apart.
        known: the type of profile that its texts have elsewhere; None where they decide.
        cells: as `NumericCounter` takes them.

    Raises:
        DataError: if the column's type cannot be profiled.
    """
    import pyarrow as pa  # noqa: PLC0415

    kind = first.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return NumberReader(NumericProfile, exact=exact, cells=cells)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return NumberReader(DatetimeProfile, exact=exact, cells=cells)
    if pa.types.is_null(kind):
        return NumberReader(NumericProfile, exact=exact, cells=cells)
    texts = kind.value_type if pa.types.is_dictionary(kind) else kind
    if pa.types.is_string(texts) or pa.types.is_large_string(texts) or pa.types.is_string_view(texts):
        free = known == TextProfile.type if known in {TextProfile.type, CategoricalProfile.type} else _is_free_text(first)
        return TextReader(generator) if free else CategoryReader()
    if pa.types.is_boolean(kind):
        return CategoryReader()
    message = (
        f"The column {name!r} is a {kind}, which cannot be profiled; allowed: numbers, texts, booleans, dates and times. Derive one of these from it."
    )
    raise DataError(message)


def _is_free_text(first: Any) -> bool:  # noqa: ANN401
    head = first.slice(0, _TEXT_SEEN)
    if hasattr(head, "indices"):
        codes = numbers_of(head.indices)[present_of(head.indices)]
        rows, distinct = len(codes), np.unique(codes)
        seen = [head.dictionary[code].as_py() for code in distinct.tolist()] if len(distinct) >= _TEXT_DISTINCT * rows else []
    else:
        texts = [text for text in head.to_pylist() if text is not None]
        rows, seen = len(texts), list(set(texts))
    if not rows or len(seen) < _TEXT_DISTINCT * rows:
        return False
    words = pl.Series("", seen, dtype=pl.String).str.count_matches(r"\S+").mean()
    return isinstance(words, float) and words >= _TEXT_TOKENS
