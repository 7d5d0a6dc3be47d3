"""What a stand-alone comparison found of all columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot, inf
from typing import Any

from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift
from mlworks_orchestration.monitoring.drift.standalone.column import ColumnAnalysis
from mlworks_orchestration.spec import DriftKind


@dataclass(frozen=True)
class Analysis:
    """The comparison of two sets of rows.

    Parameters:
        columns: drifted ones first, then inconclusive ones, then those without drift; within each by effect. Last those that are only shown.
        rows_reference: rows of the reference.
        rows_current: rows compared with them.
        reference: what the reference was read from, in words.
        current: what the current rows were read from, in words.
        false_alarm_rate: how often a comparison of rows in which nothing changed may find drift.
        min_effect: smallest effect that matters.
        method: how thresholds were found, in words.
        in_phase: whether thresholds are for windows beside the part of the reference that is in their phase of a season, not beside all of it.
    """

    columns: tuple[ColumnAnalysis, ...]
    rows_reference: int
    rows_current: int
    reference: str
    current: str
    false_alarm_rate: float
    min_effect: float
    method: str
    in_phase: bool

    @property
    def drifted(self) -> bool | None:
        """Whether any column drifted; None where none has as far as could be told, but of some it could not."""
        return _any(column.drifted for column in self.judged)

    @property
    def judged(self) -> tuple[ColumnAnalysis, ...]:
        """The columns of which a statistic may raise an alarm."""
        return tuple(column for column in self.columns if not column.shown_only)

    @property
    def inconclusive(self) -> tuple[ColumnAnalysis, ...]:
        """Those of which it could not be told."""
        return tuple(column for column in self.judged if column.drifted is None)

    @property
    def explained_together(self) -> float:
        """The effect of all features together that the features by themselves explain, as far as they differ beyond chance and may differ.

        It is the root of the sum of squares of their effects, as if they changed independently of each other, and not less than the largest of their
        thresholds. Infinite where these are for windows in phase: how far from all of the reference such a window is, is not known.
        """
        features = [column.statistics for column in self.judged if column.kind is DriftKind.FEATURE]
        alone = (max((one.effect or 0.0 for one in found if self._is_evident(one)), default=0.0) for found in features)
        normal = (one.threshold for found in features for one in found if one.decides)
        return inf if self.in_phase else max(hypot(*alone), *normal, 0.0)

    @property
    def verdict(self) -> str:
        """The verdict in a sentence or two."""
        count = len(self.judged)
        named = [column.name for column in self.columns if column.drifted]
        unsure = len(self.inconclusive)
        if not count:
            return "There is no column to compare."
        if count == 1 and self.drifted is False:
            return "The only column has not drifted."
        if unsure == count:
            return f"It could not be told of {'the only column' if count == 1 else f'any of the {count:,} columns'}: {self.judged[0].reason}."
        found = f"{len(named):,} of {count:,} columns drifted: {_listed(named)}." if named else f"None of {count - unsure:,} columns drifted."
        return f"{found} Of {unsure:,} it could not be told." if unsure else found

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        drifted = [column for column in self.columns if column.drifted]
        return {
            "columns": {column.name: column.to_dict() for column in self.columns},
            "dataset": {
                "drifted": self.drifted,
                "share": None if self.drifted is None else len(drifted) / len(self.judged),
                "rows_reference": self.rows_reference,
                "rows_current": self.rows_current,
                "columns": len(self.judged),
                "columns_drifted": len(drifted),
                "columns_inconclusive": len(self.inconclusive),
                "kinds": {kind.value: self._of_kind(kind) for kind in DriftKind},
                "verdict": self.verdict,
                "false_alarm_rate": self.false_alarm_rate,
                "min_effect": self.min_effect,
                "method": self.method,
                "reference": self.reference,
                "current": self.current,
            },
        }

    def _is_evident(self, one: ColumnDrift) -> bool:
        return one.p_adjusted is not None and one.p_adjusted <= self.false_alarm_rate

    def _of_kind(self, kind: DriftKind) -> bool | None:
        return _any(column.drifted for column in self.judged if column.kind is kind)


def _any(verdicts: Iterable[bool | None]) -> bool | None:
    """Return whether any is true; None where none is, but some are not known, or there are none."""
    known = list(verdicts)
    return True if True in known else None if None in known or not known else False


def _listed(names: Sequence[str], most: int = 5) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
