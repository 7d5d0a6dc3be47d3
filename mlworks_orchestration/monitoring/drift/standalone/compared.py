"""Both sides of a stand-alone comparison, from what was opened to what each statistic says of each column."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from math import ceil
from typing import Self, cast

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift.comparison.compare import Reference, compare, measure
from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.normal import Normal, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.scanning.plan import Scanned
from mlworks_orchestration.monitoring.drift.standalone.memory import release_read
from mlworks_orchestration.monitoring.drift.standalone.opened import Opened, Roles
from mlworks_orchestration.monitoring.drift.standalone.reading import read_sides
from mlworks_orchestration.monitoring.drift.standalone.sides import PlannedSide, Side
from mlworks_orchestration.monitoring.drift.statistics.effects import from_overlap
from mlworks_orchestration.spec import Drift
from mlworks_orchestration.threads import one_blas_thread

LEAST_BLOCKS = 40
MOST_BLOCKS = 200
"""A block is as long as the current rows, so that it knows of all that changes faster, but there must be enough and not too many of them."""

BLOCKS_OF_WINDOW = 3
"""Blocks that a window has at least where the reference has a season, so that it is hardly off the blocks of its phase wherever it begins."""

_SEED = 20130101


@dataclass(frozen=True, eq=False)
class Compared:
    """Both sides, compared.

    Parameters:
        before: the reference.
        after: the current rows.
        pairs: of each column that both have, the profiles of both.
        found: what each statistic says of these columns.
        normal: what was learnt from the reference; None where there was too little.
    """

    before: Side
    after: Side
    pairs: Mapping[ColumnKey, tuple[ColumnProfile, ColumnProfile]]
    found: Mapping[ColumnKey, list[ColumnDrift]]
    normal: Normal | None


def compare_sides(  # noqa: PLR0913 - both sides, and how to compare them
    reference: Opened, current: Opened, roles: Roles, drift: Drift, *, exact: bool, fork: bool
) -> Compared:
    """Plan how to read both sides, and compare them.

    Parameters:
        reference: the rows to compare with.
        current: the rows to judge.
        roles: of their columns.
        drift: the declaration.
        exact: tell all values apart instead of counting them in bins.
        fork: read with a copy of this process, where that can be and pays.

    Raises:
        DataError: if rows cannot be read or put in order.
        UnsettledError: if later rows do not fit the types that the first ones have.
    """
    blocks = min(max(reference.source.rows // max(current.source.rows, drift.min_rows), LEAST_BLOCKS), MOST_BLOCKS)
    taken = {*reference.schema, *current.schema}
    planned = (
        PlannedSide.of(reference, roles, taken, min_rows=drift.min_rows, blocks=blocks, exact=exact),
        PlannedSide.of(current, roles, taken, min_rows=drift.min_rows, exact=exact),
    )
    return _compared(*planned, drift, fork=fork)


def _compared(reference: PlannedSide, current: PlannedSide, drift: Drift, *, fork: bool) -> Compared:
    """Read both sides and compare them; what can be told before all is read is told in the time in which a copy of the process reads on."""
    with ExitStack() as ending:
        ending.enter_context(one_blas_thread())  # before the copy is made: to set it anew in either process would start threads that spin
        stretches = read_sides(reference, current, ending, fork=fork)
        learnt = _Learnt.of(reference, reference.side(next(stretches)), current, drift)
        parts, measured = list[Scanned](), dict[ColumnKey, list[ColumnDrift]]()
        for part in stretches:
            parts.append(part)
            measured |= learnt.measure(part, drift)
        release_read()
        return _told(learnt, current.side(current.plan.joined(parts)), measured, drift)


@dataclass(frozen=True, eq=False)
class _Learnt:
    """What is known before the current rows are.

    Parameters:
        before: the reference.
        expected: those of its columns that the current rows have too.
        rows: how many current rows there are to be.
        known: what they are compared with.
    """

    before: Side
    expected: Mapping[ColumnKey, ColumnProfile]
    rows: int
    known: Reference

    @classmethod
    def of(cls, reference: PlannedSide, before: Side, current: PlannedSide, drift: Drift) -> Self:
        """Learn from a reference that was read once.

        The first block, by whose values cells were cut, may not be able to tell apart what the others are, as it holds little of what they do, or
        is a part of a season; then what it is about is read again.
        """
        learnt, rows = cls._of(before, current, drift), current.plan.source.rows
        if not learnt.known.seasonal and (hidden := _hidden(learnt.known, drift)):
            learnt = cls._of(reference.recounted(before, hidden), current, drift)
        if learnt.known.seasonal:
            learnt = cls._of(reference.again(before, _finer(len(reference.plan.ends), rows / before.rows)), current, drift)
        return learnt

    @classmethod
    def _of(cls, before: Side, current: PlannedSide, drift: Drift) -> Self:
        expected = {key: column for key, column in before.profile.columns.items() if key in current.keys}
        rows = current.plan.source.rows
        return cls(before, expected, rows, _known(before, expected, rows, drift))

    def measure(self, part: Scanned, drift: Drift) -> dict[ColumnKey, list[ColumnDrift]]:
        """Return what can be told of some of the current columns as soon as these are read: of a season nothing, for which all must be known."""
        if self.known.seasonal:
            return {}
        alike = {key: one for key, one in part.profile.columns.items() if key in self.expected and one.type == self.expected[key].type}
        return measure(self.known, Profile(alike), drift)


def _told(learnt: _Learnt, after: Side, measured: Mapping[ColumnKey, Sequence[ColumnDrift]], drift: Drift) -> Compared:
    """Judge all columns, by what was measured already where that still holds."""
    before, known = learnt.before, learnt.known
    both = [key for key in before.profile.columns if key in after.profile.columns]
    pairs = {key: _of_one_type(before.profile.columns[key], after.profile.columns[key]) for key in both}
    compared = {key: pair[0] for key, pair in pairs.items()}
    if after.rows != learnt.rows or any(compared.get(key) is not column for key, column in learnt.expected.items()):
        known, measured = _known(before, compared, after.rows, drift), {}
    found: dict[ColumnKey, list[ColumnDrift]] = {key: [] for key in pairs}
    windows = Profile({key: pair[1] for key, pair in pairs.items()})
    for one in compare(replace(known, profile=Profile(compared)), windows, drift, measured=measured):
        found[ColumnKey(one.kind, one.column)].append(one)
    return Compared(before, after, pairs, found, known.normal)


def _hidden(known: Reference, drift: Drift) -> list[ColumnKey]:
    """Return the columns of numbers of which cells hide as much as the least effect; times are none, for they go on."""
    columns = {key: column for key, column in known.blocks.columns.items() if column.type == NumericProfile.type} if known.blocks else {}
    effects = from_overlap(np.array([column.hidden(known.profile.columns[key]) for key, column in columns.items()]))
    return [key for key, effect in zip(columns, effects, strict=True) if effect >= drift.min_effect]


def _finer(blocks: int, share: float) -> int:
    """Return how many blocks to cut a seasonal reference in, for windows that are so large a share of it; at most three for each one that it had."""
    return blocks * min(BLOCKS_OF_WINDOW, ceil(BLOCKS_OF_WINDOW / max(blocks * share, 1.0)))


def _known(side: Side, columns: Mapping[ColumnKey, ColumnProfile], rows: int, drift: Drift) -> Reference:
    """Learn from blocks of the reference how far windows of so many rows differ from it when nothing is wrong."""
    profile = Profile(columns)
    if min(rows, side.rows) < drift.min_rows:
        return Reference(profile)
    blocks = Blocks.of_columns(profile, side.blocks)
    generator = np.random.default_rng(_SEED)
    window_blocks = rows * max(map(len, side.blocks.values()), default=0) / side.rows
    rule = Calibrated.each(drift.significance)
    normal = calibrate_normal(blocks, rule, drift, window_blocks=window_blocks, window_rows=rows, generator=generator)
    return Reference(profile, blocks, normal)


def _of_one_type(reference: ColumnProfile, current: ColumnProfile) -> tuple[ColumnProfile, ColumnProfile]:
    """Give a side that has no value at all, and so no type either, the type of the other."""
    if reference.type == current.type or (reference.present and current.present):
        return reference, current
    if reference.present:
        return reference, _without_values(reference, current.rows)
    return _without_values(current, reference.rows), current


def _without_values(like: ColumnProfile, rows: int) -> ColumnProfile:
    if isinstance(like, CategoricalProfile):
        return replace(CategoricalProfile.of(pl.Series([], dtype=pl.String)), missing=rows)
    if isinstance(like, TextProfile):
        return replace(TextProfile.of(pl.Series([], dtype=pl.String), np.random.default_rng(_SEED)), missing=rows)
    return replace(type(cast("NumericProfile", like)).of(np.array([])), missing=rows)
