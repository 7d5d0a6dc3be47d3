"""Two sets of rows compared from scratch: `mlworks drift`, as a function."""

from dataclasses import replace

from mlworks_orchestration.monitoring.drift.comparison.words import change
from mlworks_orchestration.monitoring.drift.past.matching import has_phases
from mlworks_orchestration.monitoring.drift.profiles.columns import ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.scanning.source import UnsettledError
from mlworks_orchestration.monitoring.drift.standalone.analysis import Analysis
from mlworks_orchestration.monitoring.drift.standalone.column import ColumnAnalysis, judged, ranked
from mlworks_orchestration.monitoring.drift.standalone.compared import compare_sides
from mlworks_orchestration.monitoring.drift.standalone.opened import Roles, Rows, check_roles, open_side
from mlworks_orchestration.monitoring.drift.standalone.sides import Side, may_go_together
from mlworks_orchestration.spec import Drift

_OF_SEVERAL = frozenset({"relation", "joint"})
"""Types of profiles of several columns."""


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
    """Compare two sets of rows column by column; all features together, on samples of both sides, are a column `*` that is shown and raises no alarm.

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
            which polars has worked may wait for ever, and this process keeps what memory is freed from then on.

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
        told = compare_sides(*opened, roles, drift, exact=exact, fork=fork)
    except UnsettledError:
        told = compare_sides(opened[0].settled(), opened[1].settled(), roles, drift, exact=exact, fork=fork)
    whole = sum(may_go_together(key, before) for key, (before, _) in told.pairs.items())
    columns = [_described(judged(key.column, key.kind, found), *told.pairs[key], whole) for key, found in told.found.items()]
    return Analysis(
        columns=ranked([*columns, *_one_sided(told.before, told.after)]),
        rows_reference=told.before.rows,
        rows_current=told.after.rows,
        reference=told.before.words,
        current=told.after.words,
        false_alarm_rate=false_alarm_rate,
        min_effect=min_effect,
        in_phase=told.normal is not None and has_phases(told.normal),
        method=told.normal.how if told.normal else f"a side has fewer than {min_rows:,} rows, so that nothing can be learnt of its past",
    )


def _described(judgement: ColumnAnalysis, reference: ColumnProfile, current: ColumnProfile, whole: int) -> ColumnAnalysis:
    leading = judgement.leading.statistic if judgement.leading else ""
    words = change(reference, current, leading) if reference.type == current.type and reference.rows and current.rows else ""
    if isinstance(reference, JointProfile):
        words = f"{len(reference.columns):,} of {whole:,} features" if len(reference.columns) < whole else ""
    return replace(judgement, words=words, reference=reference, current=current)


def _one_sided(reference: Side, current: Side) -> list[ColumnAnalysis]:
    """Say of each column that only one side has, or that cannot be compared, why it is inconclusive."""
    here, there = ({key for key, column in side.profile.columns.items() if column.type not in _OF_SEVERAL} for side in (reference, current))
    reasons = dict.fromkeys(here - there, "the current rows have no such column")
    reasons |= dict.fromkeys(there - here, "the reference has no such column")
    reasons |= {**current.refused, **reference.refused}
    return [ColumnAnalysis(key.column, key.kind, (), None, None, reason) for key, reason in sorted(reasons.items())]
