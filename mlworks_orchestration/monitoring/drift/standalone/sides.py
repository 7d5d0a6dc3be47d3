"""One side of a stand-alone comparison: what is read of a file or a dataframe."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self
from zlib import crc32

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift.profiles.bins import Bins
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.profiles.numeric import DatetimeProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.scanning.arrow import texts_of, with_missing
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan, Scanned
from mlworks_orchestration.monitoring.drift.scanning.scan import carried_out
from mlworks_orchestration.monitoring.drift.scanning.sources import open_source
from mlworks_orchestration.monitoring.drift.standalone.concept import LABEL, PREDICTION, disagreement, free_name, relations
from mlworks_orchestration.monitoring.drift.standalone.opened import Opened, Roles
from mlworks_orchestration.spec import DriftKind

SAMPLE = 10_000
"""Most rows by which relations between features and label are compared."""

SAMPLE_TOGETHER = 1024
"""Most rows by which all features together are compared."""

TOGETHER = "*"
"""What all features together are called."""

_SINGLE = frozenset({NumericProfile.type, DatetimeProfile.type, CategoricalProfile.type})
"""Types of columns that are compared together; texts are none, for as a whole each is as good as unique."""

_MOST_TOGETHER = 256
"""Columns that are compared together at most; of more, time grows with the square, and the rows of a sample are too few to tell much of them."""

_COMPARABLE = (pl.String, pl.Boolean, pl.Categorical, pl.Enum, pl.Date, pl.Datetime)


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
    def of(  # noqa: PLR0913 - each is a choice of its own
        cls, opened: Opened, roles: Roles, taken: Collection[str], *, min_rows: int, blocks: int = 0, exact: bool = False
    ) -> Self:
        """Plan how to read one side.

        Parameters:
            opened: what to read.
            roles: which columns order the rows and hold label and prediction.
            taken: the names of all columns of both sides: what is made of columns is called otherwise, and the same on both sides.
            min_rows: fewest rows that are compared, so that as many are drawn at least.
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
        sample = max(SAMPLE if roles.label in keys else SAMPLE_TOGETHER, min_rows)
        plan = Plan.of(opened.source, keys, by=roles.by if blocks else None, blocks=blocks, sample=sample, exact=exact)
        if roles.label not in keys or roles.prediction not in keys:
            return cls(opened, roles, refused, plan, None, taken)
        key, told = ColumnKey(DriftKind.CONCEPT, free_name("residual", taken)), disagreement(opened.schema, str(roles.label), str(roles.prediction))
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
            residual = self._residual(*self.residual, self.plan.cells)
            columns |= residual.profile.columns
            known = min(map(len, (*parts.values(), *residual.blocks.values())), default=0)  # of a CSV file rows can be fewer than lines
            parts = {key: blocks[:known] for key, blocks in (*parts.items(), *residual.blocks.items())}
        features = [name for name, key in self.plan.keys.items() if key.kind is DriftKind.FEATURE]
        if self.roles.label in self.plan.keys:
            columns |= relations(found.sample, str(self.roles.label), features, self.taken)
        columns |= self._together(found, features)
        return Side(self.opened.words, found.rows, Profile(columns), parts, self.refused, found.types)

    def _together(self, found: Scanned, features: Sequence[str]) -> dict[ColumnKey, ColumnProfile]:
        """Profile features together, if there are two or more; of too many those with the least hash of their name, mostly the same on both sides."""
        chosen = [name for name in features if found.types[name] in _SINGLE]
        if len(chosen) < 2:  # noqa: PLR2004 - one goes with nothing
            return {}
        chosen = sorted(chosen, key=lambda name: crc32(name.encode()))[:_MOST_TOGETHER]
        categories = {name: texts_of(found.drawn[name]) for name in chosen if found.types[name] == CategoricalProfile.type}
        numbers = {name: with_missing(found.drawn[name]) for name in chosen if name not in categories}
        together = JointProfile.of_columns(numbers, categories, np.random.default_rng(self.plan.seed), most=SAMPLE_TOGETHER)
        return {ColumnKey(DriftKind.FEATURE, free_name(TOGETHER, self.taken)): together}

    def again(self, found: Side, blocks: int) -> Side:
        """Read the same rows once more, to count their blocks in cells that fit all rows.

        Parameters:
            found: what the first pass found.
            blocks: into how many runs of rows to cut them.
        """
        second = replace(self, plan=self.plan.again(_bins(found), blocks))
        return second.side(carried_out(second.plan, found.types))

    def recounted(self, found: Side, keys: Collection[ColumnKey]) -> Side:
        """Read some columns of numbers once more, to count the same blocks in cells that fit all rows.

        Parameters:
            found: what the first pass found.
            keys: of these columns.
        """
        cells, names = _bins(found), {name: key for name, key in self.plan.keys.items() if key in keys}
        blocks = carried_out(replace(self.plan, keys=names, drawn=None, cells=cells), found.types).blocks if names else {}
        if self.residual and self.residual[0] in keys:
            blocks |= self._residual(*self.residual, cells).blocks
        known = {key: counted[: len(found.blocks[key])] for key, counted in blocks.items()}
        return replace(found, blocks={**found.blocks, **known})

    def _residual(self, key: ColumnKey, told: pl.Expr, cells: Mapping[str, Bins]) -> Scanned:
        """Read what is told of label and prediction together."""
        batches = self.plan.source.batches([str(self.roles.label), str(self.roles.prediction)])
        frames = [pl.DataFrame(dict(zip((LABEL, PREDICTION), batch.columns, strict=True))).select(told) for batch in batches]
        rows = pl.concat(frames) if frames else pl.DataFrame(schema={key.column: pl.Float64()})
        plan = Plan.of(open_source(rows), {key.column: key}, blocks=len(self.plan.ends), exact=self.plan.exact)
        return carried_out(replace(plan, cells=cells))


def may_go_together(key: ColumnKey, column: ColumnProfile) -> bool:
    """Return whether a column is one of those that are compared together.

    Parameters:
        key: of the column.
        column: its profile.
    """
    return key.kind is DriftKind.FEATURE and column.type in _SINGLE


def _bins(found: Side) -> dict[str, Bins]:
    return {key.column: column.bins for key, column in found.profile.columns.items() if isinstance(column, NumericProfile)}
