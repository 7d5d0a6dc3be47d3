"""Two sets of rows compared from scratch: `mlworks drift`, as a function."""

from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from typing import cast

import numpy as np
import polars as pl

from mlworks_orchestration.monitoring.drift.comparison.compare import Reference, compare, measure
from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift
from mlworks_orchestration.monitoring.drift.comparison.words import change
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.normal import Normal, calibrate_normal
from mlworks_orchestration.monitoring.drift.past.thresholds import Calibrated
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.monitoring.drift.scanning.plan import Plan, Scanned
from mlworks_orchestration.monitoring.drift.scanning.scan import carried_out
from mlworks_orchestration.monitoring.drift.scanning.source import UnsettledError
from mlworks_orchestration.monitoring.drift.standalone.analysis import Analysis, ColumnAnalysis, judged, ranked
from mlworks_orchestration.monitoring.drift.standalone.sides import Opened, PlannedSide, Roles, Rows, Side, check_roles, open_side
from mlworks_orchestration.monitoring.drift.standalone.together import can_fork, together
from mlworks_orchestration.spec import Drift

LEAST_BLOCKS = 40
MOST_BLOCKS = 200
"""A block is as long as the current rows, so that it knows of all that changes faster, but there must be enough and not too many of them."""

BLOCKS_OF_WINDOW = 3
"""Blocks that a window has at least where the reference has a season, so that it is hardly off the blocks of its phase wherever it begins."""

LEAST_TO_FORK = 100_000
"""Rows on either side; with less, copying the process gains nothing."""

_SEED = 20130101


def analyze(  # noqa: PLR0913 - the options of a comparison, each with a default
    reference: Rows,
    current: Rows,
    *,
    by: str | None = None,
    label: str | None = None,
    prediction: str | None = None,
    exact: bool = False,
    false_alarm_rate: float = 0.01,
    min_effect: float = 0.1,
    min_rows: int = 100,
    fork: bool = False,
) -> Analysis:
    """Compare two sets of rows column by column.

    Parameters:
        reference: the rows to compare with: a path of a Parquet or CSV file or of a Delta table, or a polars, pandas or Arrow dataframe.
        current: the rows to judge, likewise.
        by: the column that orders the rows, which is not compared itself; without it they are in the order in which they come.
        label: the column of the label.
        prediction: the column of the prediction; if both are numbers, their difference is compared as concept drift.
        exact: tell all values apart instead of counting them in bins.
        false_alarm_rate: how often a comparison of rows in which nothing changed may find drift, above 0 and below 1.
        min_effect: smallest effect that matters, in standard deviations of a normal that shifts.
        min_rows: fewest rows on either side; with less, a column is inconclusive.
        fork: read with a copy of this process, where `can_fork` and both sides are large Parquet files. For commands: the copy of a process in
            which polars has worked may wait for ever.

    Raises:
        DataError: if rows cannot be read, or have no column of a name that is given, or two options name the same.

    Examples:
        >>> import polars as pl
        >>> before = pl.DataFrame({"distance": [row * 37 % 100 for row in range(1000)], "origin": ["EWR", "JFK"] * 500})
        >>> after = before.with_columns(pl.col("distance") + 40)
        >>> found = analyze(before, after)
        >>> found.verdict
        '1 of 2 columns drifted: distance.'
        >>> found.to_dict()["columns"]["origin"]["drifted"]
        False
    """
    roles = Roles(by, label, prediction)
    drift = Drift(significance=false_alarm_rate, min_effect=min_effect, min_rows=min_rows)
    opened = open_side(reference, "reference"), open_side(current, "current")
    check_roles(opened[0], roles)
    try:
        told = _of_opened(*opened, roles, drift, exact=exact, fork=fork)
    except UnsettledError:
        told = _of_opened(opened[0].settled(), opened[1].settled(), roles, drift, exact=exact, fork=fork)
    columns = [_described(judged(key.column, key.kind, found), *told.pairs[key]) for key, found in told.found.items()]
    return Analysis(
        columns=ranked([*columns, *_one_sided(told.before, told.after)]),
        rows_reference=told.before.rows,
        rows_current=told.after.rows,
        reference=told.before.words,
        current=told.after.words,
        false_alarm_rate=false_alarm_rate,
        min_effect=min_effect,
        method=told.normal.how if told.normal else f"a side has fewer than {min_rows:,} rows, so that nothing can be learnt of its past",
    )


@dataclass(frozen=True, eq=False)
class _Compared:
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


