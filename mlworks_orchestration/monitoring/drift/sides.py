"""One side of a stand-alone comparison: what is read of a file or a dataframe."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.reading import read_file
from mlworks_orchestration.spec import DriftKind

LEAST_BLOCKS = 40
MOST_BLOCKS = 200
"""A block is as long as the current rows, so that it knows of all that changes faster, but there must be enough and not too many of them."""

Source = object
"""A path of a Parquet or CSV file or of a Delta table, or a polars, pandas or Arrow dataframe."""

_COMPARABLE = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)


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
class Side:
    """All that is kept of one side.

    Parameters:
        words: what it was read from.
        rows: how many there are.
        profile: of all columns that can be compared.
        blocks: profiles of consecutive runs of rows, in order.
        refused: why a column cannot be compared, in words, by name.
    """

    words: str
    rows: int
    profile: Profile
    blocks: Sequence[Profile]
    refused: Mapping[str, str]


def read_side(source: Source, name: str, roles: Roles, *, rows_a_block: int | None = None) -> Side:
    """Read one side.

    Parameters:
        source: a path or a dataframe.
        name: of the side, for errors: `reference` or `current`.
        roles: which columns order the rows and hold label and prediction.
        rows_a_block: the most rows of a block where that makes no more than 200 blocks; None for no blocks.

    Raises:
        DataError: if it cannot be read, or a column that is named is not there.
    """
    frame, words = _frame(source, name)
    if name == "reference":
        _check(roles, frame, words)
    if roles.by in frame.columns:
        frame = frame.sort(roles.by, maintain_order=True).drop(roles.by)
    frame, refused = _comparable(frame)
    frame, residual = _with_residual(frame, roles)
    keys = {column: roles.key(column) for column in frame.columns} | residual
    parts = [] if rows_a_block is None else [Profile.of(part, keys) for part in _blocks(frame, rows_a_block)]
    return Side(words, frame.height, Profile.of(frame, keys), parts, refused)


def _blocks(frame: pl.DataFrame, rows: int) -> list[pl.DataFrame]:
    count = min(max(frame.height // rows, LEAST_BLOCKS), MOST_BLOCKS)
    return [frame[start:end] for start, end in pairwise(frame.height * index // count for index in range(count + 1))]


def _check(roles: Roles, frame: pl.DataFrame, words: str) -> None:
    for option, column in (("by", roles.by), ("label", roles.label), ("prediction", roles.prediction)):
        if column is not None and column not in frame.columns:
            message = f"{words} has no column {column!r}, which {option!r} names; {nearest(column, frame.columns)}."
            raise DataError(message)


def _comparable(frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, str]]:
    refused = {
        name: f"a column of type {dtype} cannot be compared; allowed are numbers, texts, booleans, dates and times"
        for name, dtype in frame.schema.items()
        if not (dtype.is_numeric() or dtype == pl.Null() or isinstance(dtype, _COMPARABLE))
    }
    return frame.drop(refused).with_columns(pl.col(pl.Null()).cast(pl.Float64)), refused


def _with_residual(frame: pl.DataFrame, roles: Roles) -> tuple[pl.DataFrame, dict[str, ColumnKey]]:
    """Add what the prediction is off by, where label and prediction are numbers."""
    label, prediction = roles.label, roles.prediction
    if label is None or prediction is None or not all(name in frame.columns and frame[name].dtype.is_numeric() for name in (label, prediction)):
        return frame, {}
    name = "residual"
    while name in frame.columns:
        name += "_"
    residual = (pl.col(label).cast(pl.Float64) - pl.col(prediction).cast(pl.Float64)).alias(name)
    return frame.with_columns(residual), {name: ColumnKey(DriftKind.CONCEPT, name)}


def _frame(source: Source, name: str) -> tuple[pl.DataFrame, str]:
    if isinstance(source, (str, Path)):
        return read_file(Path(source)), str(source)
    if isinstance(source, pl.DataFrame):
        return source, f"the {name} frame"
    if not hasattr(source, "__arrow_c_stream__"):
        message = f"The {name} rows are a {type(source).__name__}; allowed are a path, or a polars, pandas or Arrow dataframe."
        raise DataError(message)
    try:
        return pl.DataFrame(source), f"the {name} frame"
    except Exception as error:
        # pandas and Arrow raise errors of their own, of many classes, for example where a column mixes types.
        message = f"The {name} rows cannot be read as a table: {error}. Give each column values of one type."
        raise DataError(message) from error
