"""What a comparison says of a column, and of a whole kind of drift."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from mlworks_orchestration.monitoring.drift.past.thresholds import Source
from mlworks_orchestration.spec import Drift, DriftKind


class ColumnDrift(NamedTuple):
    """What one statistic says of one column, or, with `column` and `statistic` empty, what all say of a whole kind.

    Parameters:
        kind: of drift.
        column: its name.
        statistic: its name.
        value: in the statistic's scale; of a whole kind, the share of its columns that drifted.
        p_value: None where inconclusive, and of a pure distance.
        p_adjusted: corrected for all tests of the same family in this comparison; of a whole kind, the smallest of those that decide.
        effect: in standard deviations of a normal, 0 to 8; of a whole kind, the largest of those that decide.
        threshold: the smallest effect that is an alarm; of a whole kind, `min_effect`.
        drifted: None where inconclusive; of a statistic that does not decide, whether it alone would have raised an alarm.
        reason: in words.
        rows_reference: rows compared.
        rows_current: rows compared.
        bound: the exact value differs from `value` by at most this; None where inconclusive.
        decides: whether it may raise an alarm.
        threshold_source: where the threshold comes from.
        severity: of an alarm.
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
    bound: float | None = None
    decides: bool = True
    threshold_source: Source = "floor"
    severity: Literal["warn", "error"] = "warn"


def summarise(found: Sequence[ColumnDrift], kind: DriftKind, drift: Drift) -> ColumnDrift:
    """Sum up what the deciding statistics say of all columns of a kind: drifted if any has, inconclusive if all are.

    A column of which one of them cannot tell has drifted if another says so, and is inconclusive otherwise.

    Parameters:
        found: what `compare` returned.
        kind: the kind to sum up.
        drift: as `compare` was given.

    Examples:
        >>> summarise([], DriftKind.LABEL, Drift()).reason
        'the reference has no columns of this kind'
    """
    columns = [one for one in found if one.kind is kind and one.decides]
    names = list(dict.fromkeys(one.column for one in columns))
    drifted = list(dict.fromkeys(one.column for one in columns if one.drifted))
    untold = {one.column: one.reason for one in columns if one.drifted is None and one.column not in drifted}
    told = [one for one in columns if one.drifted is not None and one.column not in untold]
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
        severity=drift.severity.get(kind, "warn"),
    )


def _sum_up(names: list[str], drifted: list[str], untold: dict[str, str], *, conclusive: bool) -> str:
    if not names:
        return "the reference has no columns of this kind"
    if not conclusive:
        return "; ".join(dict.fromkeys(untold.values()))
    clear = f"none of {len(names)} columns drifted" if len(names) > 1 else f"{names[0]} has not drifted"
    verdict = f"drifted: {', '.join(drifted)} ({len(drifted)} of {len(names)} columns)" if drifted else clear
    return "; ".join([verdict, *(f"{name} inconclusive: {reason}" for name, reason in untold.items())])