def _of_opened(reference: Opened, current: Opened, roles: Roles, drift: Drift, *, exact: bool, fork: bool) -> _Compared:  # noqa: PLR0913
    """Plan how to read both sides, and compare them."""
    blocks = min(max(reference.source.rows // max(current.source.rows, drift.min_rows), LEAST_BLOCKS), MOST_BLOCKS)
    taken = {*reference.schema, *current.schema}
    planned = PlannedSide.of(reference, roles, taken, blocks=blocks, exact=exact), PlannedSide.of(current, roles, taken, exact=exact)
    return _compared(*planned, drift, fork=fork)


def _compared(reference: PlannedSide, current: PlannedSide, drift: Drift, *, fork: bool) -> _Compared:
    """Read both sides and compare them; what can be told before all is read is told in the time in which a copy of the process reads on."""
    measured: dict[ColumnKey, list[ColumnDrift]] = {}
    with closing(_read(reference, current, fork=fork)) as stretches:
        before = reference.side(next(stretches))
        expected, rows = {key: column for key, column in before.profile.columns.items() if key in current.keys}, current.plan.source.rows
        known, parts = _known(before, expected, rows, drift), list[Scanned]()
        if known.seasonal:
            # The first block, by whose values cells were cut, is a part of the season: it cannot tell apart what the others are.
            before = reference.again(before, _finer(len(reference.plan.ends), rows / before.rows))
            expected = {key: column for key, column in before.profile.columns.items() if key in current.keys}
            known = _known(before, expected, rows, drift)
        for part in stretches:
            parts.append(part)
            if not known.seasonal:
                alike = {key: column for key, column in part.profile.columns.items() if key in expected and column.type == expected[key].type}
                measured |= measure(known, Profile(alike), drift)
    after = current.side(current.plan.joined(parts))
    both = [key for key in before.profile.columns if key in after.profile.columns]
    pairs = {key: _of_one_type(before.profile.columns[key], after.profile.columns[key]) for key in both}
    compared = {key: pair[0] for key, pair in pairs.items()}
    if after.rows != rows or any(compared.get(key) is not column for key, column in expected.items()):
        known, measured = _known(before, compared, after.rows, drift), {}
    found: dict[ColumnKey, list[ColumnDrift]] = {key: [] for key in pairs}
    windows = Profile({key: pair[1] for key, pair in pairs.items()})
    for one in compare(replace(known, profile=Profile(compared)), windows, drift, measured=measured):
        found[ColumnKey(one.kind, one.column)].append(one)
    return _Compared(before, after, pairs, found, known.normal)


def _read(reference: PlannedSide, current: PlannedSide, *, fork: bool) -> Generator[Scanned]:
    """Yield the reference, then the current rows in parts of some columns; two processes read where that gains time, though not what is exact and
    would be too much to send.
    """
    plans = reference.plan, current.plan
    if not (fork and all(map(_is_large, plans)) and can_fork()):
        whole = carried_out(reference.plan)
        yield whole
        yield carried_out(current.plan, whole.types)
        return
    tasks = [(plan, names) for plan in plans for names in plan.together]
    with together(lambda task: task[0].read(task[1]), tasks) as results:
        whole = reference.plan.joined(list(islice(results, len(reference.plan.together))))
        yield whole
        for part in results:
            yield _as_in(whole.types, part, current.plan)


def _is_large(plan: Plan) -> bool:
    return plan.source.stored and plan.source.divisible and plan.source.rows >= LEAST_TO_FORK and not plan.exact


def _as_in(types: Mapping[str, str], found: Scanned, plan: Plan) -> Scanned:
    """Return what was read of a column, which is read again if its texts were taken for free text on one side only."""
    told = any({kind, types.get(name)} == {TextProfile.type, CategoricalProfile.type} for name, kind in found.types.items())
    return plan.read(list(found.types), types=types) if told else found


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


def _described(judgement: ColumnAnalysis, reference: ColumnProfile, current: ColumnProfile) -> ColumnAnalysis:
    words = change(reference, current) if reference.type == current.type and reference.rows and current.rows else ""
    return replace(judgement, words=words, reference=reference, current=current)


def _one_sided(reference: Side, current: Side) -> list[ColumnAnalysis]:
    """Say of each column that only one side has, or that cannot be compared, why it is inconclusive."""
    here, there = ({key for key, column in side.profile.columns.items() if column.type != "relation"} for side in (reference, current))
    reasons = dict.fromkeys(here - there, "the current rows have no such column")
    reasons |= dict.fromkeys(there - here, "the reference has no such column")
    reasons |= {**current.refused, **reference.refused}
    return [ColumnAnalysis(key.column, key.kind, (), None, None, reason) for key, reason in sorted(reasons.items())]


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
    return replace(type(cast("NumericProfile", like)).of(np.array([])), missing=rows)
