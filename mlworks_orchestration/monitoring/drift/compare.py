"""Reference against current window, column by column: drifted only where there is evidence and effect, and *inconclusive* where it cannot be told."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mlworks_orchestration.monitoring.drift.bins import EXACT, Bins, centers, coarsen
from mlworks_orchestration.monitoring.drift.cells import Cells
from mlworks_orchestration.monitoring.drift.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.correction import benjamini_hochberg
from mlworks_orchestration.monitoring.drift.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.statistics import STATISTICS, Statistic
from mlworks_orchestration.monitoring.drift.words import change
from mlworks_orchestration.spec import Drift, DriftKind

UNKNOWN = {
    DriftKind.LABEL: "labels not known yet",
    DriftKind.CONCEPT: "labels not known yet, so there are no residuals",
}
"""Why the current window can lack a column without anything being wrong."""


class ColumnDrift(NamedTuple):
    """What one statistic says of one column, or, with `column` and `statistic` empty, what all say of a whole kind.

    Parameters:
        kind: of drift.
        column: its name.
        statistic: its name.
        value: in the statistic's scale; of a whole kind, the share of its columns that drifted.
        p_value: None where inconclusive.
        p_adjusted: corrected for all tests of the same kind in this comparison; of a whole kind, the smallest.
        effect: 0 to 1; of a whole kind, the largest.
        threshold: the smallest effect that counts.
        drifted: None where inconclusive.
        reason: in words.
        rows_reference: rows compared.
        rows_current: rows compared.
    """

    kind: DriftKind
    column: str
    statistic: str
    value: float | None
    p_value: float | None
    p_adjusted: float | None
    effect: float | None
    threshold: float
    drifted: bool | None
    reason: str
    rows_reference: int
    rows_current: int


def compare(reference: Profile, current: Profile, drift: Drift, statistics: Sequence[Statistic] = STATISTICS) -> list[ColumnDrift]:
    """Compare each column of the reference with the current window by each statistic that takes its type.

    A column has drifted if its p-value, corrected by Benjamini and Hochberg (1995) for the tests of its kind, is at most `significance`, and
    its effect at least `min_effect`. The p-value takes rows to be independent; where many share one reading it is too small, and `min_effect` alone
    keeps noise from counting. With fewer than `min_rows` rows on a side, or without the column on one, the result is inconclusive.

    Parameters:
        reference: profile of the reference.
        current: profile of the current window.
        drift: significance, least effect and least number of rows.
        statistics: those to use.

    Returns:
        one a column and statistic, in the reference's order.

    Examples:
        >>> import polars as pl
        >>> wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
        >>> calm, storm = (Profile.of(pl.DataFrame({"wind": range(low, low + 200)}), wind) for low in (0, 100))
        >>> [(found.statistic, found.drifted) for found in compare(calm, storm, Drift())]
        [('ks', True), ('psi', True)]
        >>> compare(calm, Profile({}), Drift())[0].reason
        'the current window has no column wind'
    """
    found = [
        _measure(key, column, current.columns.get(key), statistic, drift)
        for key, column in reference.columns.items()
        for statistic in statistics
        if column.type in statistic.types
    ]
    for kind in DriftKind:
        tested = [(index, one.p_value) for index, one in enumerate(found) if one.kind is kind and one.p_value is not None]
        adjusted = benjamini_hochberg([p_value for _, p_value in tested])
        for (index, _), p_adjusted in zip(tested, adjusted, strict=True):
            found[index] = _judge(found[index], p_adjusted, drift, reference, current)
    return found


def summarise(found: Sequence[ColumnDrift], kind: DriftKind, drift: Drift) -> ColumnDrift:
    """Sum up all columns of a kind: drifted if any has, inconclusive if all are.

    Parameters:
        found: what `compare` returned.
        kind: the kind to sum up.
        drift: as `compare` was given.

    Examples:
        >>> summarise([], DriftKind.LABEL, Drift()).reason
        'the reference has no columns of this kind'
    """
    columns = [one for one in found if one.kind is kind]
    names = list(dict.fromkeys(one.column for one in columns))
    drifted = list(dict.fromkeys(one.column for one in columns if one.drifted))
    told = [one for one in columns if one.drifted is not None]
    untold = {one.column: one.reason for one in columns if one.drifted is None}
    return ColumnDrift(
        kind=kind,
        column="",
        statistic="",
        value=len(drifted) / len(names) if told else None,
        p_value=min((one.p_value for one in told if one.p_value is not None), default=None),
        p_adjusted=min((one.p_adjusted for one in told if one.p_adjusted is not None), default=None),
        effect=max((one.effect for one in told if one.effect is not None), default=None),
        threshold=drift.min_effect,
        drifted=bool(drifted) if told else None,
        reason=_sum_up(names, drifted, untold, conclusive=bool(told)),
        rows_reference=max((one.rows_reference for one in columns), default=0),
        rows_current=max((one.rows_current for one in columns), default=0),
    )


def _sum_up(names: list[str], drifted: list[str], untold: dict[str, str], *, conclusive: bool) -> str:
    if not names:
        return "the reference has no columns of this kind"
    if not conclusive:
        return "; ".join(dict.fromkeys(untold.values()))
    verdict = f"drifted: {', '.join(drifted)} ({len(drifted)} of {len(names)} columns)" if drifted else f"none of {len(names)} columns drifted"
    doubts = [f"{name} inconclusive: {reason}" for name, reason in untold.items() if name not in drifted]
    return "; ".join([verdict, *doubts])


def _measure(key: ColumnKey, reference: ColumnProfile, current: ColumnProfile | None, statistic: Statistic, drift: Drift) -> ColumnDrift:
    rows = statistic.rows(reference), 0 if current is None else statistic.rows(current)
    blank = ColumnDrift(key.kind, key.column, statistic.name, None, None, None, None, drift.min_effect, None, "", *rows)
    if current is None:
        return blank._replace(reason=UNKNOWN.get(key.kind, f"the current window has no column {key.column}"))
    if current.type != reference.type:
        return blank._replace(reason=f"{key.column} is {reference.type} in the reference, but {current.type} in the current window")
    if min(rows) < drift.min_rows:
        side = "reference" if rows[0] < drift.min_rows else "current window"
        counted = "rows" if statistic.counts_missing else "rows with a value"
        return blank._replace(reason=f"the {side} has {min(rows)} {counted}, fewer than min_rows {drift.min_rows}")
    found = statistic.measure(_side_by_side(reference, current))
    if not np.isfinite(found.effect[0]):
        return blank._replace(reason=found.reason)
    p_value = None if found.p_value is None else float(found.p_value[0])
    return blank._replace(value=float(found.value[0]), p_value=p_value, effect=float(found.effect[0]))


def _side_by_side(reference: ColumnProfile, current: ColumnProfile) -> Cells:
    missing, rows = (float(reference.missing), np.array([current.missing], dtype=np.float64)), (reference, current)
    if isinstance(reference, NumericProfile) and isinstance(current, NumericProfile):
        precision = min(reference.bins.precision, current.bins.precision)
        before, after = coarsen(reference.bins, precision), coarsen(current.bins, precision)
        keys = np.union1d(before.keys, after.keys)
        table = np.zeros((2, len(keys)))
        for row, side in zip(table, (before, after), strict=True):
            row[np.searchsorted(keys, side.keys)] = side.counts
        values = centers(Bins(precision, keys, np.ones(len(keys), dtype=np.int64)))
        return Cells(table[0], table[1:], *missing, values, None, np.full(len(keys), precision < EXACT))
    counts = [side.counts if isinstance(side, CategoricalProfile) else {} for side in rows]
    names = tuple(sorted(counts[0].keys() | counts[1].keys()))
    table = np.array([[side.get(name, 0) for name in names] for side in counts], dtype=np.float64)
    return Cells(table[0], table[1:], *missing, None, names, np.zeros(len(names), dtype=np.bool_))


def _judge(found: ColumnDrift, p_adjusted: float, drift: Drift, reference: Profile, current: Profile) -> ColumnDrift:
    evidence, effect = p_adjusted <= drift.significance, (found.effect or 0.0) >= drift.min_effect
    reason = (
        f"corrected p-value {p_adjusted:.2g} {'≤' if evidence else '>'} {drift.significance:g}, "
        f"effect {found.effect:.3f} {'≥' if effect else '<'} {drift.min_effect:g}"
    )
    if evidence and effect:
        key = ColumnKey(found.kind, found.column)
        reason += f": {change(reference.columns[key], current.columns[key])}"
    return found._replace(p_adjusted=p_adjusted, drifted=evidence and effect, reason=reason)
