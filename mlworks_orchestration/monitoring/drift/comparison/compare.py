"""Reference against current window: drifted where there is evidence and more effect than is normal, *inconclusive* where it cannot be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import cast

from mlworks_orchestration.errors import DataError
from mlworks_orchestration.monitoring.drift.comparison.cells import Cells, categorical_cells, numeric_cells
from mlworks_orchestration.monitoring.drift.comparison.correction import benjamini_hochberg
from mlworks_orchestration.monitoring.drift.comparison.judge import judge, threshold
from mlworks_orchestration.monitoring.drift.comparison.kept import POOLED
from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift, summarise
from mlworks_orchestration.monitoring.drift.past.blocks import Blocks
from mlworks_orchestration.monitoring.drift.past.matching import Match, has_phases, match
from mlworks_orchestration.monitoring.drift.past.normal import Normal
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile, NumericProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.monitoring.drift.statistics import Pair, Statistic, registered
from mlworks_orchestration.monitoring.drift.statistics.record import OF_CELLS, Measures, deciding
from mlworks_orchestration.spec import Drift, DriftKind
from mlworks_orchestration.threads import one_blas_thread

__all__ = ["UNKNOWN", "ColumnDrift", "Reference", "compare", "measure", "summarise"]

UNKNOWN = {
    DriftKind.LABEL: "labels not known yet",
    DriftKind.CONCEPT: "labels not known yet, so there are no residuals",
}
"""Why the current window can lack a column without anything being wrong."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What windows are compared with.

    Parameters:
        profile: of all its rows.
        blocks: the same rows in consecutive blocks; None where they are not known.
        normal: what was learnt from the blocks; None where nothing was.
    """

    profile: Profile
    blocks: Blocks | None = None
    normal: Normal | None = None

    @property
    def seasonal(self) -> bool:
        """Whether windows are compared with a part of it, which depends on all their columns."""
        return self.normal is not None and has_phases(self.normal)


@one_blas_thread()
def compare(  # noqa: PLR0913 - what is known of either side, each with a default
    reference: Reference | Profile,
    current: Profile,
    drift: Drift,
    statistics: Sequence[Statistic] | None = None,
    *,
    start: datetime | float | None = None,
    measured: Mapping[ColumnKey, Sequence[ColumnDrift]] | None = None,
) -> list[ColumnDrift]:
    """Compare each column of the reference with the current window by each statistic that takes its type.

    A column has drifted if its p-value, corrected by Benjamini and Hochberg (1995), is at most `significance`, and its effect is at least
    `min_effect` and at least the threshold that was calibrated on the reference's own past, or declared. The statistics that decide are corrected
    together, each kind of drift by itself; of the others, each is corrected for the number of columns. The p-value takes rows to be independent;
    that they are not is what the calibrated threshold allows for. Where the reference has a season, the statistics that decide compare a window
    shorter than its cycle with the reference's blocks of the same phase. With fewer than `min_rows` rows on a side, or without the column on one,
    the result is inconclusive.

    Parameters:
        reference: what to compare with; a plain profile has no past.
        current: profile of the current window.
        drift: the declaration.
        statistics: those to use; all that are registered by default.
        start: when the window begins, as the blocks' starts are given; None where that is not known.
        measured: what `measure` has told of some columns already, by the same statistics.

    Returns:
        one a column and statistic, in the reference's order.

    Examples:
        >>> import polars as pl
        >>> wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
        >>> calm, storm = (Profile.of(pl.DataFrame({"wind": range(low, low + 200)}), wind) for low in (0, 100))
        >>> {found.statistic: found.drifted for found in compare(calm, storm, Drift())}["ks"]
        True
        >>> compare(calm, Profile({}), Drift())[0].reason
        'the current window has no column wind'
    """
    known = reference if isinstance(reference, Reference) else Reference(reference)
    seconds = start.timestamp() if isinstance(start, datetime) else start
    matched = match(known.blocks, known.normal, known.profile, current, seconds) if known.blocks and known.normal else None
    comparison = _Comparison(known, current, drift, registered() if statistics is None else statistics, matched)
    told = measured or {}
    found = [one for key in known.profile.columns for one in (told[key] if key in told else comparison.named(key))]
    for family in _families(found):
        adjusted = benjamini_hochberg([cast("float", found[index].p_value) for index in family])
        for index, p_adjusted in zip(family, adjusted, strict=True):
            found[index] = found[index]._replace(p_adjusted=p_adjusted)
    return [judge(one, drift, known.profile, current) for one in found]


def measure(reference: Reference, current: Profile, drift: Drift) -> dict[ColumnKey, list[ColumnDrift]]:
    """Return what the registered statistics measure on the columns of a window as soon as these are known; `compare` judges them when all are.

    Parameters:
        reference: to compare with, not a seasonal one.
        current: profile of some of the window's columns, which the reference has too.
        drift: the declaration.

    Examples:
        >>> import polars as pl
        >>> wind = {"wind": ColumnKey(DriftKind.FEATURE, "wind")}
        >>> calm, storm = (Profile.of(pl.DataFrame({"wind": range(low, low + 200)}), wind) for low in (0, 100))
        >>> told = measure(Reference(calm), storm, Drift())
        >>> compare(calm, storm, Drift(), measured=told) == compare(calm, storm, Drift())
        True
    """
    comparison = _Comparison(reference, current, drift, registered(), None)
    return {key: comparison.named(key) for key in current.columns}


def _families(found: Sequence[ColumnDrift]) -> list[list[int]]:
    """Return which tests are corrected together: all that decide of a kind, and each other statistic of a kind."""
    families: dict[tuple[DriftKind, str], list[int]] = {}
    for index, one in enumerate(found):
        if one.p_value is not None:
            families.setdefault((one.kind, "" if one.decides else one.statistic), []).append(index)
    return list(families.values())


@dataclass(frozen=True, eq=False)
class _Comparison:
    """One comparison.

    Parameters:
        known: the reference.
        current: the window.
        drift: the declaration.
        statistics: those to use.
        matched: the part of the reference that is like the window; None where it is all.
    """

    known: Reference
    current: Profile
    drift: Drift
    statistics: Sequence[Statistic]
    matched: Match | None

    def named(self, key: ColumnKey) -> list[ColumnDrift]:
        """Return what `column` does, and name the column where what is stored of it turns out to be damaged."""
        try:
            return self.column(key)
        except DataError as error:
            message = f"{key.kind} {key.column}: {error}"
            raise DataError(message) from error

    def column(self, key: ColumnKey) -> list[ColumnDrift]:
        """Return what each statistic measures on a column."""
        column, window = self.known.profile.columns[key], self.current.columns.get(key)
        chosen = [one for one in self.statistics if column.type in one.types]
        blanks = [self._blank(key, one) for one in chosen]
        if window is None or all(blank.reason for blank in blanks):
            return blanks
        sides = _side_by_side(column, window)
        alike = self._alike(key)
        measured = []
        for blank, statistic in zip(blanks, chosen, strict=True):
            if blank.reason:
                measured.append(blank)
            elif alike is not None and self.matched and blank.decides:
                measured.append(_measure_alike(blank, statistic, alike, self.matched))
            else:
                measured.append(_measure(blank, statistic, sides))
        return measured

    def _alike(self, key: ColumnKey) -> Cells | None:
        blocks = self.known.blocks
        if self.matched is None or blocks is None or key not in blocks.columns:
            return None
        return self.matched.cells(blocks, key, self.known.profile, self.current)

    def _blank(self, key: ColumnKey, statistic: Statistic) -> ColumnDrift:
        column, window = self.known.profile.columns[key], self.current.columns.get(key)
        rows = statistic.rows(column), 0 if window is None else statistic.rows(window)
        limit, source = threshold(self.known.normal, key, statistic.name, self.drift, rows[1])
        return ColumnDrift(
            kind=key.kind,
            column=key.column,
            statistic=statistic.name,
            value=None,
            p_value=None,
            p_adjusted=None,
            effect=None,
            threshold=limit,
            drifted=None,
            reason=_refusal(key, column, window, statistic, self.drift),
            rows_reference=rows[0],
            rows_current=rows[1],
            decides=deciding(statistic, key.kind, column.type, self.drift),
            threshold_source=source,
            severity=self.drift.severity.get(key.kind, "warn"),
        )


def _refusal(key: ColumnKey, reference: ColumnProfile, current: ColumnProfile | None, statistic: Statistic, drift: Drift) -> str:
    """Say why two sides cannot be compared at all, or nothing."""
    if current is None:
        return UNKNOWN.get(key.kind, f"the current window has no column {key.column}")
    if current.type != reference.type:
        return f"{key.column} is {reference.type} in the reference, but {current.type} in the current window"
    rows, least = (statistic.rows(reference), statistic.rows(current)), max(drift.min_rows, statistic.least_rows)
    if min(rows) >= least:
        return ""
    side = "reference" if rows[0] < least else "current window"
    counted = ("row" if min(rows) == 1 else "rows") + ("" if statistic.counts_missing else " with a value")
    asked = f"min_rows {least}" if least == drift.min_rows else f"the {least} that {statistic.name} needs"
    return f"the {side} has {min(rows)} {counted}, fewer than {asked}"


def _side_by_side(reference: ColumnProfile, current: ColumnProfile) -> Cells | Pair:
    if reference.type not in OF_CELLS:
        return Pair(reference, [current])
    if isinstance(reference, CategoricalProfile):
        return categorical_cells(reference, [cast("CategoricalProfile", current)])
    return numeric_cells(cast("NumericProfile", reference), [cast("NumericProfile", current)])


def _measure(blank: ColumnDrift, statistic: Statistic, sides: Cells | Pair) -> ColumnDrift:
    found = statistic.measured(sides)
    value, effect, bound = (float(field[0]) for field in (found.value, found.effect, found.bound))
    if not (isfinite(effect) and isfinite(value)):
        return blank._replace(reason=found.reason or f"{statistic.name} cannot tell")
    if isinstance(sides, Cells) and sides.kept is not None and _is_doubtful(found, blank.threshold):
        return blank._replace(reason=POOLED)
    p_value = None if found.p_value is None else float(found.p_value[0])
    return blank._replace(value=value, p_value=p_value, effect=effect, bound=bound if isfinite(bound) else None)


def _is_doubtful(found: Measures, threshold: float) -> bool:
    """Say whether what is certain of an effect is below its threshold, and what it can be at most is not."""
    return found.doubt is None or bool(found.effect[0] < threshold <= found.effect[0] + found.doubt[0])


def _measure_alike(blank: ColumnDrift, statistic: Statistic, alike: Cells, matched: Match) -> ColumnDrift:
    measured = _measure(blank, statistic, alike)
    rows = round(alike.present_reference + (alike.missing_reference if statistic.counts_missing else 0.0))
    return measured._replace(rows_reference=rows, reason="; ".join(filter(None, [measured.reason, matched.words])))
