"""What a drift page says: plain data, so that any comparison can be shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mlworks_orchestration.monitoring.drift import Distribution

State = Literal["drifted", "quiet", "inconclusive"]


@dataclass(frozen=True)
class StatisticEntry:
    """What one statistic says of a column.

    Parameters:
        name: of the statistic.
        value: in its own scale.
        effect: in standard deviations of a normal that shifts.
        threshold: the effect that had to be exceeded.
        p_value: corrected for the number of tests; None where there is none.
        drifted: None where it could not be told.
        decides: whether it may raise an alarm.
        reason: in words.
    """

    name: str
    value: float | None
    effect: float | None
    threshold: float | None
    p_value: float | None
    drifted: bool | None
    decides: bool
    reason: str


@dataclass(frozen=True)
class ColumnEntry:
    """A column's line in the table.

    Parameters:
        name: of the column, as in the data.
        kind: of drift.
        drifted: None where it could not be told.
        effect: the largest of the statistics that decide.
        threshold: the effect that had to be exceeded.
        p_value: corrected for the number of tests.
        words: what changed, or why it could not be told.
        statistics: all that were computed.
        distribution: of both sides; None where there is nothing to draw.
        is_time: whether the distribution's edges are seconds since 1970.
        shown_only: whether nothing that is told of it may raise an alarm.
    """

    name: str
    kind: str
    drifted: bool | None
    effect: float | None
    threshold: float | None
    p_value: float | None
    words: str
    statistics: tuple[StatisticEntry, ...] = ()
    distribution: Distribution | None = None
    is_time: bool = False
    shown_only: bool = False


@dataclass(frozen=True)
class KindEntry:
    """What is said of a whole kind of drift.

    Parameters:
        kind: of drift.
        drifted: None where it could not be told.
        words: which columns drifted, or why it could not be told.
    """

    kind: str
    drifted: bool | None
    words: str


@dataclass(frozen=True)
class Details:
    """A table of evidence.

    Parameters:
        title: as a heading.
        columns: their names.
        rows: a cell a column: a text, a number, or None for what is not known.
        note: what a reader must know to judge it.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Point:
    """One window of a series.

    Parameters:
        moment: at which the window ends.
        effect: None where it could not be told.
        drifted: None where it could not be told.
        threshold: the effect that this window had to reach, where that differs from window to window.
    """

    moment: datetime
    effect: float | None
    drifted: bool | None
    threshold: float | None = None


@dataclass(frozen=True)
class Series:
    """Drift of one column, or of a whole kind, over time.

    Parameters:
        name: as a heading.
        points: one a window, in order.
        threshold: the effect that has to be exceeded in each window; None where the points say it.
    """

    name: str
    points: tuple[Point, ...]
    threshold: float | None = None


@dataclass(frozen=True)
class Cause:
    """One likely cause.

    Parameters:
        name: what it is.
        evidence: in words.
        score: by which causes are ranked; None where there is no number.
    """

    name: str
    evidence: str
    score: float | None = None


@dataclass(frozen=True)
class PageContent:
    """All that a drift page says, in the order of the page.

    Parameters:
        title: of the page.
        state: the verdict in one word.
        verdict: in a sentence or two.
        facts: name and value of the numbers under the verdict.
        kinds: the verdict on each kind of drift.
        actions: what to do, in words, the first thing first.
        columns: in the order in which they are to be read.
        beside: what was measured beside the columns and raises no alarm.
        summaries: both sides of each column in numbers.
        series: drift over time.
        causes: the likeliest first.
        causes_note: how the causes were sought, or why there are none.
        evidence: what the causes rest on.
        expected: performance before the labels are known.
        method: paragraphs on method, thresholds and false alarms.
        provenance: name and value of what went in: paths, rows, versions.
    """

    title: str
    state: State
    verdict: str
    facts: tuple[tuple[str, str], ...] = ()
    kinds: tuple[KindEntry, ...] = ()
    actions: tuple[str, ...] = ()
    columns: tuple[ColumnEntry, ...] = ()
    beside: Details | None = None
    summaries: Details | None = None
    series: tuple[Series, ...] = ()
    causes: tuple[Cause, ...] = ()
    causes_note: str = ""
    evidence: tuple[Details, ...] = ()
    expected: Details | None = None
    method: tuple[str, ...] = ()
    provenance: tuple[tuple[str, str], ...] = ()
