"""What a stand-alone comparison is given: a file or a dataframe, and what its columns are for."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import polars as pl

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey
from mlworks_orchestration.monitoring.drift.scanning.source import Source, check_distinct
from mlworks_orchestration.monitoring.drift.scanning.sources import open_source
from mlworks_orchestration.spec import DriftKind

if TYPE_CHECKING:
    import pyarrow as pa

Rows = object
"""A path of a Parquet or CSV file or of a Delta table, or a polars, pandas or Arrow dataframe."""


@dataclass(frozen=True, eq=False)
class Roles:
    """What columns are for.

    Parameters:
        by: the column that orders the rows, which is itself not compared; None for the order in which they come.
        label: the column of the label.
        prediction: the column of the prediction.
    """

    by: str | None = None
    label: str | None = None
    prediction: str | None = None

    def key(self, column: str) -> ColumnKey:
        """Return what a column is called in profiles."""
        kinds = {self.label: DriftKind.LABEL, self.prediction: DriftKind.PREDICTION}
        return ColumnKey(kinds.get(column, DriftKind.FEATURE), column)


@dataclass(frozen=True, eq=False)
class Opened:
    """Rows that are there and can be read, and have not been read yet.

    Parameters:
        words: what they are read from.
        source: the same, as a stream.
    """

    words: str
    source: Source

    @cached_property
    def schema(self) -> Mapping[str, pl.DataType]:
        """Of its columns."""
        return pl.Schema(self.source.schema)

    def settled(self) -> Self:
        """Return the same rows with types that all of them fit, where the first ones decided."""
        return replace(self, source=self.source.settled())


def open_side(rows: Rows, name: str) -> Opened:
    """Open a path or a dataframe.

    Parameters:
        rows: either.
        name: of the side, for errors: `reference` or `current`.

    Raises:
        DataError: if it is neither, is not there or cannot be read.
    """
    known = rows if isinstance(rows, (str, Path)) else _frame(rows, name)
    words = f"the {name} frame" if isinstance(known, pl.DataFrame) else str(known)
    if not isinstance(known, pl.DataFrame):
        _check_exists(Path(known))
    return Opened(words, open_source(known))


def check_roles(opened: Opened, roles: Roles) -> None:
    """Refuse roles of columns that are not there, and two roles of one column.

    Parameters:
        opened: the rows.
        roles: of their columns.

    Raises:
        DataError: naming the nearest column, or the two options.
    """
    named = (("by", roles.by), ("label", roles.label), ("prediction", roles.prediction))
    for (option, column), (other, same) in combinations(named, 2):
        if column is not None and column == same:
            message = f"{option!r} and {other!r} both name the column {column!r}; a column has one role, so name another or leave one out."
            raise DataError(message)
    for option, column in named:
        if column is not None and column not in opened.schema:
            message = f"{opened.words} has no column {column!r}, which {option!r} names; {nearest(column, opened.schema)}."
            raise DataError(message)


def _frame(rows: object, name: str) -> pl.DataFrame:
    if isinstance(rows, pl.DataFrame):
        return rows
    if not hasattr(rows, "__arrow_c_stream__"):
        message = f"The {name} rows are a {type(rows).__name__}; allowed are a path, or a polars, pandas or Arrow dataframe."
        raise DataError(message)
    check_distinct(f"The {name} frame", list(map(str, getattr(rows, "column_names", getattr(rows, "columns", ())))))
    try:
        return pl.DataFrame(cast("pa.Table", rows))
    except Exception as error:
        # pandas and Arrow raise errors of their own, of many classes, for example where a column mixes types.
        message = f"The {name} rows cannot be read as a table: {error}. Give each column values of one type."
        raise DataError(message) from error


def _check_exists(path: Path) -> None:
    if path.exists():
        return
    beside = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    close = get_close_matches(path.name, beside, n=1)
    hint = f"did you mean {str(path.parent / close[0])!r}?" if close else "check the path."
    message = f"There is no file {str(path)!r}; {hint}"
    raise DataError(message)
