"""The verdict on one column of a stand-alone comparison."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, cast

from mlworks_orchestration.monitoring.drift.comparison.cells import categorical_cells, numeric_cells
from mlworks_orchestration.monitoring.drift.comparison.distribution import Distribution, distribution
from mlworks_orchestration.monitoring.drift.comparison.summary import summary_of
from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.joint import JointProfile
from mlworks_orchestration.monitoring.drift.profiles.text import TextProfile
from mlworks_orchestration.spec import DriftKind


@dataclass(frozen=True)
class ColumnAnalysis:
    """The verdict on one column.

    Parameters:
        name: of the column.
        kind: of drift.
        statistics: what each statistic says.
        leading: the statistic by which the verdict was reached, that with the largest effect for its threshold; None where none could tell.
        drifted: None where it could not be told.
        reason: in words.
        words: what changed from reference to current, in words; of all features together, how many of them were taken if not all were.
        reference: the column's profile in the reference; None where it has none.
        current: its profile in the current rows.
    """

    name: str
    kind: DriftKind
    statistics: tuple[ColumnDrift, ...]
    leading: ColumnDrift | None
    drifted: bool | None
    reason: str
    words: str = ""
    reference: ColumnProfile | None = None
    current: ColumnProfile | None = None

    @property
    def shown_only(self) -> bool:
        """Whether no statistic that could raise an alarm is told of it, as of relations with the label."""
        return bool(self.statistics) and not any(one.decides for one in self.statistics)

    @property
    def together(self) -> bool:
        """Whether it is not a column, but all features together."""
        return self.type == JointProfile.type

    @property
    def title(self) -> str:
        """What people call it."""
        return "all features together" if self.together else self.name

    @property
    def type(self) -> str | None:
        """The type of both profiles; None where the sides differ, or one lacks the column."""
        if self.reference is None or self.current is None or self.reference.type != self.current.type:
            return None
        return self.reference.type

    @property
    def summary(self) -> dict[str, dict[str, Any] | None]:
        """Both sides by themselves, as JSON can hold it; None of a side that lacks the column."""
        sides = (("reference", self.reference), ("current", self.current))
        return {side: None if profile is None else summary_of(profile).to_dict() for side, profile in sides}

    @property
    def distribution(self) -> Distribution | None:
        """What to draw of both sides, of texts their lengths in tokens; None where that is nothing."""
        if self.type == CategoricalProfile.type:
            return distribution(categorical_cells(cast("CategoricalProfile", self.reference), [cast("CategoricalProfile", self.current)]))
        if isinstance(self.reference, TextProfile) and isinstance(self.current, TextProfile):
            lengths = distribution(numeric_cells(self.reference.lengths, [self.current.lengths]))
            return replace(lengths, measured="length in tokens")
        if isinstance(self.reference, NumericProfile) and isinstance(self.current, NumericProfile) and self.type:
            return distribution(numeric_cells(self.reference, [self.current]))
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        leading = self.leading
        return {
            "kind": self.kind.value,
            "type": self.type,
            "drifted": self.drifted,
            "statistic": leading.statistic if leading else None,
            "p_value": _number(leading.p_adjusted) if leading else None,
            "effect": _number(leading.effect) if leading else None,
            "threshold": _number(leading.threshold) if leading else None,
            "threshold_source": leading.threshold_source if leading else None,
            "reason": self.reason,
            "change": self.words,
            "statistics": {one.statistic: _statistic(one) for one in self.statistics},
            "summary": self.summary,
        }


def judged(name: str, kind: DriftKind, found: Sequence[ColumnDrift]) -> ColumnAnalysis:
    """Sum up what the statistics say of a column.

    It has drifted if any statistic that decides says so. If none does and one that decides cannot tell, the verdict is inconclusive.

    Parameters:
        name: of the column.
        kind: of drift.
        found: one a statistic.
    """
    votes = [one for one in found if one.decides]
    told = [one for one in votes if one.drifted is not None]
    drifted = any(one.drifted for one in told) or (False if votes and len(told) == len(votes) else None)
    alike = [one for one in told if one.drifted == drifted]
    leading = max(alike, key=lambda one: (one.effect or 0.0) / one.threshold, default=None)
    told_of = any(one.effect is not None for one in found)
    shown = "only shown: how it varies when nothing is wrong is not known" if told_of or not found else found[0].reason
    untold = next((one.reason for one in votes if one.drifted is None), shown)
    return ColumnAnalysis(name, kind, tuple(found), leading, drifted, f"{leading.statistic}: {leading.reason}" if leading else untold)


def ranked(columns: Sequence[ColumnAnalysis]) -> tuple[ColumnAnalysis, ...]:
    """Return columns in the order in which they are read: what drifted first, then what could not be told, then by effect; what is only shown last.

    Parameters:
        columns: in any order, which decides between equals.
    """
    place = {True: 0, None: 1, False: 2}

    def rank(one: ColumnAnalysis) -> tuple[bool, int, bool, float]:
        told = one.statistics[0] if one.shown_only else one.leading
        return one.shown_only, place[one.drifted], not one.together, -(told.effect or 0.0) if told else 0.0

    return tuple(sorted(columns, key=rank))


def _statistic(one: ColumnDrift) -> dict[str, Any]:
    return {
        "value": _number(one.value),
        "bound": _number(one.bound),
        "p_value": _number(one.p_value),
        "p_adjusted": _number(one.p_adjusted),
        "effect": _number(one.effect),
        "threshold": _number(one.threshold),
        "threshold_source": one.threshold_source,
        "decides": one.decides,
        "drifted": one.drifted,
        "reason": one.reason,
        "rows_reference": one.rows_reference,
        "rows_current": one.rows_current,
    }


def _number(value: float | None) -> float | None:
    """Return a number that JSON knows; it knows no infinity."""
    return value if value is not None and isfinite(value) else None
