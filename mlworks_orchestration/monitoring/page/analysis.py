"""What the page says of a stand-alone comparison."""

import platform
from importlib import metadata
from pathlib import Path

from mlworks_orchestration.monitoring.actions import ACTIONS
from mlworks_orchestration.monitoring.drift import Analysis, ColumnAnalysis, ColumnDrift, JointProfile, NumericProfile, TextProfile, most_changed
from mlworks_orchestration.monitoring.page.content import ColumnEntry, PageContent, State, StatisticEntry
from mlworks_orchestration.monitoring.page.summaries import summary_table
from mlworks_orchestration.spec import DriftKind

STATES: dict[bool | None, State] = {True: "drifted", False: "quiet", None: "inconclusive"}
"""What a verdict is called."""

UNSURE = "Inconclusive means that it could not be told; it does not mean that nothing changed."
_TOGETHER = (
    "All features together: a classifier is fitted to tell sampled rows of both sides apart, and judged on rows that it has not seen "
    "(domain_classifier), and numbers are rebuilt from what they have in common in the reference (pca_reconstruction). Both see changes that no "
    "feature shows by itself. They are shown and raise no alarm, because how they vary when nothing is wrong is not known: rows with a season or a "
    "memory can always be told apart."
)
_NO_ALARM = "though it raises no alarm, for how it varies when nothing is wrong is not known."
_NAMED = 5


def analysis_content(analysis: Analysis) -> PageContent:
    """Return what the page says of a comparison.

    Parameters:
        analysis: what `analyze` found.
    """
    columns = analysis.judged
    drifted = [column for column in columns if column.drifted]
    share = "" if analysis.drifted is None else f" ({len(drifted) / len(columns):.0%})"
    return PageContent(
        title=f"Drift of {Path(analysis.current).name} against {Path(analysis.reference).name}",
        state=STATES[analysis.drifted],
        verdict=analysis.verdict,
        facts=(
            ("Rows, reference", f"{analysis.rows_reference:,}"),
            ("Rows, current", f"{analysis.rows_current:,}"),
            ("Columns", f"{len(columns):,}"),
            ("Drifted", "not known" if columns and len(analysis.inconclusive) == len(columns) else f"{len(drifted):,}{share}"),
            ("Inconclusive", f"{len(analysis.inconclusive):,}"),
        ),
        actions=next_steps(analysis),
        columns=tuple(column_entry(column) for column in analysis.columns),
        summaries=summary_table(analysis.columns),
        method=_method(analysis),
        provenance=(
            ("Reference", f"{analysis.reference}, {analysis.rows_reference:,} rows"),
            ("Current", f"{analysis.current}, {analysis.rows_current:,} rows"),
            ("Made by", f"mlworks {metadata.version('mlworks-orchestration')}, Python {platform.python_version()}"),
        ),
    )


def next_steps(analysis: Analysis) -> tuple[str, ...]:
    """Return what to do about a comparison, in words, the first thing first.

    Parameters:
        analysis: what `analyze` found.
    """
    steps = []
    for kind in DriftKind:
        names = [column.name for column in analysis.columns if column.drifted and column.kind is kind]
        if names:
            listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else "")
            steps.append(f"{kind.value.capitalize()} drift ({listed}): {ACTIONS[kind]}.")
    steps += [f"{column.name} is time going on: as --by {column.name} it orders the rows and is not compared." for column in _times(analysis)]
    if analysis.inconclusive:
        steps.append(
            "Inconclusive columns: see why in the table; give the column on both sides, of one type and with enough rows, and compare again."
        )
    news = [(column, most) for column in analysis.columns if not column.drifted and (most := _changed_most(column, analysis))]
    if shown := [_shown(column, most) for column, most in news if not column.together]:
        rest = f" and {len(shown) - _NAMED:,} more" if len(shown) > _NAMED else ""
        steps.append(f"Look at {', '.join(shown[:_NAMED])}{rest}: more than chance and min_effect explain, {_NO_ALARM}")
    steps += [_told_together(column, most) for column, most in news if column.together]
    return tuple(steps) or (("Nothing needs to be done.",) if analysis.columns else ("Give rows that have at least one column in common.",))


