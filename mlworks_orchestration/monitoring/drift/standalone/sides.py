"""One side of a stand-alone comparison: what is read of a file or a dataframe."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

import polars as pl

from mlworks_orchestration.errors import DataError, nearest
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.profiles.relations import RelationProfile
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan, Scanned
from mlworks_orchestration.monitoring.drift.scanning.scan import carried_out
from mlworks_orchestration.monitoring.drift.scanning.source import Source, check_distinct
from mlworks_orchestration.monitoring.drift.scanning.sources import open_source
from mlworks_orchestration.spec import DriftKind

if TYPE_CHECKING:
    import pyarrow as pa

Rows = object
"""A path of a Parquet or CSV file or of a Delta table, or a polars, pandas or Arrow dataframe."""

SAMPLE = 10_000
"""Most rows by which relations between features and label are compared."""

_COMPARABLE = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)
_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_RELATABLE = (*_TEXTS, pl.Boolean)


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


@dataclass(frozen=True, eq=False)
class Side:
    """All that is kept of one side.

    Parameters:
        words: what it was read from.
        rows: how many there are.
        profile: of all columns that can be compared.
        blocks: profiles of consecutive runs of rows of each column, in order.
        refused: why a column cannot be compared, in words.
        types: of the profile of each column, by name.
    """

    words: str
    rows: int
    profile: Profile
    blocks: Mapping[ColumnKey, Sequence[ColumnProfile]]
    refused: Mapping[ColumnKey, str]
    types: Mapping[str, str]


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


@dataclass(frozen=True, eq=False)
class PlannedSide:
    """One side as it will be read.

    Parameters:
        opened: what to read.
        roles: which columns order the rows and hold label and prediction.
        refused: why a column cannot be compared, in words.
        plan: of the pass over the others.
        residual: what is told of label and prediction together, and what that is called; None where there is none.
        taken: names that nothing else may be called.
    """

    opened: Opened
    roles: Roles
    refused: Mapping[ColumnKey, str]
    plan: Plan
    residual: tuple[ColumnKey, pl.Expr] | None
    taken: Collection[str]

    @classmethod
    def of(cls, opened: Opened, roles: Roles, taken: Collection[str], *, blocks: int = 0, exact: bool = False) -> Self:
        """Plan how to read one side.

        Parameters:
            opened: what to read.
            roles: which columns order the rows and hold label and prediction.
            taken: the names of all columns of both sides: what is made of columns is called otherwise, and the same on both sides.
            blocks: into how many runs of rows to cut it besides, in the order of `by`.
            exact: keep each distinct number apart.

        Raises:
            DataError: if rows cannot be put in that order.
        """
        refused = {
            roles.key(name): f"a column of type {dtype} cannot be compared; allowed are numbers, texts, booleans, dates and times"
            for name, dtype in opened.schema.items()
            if not (dtype.is_numeric() or dtype == pl.Null() or isinstance(dtype, _COMPARABLE))
        }
        keys = {name: roles.key(name) for name in opened.schema if roles.key(name) not in refused and name != roles.by}
        sample = SAMPLE if roles.label in keys else 0
        plan = Plan.of(opened.source, keys, by=roles.by if blocks else None, blocks=blocks, sample=sample, exact=exact)
        if roles.label not in keys or roles.prediction not in keys:
            return cls(opened, roles, refused, plan, None, taken)
        key, told = ColumnKey(DriftKind.CONCEPT, _free("residual", taken)), _disagreement(opened.schema, str(roles.label), str(roles.prediction))
        if isinstance(told, str):
            return cls(opened, roles, {**refused, key: told}, plan, None, taken)
        return cls(opened, roles, refused, plan, (key, told.alias(key.column)), taken)

    @property
    def keys(self) -> set[ColumnKey]:
        """What is profiled of it, relations left out."""
        return {*self.plan.keys.values(), *([self.residual[0]] if self.residual else [])}

    def side(self, found: Scanned) -> Side:
        """Return what is kept of it.

        Parameters:
            found: by the pass over its rows.

        Raises:
            DataError: if it turns out to be damaged.
        """
        columns, parts = dict(found.profile.columns), dict(found.blocks)
        if self.residual:
            residual = self._residual(*self.residual)
            columns |= residual.profile.columns
            known = min(map(len, (*parts.values(), *residual.blocks.values())), default=0)  # of a CSV file rows can be fewer than lines
            parts = {key: blocks[:known] for key, blocks in (*parts.items(), *residual.blocks.items())}
        if self.roles.label in self.plan.keys:
            features = [name for name, key in self.plan.keys.items() if key.kind is DriftKind.FEATURE]
            columns |= _relations(found.sample, str(self.roles.label), features, self.taken)
        return Side(self.opened.words, found.rows, Profile(columns), parts, self.refused, found.types)

    def again(self, found: Side, blocks: int) -> Side:
        """Read the same rows once more, to count their blocks in cells that fit all rows.

        Parameters:
            found: what the first pass found.
            blocks: into how many runs of rows to cut them.
        """
        cells = {key.column: column.bins for key, column in found.profile.columns.items() if isinstance(column, NumericProfile)}
        second = replace(self, plan=self.plan.again(cells, blocks))
        return second.side(carried_out(second.plan, found.types))

    def _residual(self, key: ColumnKey, told: pl.Expr) -> Scanned:
        """Read what is told of label and prediction together."""
        batches = self.plan.source.batches([str(self.roles.label), str(self.roles.prediction)])
        frames = [cast("pl.DataFrame", pl.from_arrow(batch)).select(told) for batch in batches]
        rows = pl.concat(frames) if frames else pl.DataFrame(schema={key.column: pl.Float64()})
        plan = Plan.of(open_source(rows), {key.column: key}, blocks=len(self.plan.ends), exact=self.plan.exact)
        return carried_out(replace(plan, cells=self.plan.cells))


def _disagreement(schema: Mapping[str, pl.DataType], label: str, prediction: str) -> pl.Expr | str:
    """Return how far a label is from its prediction, the difference of numbers and booleans, and 1 where texts differ; or why it cannot be told."""
    kinds = schema[label], schema[prediction]
    if all(kind.is_numeric() or kind == pl.Boolean() for kind in kinds):
        return pl.col(label).cast(pl.Float64) - pl.col(prediction).cast(pl.Float64)
    if all(isinstance(kind, _TEXTS) for kind in kinds):
        return (pl.col(label).cast(pl.String) != pl.col(prediction).cast(pl.String)).cast(pl.Float64)
    return f"{label!r} is {kinds[0]} and {prediction!r} is {kinds[1]}, so that there is no telling whether they agree"


def _relations(sample: pl.DataFrame, label: str, features: Sequence[str], taken: Collection[str]) -> dict[ColumnKey, ColumnProfile]:
    """Profile how the label goes with each feature."""
    usable = [name for name in (*features, label) if sample[name].dtype.is_numeric() or isinstance(sample[name].dtype, _RELATABLE)]
    return {
        ColumnKey(DriftKind.CONCEPT, _free(f"{name} ~ {label}", taken)): RelationProfile.of(sample[name], sample[label])
        for name in usable[:-1]
        if label in usable
    }


def _free(name: str, taken: Collection[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)


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