def _changed_most(column: ColumnAnalysis, analysis: Analysis) -> ColumnDrift | None:
    """Return what changed most of what is only shown, where that is more than chance and more than is told or normal already."""
    if not (column.shown_only or column.type == TextProfile.type):
        return None
    least = analysis.explained_together if column.together else max((one.threshold for one in column.statistics if one.decides), default=0.0)
    shown = (one for one in column.statistics if one.drifted and not one.decides and (one.effect or 0.0) >= least)
    return max(shown, key=lambda one: one.effect or 0.0, default=None)


def _told_together(column: ColumnAnalysis, most: ColumnDrift) -> str:
    """Say that all features together differ, and which two of them do most."""
    before, after = column.reference, column.current
    pair = most_changed(before, after) if isinstance(before, JointProfile) and isinstance(after, JointProfile) else None
    named = f": {pair.first} and {pair.second} most (rank correlation {pair.before:.2f} → {pair.after:.2f})" if pair else ""
    return (
        f"See how features go together{named}. All of them together differ ({most.effect:.2f} by {most.statistic}) by more than each by itself "
        "explains. It raises no alarm, for how it varies when nothing is wrong is not known."
    )


def _shown(column: ColumnAnalysis, most: ColumnDrift) -> str:
    return f"{column.title} ({most.effect:.2f} by {most.statistic})"


def _times(analysis: Analysis) -> list[ColumnAnalysis]:
    """Return the columns of moments that begin, in the current rows, after the reference ends."""
    return [column for column in analysis.columns if column.drifted and column.type == "datetime" and _begins_later(column)]


def _begins_later(column: ColumnAnalysis) -> bool:
    if not (isinstance(column.reference, NumericProfile) and isinstance(column.current, NumericProfile)):
        return False
    ends, begins = column.reference.moments.maximum, column.current.moments.minimum
    return ends is not None and begins is not None and begins >= ends


def column_entry(column: ColumnAnalysis) -> ColumnEntry:
    """Return a column's line in the table.

    Parameters:
        column: the verdict on it.
    """
    leading = column.statistics[0] if column.shown_only else column.leading
    told = f"{column.words} (by {leading.statistic})" if column.drifted and leading else column.words
    reason = f"{column.words}: {column.reason}" if column.together and column.words else column.reason
    return ColumnEntry(
        name=column.title,
        kind=column.kind.value,
        drifted=column.drifted,
        effect=leading.effect if leading else None,
        threshold=leading.threshold if leading and not column.shown_only else None,
        p_value=leading.p_adjusted if leading else None,
        words=reason if column.drifted is None else told,
        statistics=tuple(_statistic(one) for one in column.statistics),
        distribution=column.distribution,
        is_time=column.type == "datetime",
        shown_only=column.shown_only,
    )


def _statistic(one: ColumnDrift) -> StatisticEntry:
    return StatisticEntry(one.statistic, one.value, one.effect, one.threshold, one.p_adjusted, one.drifted, one.decides, one.reason)


def _method(analysis: Analysis) -> tuple[str, ...]:
    judged = how_it_is_judged(analysis.false_alarm_rate, analysis.min_effect)
    together = (_TOGETHER,) if any(column.together for column in analysis.columns) else ()
    return *judged, f"Thresholds: {analysis.method}.", *together, UNSURE


def how_it_is_judged(significance: float, min_effect: float) -> tuple[str, str]:
    """Return the paragraphs that say when a column has drifted, and what an effect is.

    Parameters:
        significance: largest corrected p-value that is evidence.
        min_effect: smallest effect that matters.
    """
    evidence = (
        "A column has drifted if there is evidence and effect: for at least one statistic that decides, the p-value, corrected for the number of "
        f"tests (Benjamini and Hochberg 1995), is at most {significance:g}, and the effect reaches its threshold."
    )
    effect = (
        "Effects are on one scale for all statistics: how far a normal distribution would have to shift, in its standard deviations "
        f"(\N{GREEK SMALL LETTER SIGMA}), to change the statistic as much. No threshold is below {min_effect:g}, so that many rows "
        "alone make no drift."
    )
    return evidence, effect
