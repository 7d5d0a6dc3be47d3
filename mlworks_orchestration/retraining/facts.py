"""What is known about a model now: plain values, so that any moment can be decided again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import DriftKind


class Finding(NamedTuple):
    """What a report says of one kind of drift.

    Parameters:
        drifted: whether it drifted; None where that cannot be told.
        reason: why, in words.
    """

    drifted: bool | None
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """The drift report of one partition.

    Parameters:
        partition: its key.
        reference_version: the model version whose training data the window was compared with.
        scored_versions: the versions whose predictions the window holds.
        findings: by kind; a kind that is left out cannot be told.
    """

    partition: str
    reference_version: int
    scored_versions: tuple[int, ...]
    findings: Mapping[DriftKind, Finding]


class Promotion(NamedTuple):
    """How the champion came to serve, where the gate let it serve for the first time.

    Parameters:
        version: the champion.
        at: since when it serves.
        previous: the version before, which could serve again; none if there is none, or if that was rolled back itself.
    """

    version: int
    at: datetime
    previous: int | None


@dataclass(frozen=True)
class Aftermath:
    """How the champion does beside its predecessor, on the same rows of after its promotion.

    Parameters:
        champion: the version.
        previous: its predecessor.
        until: the newest partition that was compared.
        blocks: how many partitions (days, if those are shorter) were compared.
        rows: how many labelled rows they hold.
        metric: the primary metric.
        champion_value: the champion's; none where it could not be compared.
        previous_value: the predecessor's; none likewise.
        gain: by how much the predecessor is better, in the metric's unit; none likewise.
        gain_low: lower end of the interval of the gain; none likewise.
        gain_high: its upper end; none likewise.
        margin: what the lower end must be above for the predecessor to be better.
        reason: why it could not be compared; empty where it was.
        confidence: with which the gain lies in the interval, from 0 to 1; none where it could not be compared, or in rows of an earlier release.
    """

    champion: int
    previous: int
    until: str
    blocks: int
    rows: int
    metric: str
    champion_value: float | None
    previous_value: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    margin: float
    reason: str = ""
    confidence: float | None = None

    @property
    def previous_is_better(self) -> bool:
        """Whether the predecessor is better by more than the margin, with confidence."""
        return self.gain_low is not None and self.gain_low > self.margin

    @property
    def words(self) -> str:
        """What was found, as a sentence that begins with what follows from it."""
        if self.gain_low is None or self.gain_high is None:
            return f"Version {self.champion} could not be compared with version {self.previous}: {self.reason}"
        confidence = f" with {self.confidence:.1%} confidence" if self.confidence else ""
        return (
            f"{_conclusion(self, self.gain_low, self.gain_high)}: on {self.rows:,} rows since its promotion version {self.champion} has "
            f"{self.metric} {readable(self.champion_value)}, version {self.previous} would have {readable(self.previous_value)}; the gain of going "
            f"back is between {readable(self.gain_low)} and {readable(self.gain_high)}{confidence}."
        )


def _conclusion(found: Aftermath, low: float, high: float) -> str:
    if low > 0:
        doubt = "" if found.previous_is_better else f", perhaps by no more than {readable(found.margin, 6)}"
        return f"Version {found.champion} is worse than version {found.previous}{doubt}"
    if high < 0:
        return f"Version {found.champion} is better than version {found.previous}"
    return f"Whether version {found.champion} is better or worse than version {found.previous} cannot be told yet"


class Overdue(NamedTuple):
    """Labels that should be known by now and are not.

    Parameters:
        since: the first partition without labels after the newest that has them.
        partitions: how many scored ones lack labels that are due.
        due: when those of the first were due.
    """

    since: str
    partitions: int
    due: datetime


@dataclass(frozen=True)
class Evidence:
    """What is known now.

    Parameters:
        model: the model's name.
        champion: the serving version; none before the first training.
        reports: the newest reports in the order of their partitions, and the newest of those whose labels are known.
        new_rows: labelled rows that are newer than the last training knew; counting may stop once there are enough.
        running: whether a training of the model is queued or under way.
        launched: whether the run that the last retraining was asked for with was ever launched.
        failed: whether that run failed before its version was judged; one that a person stopped did not.
        promotion: how the champion came to serve; none if it came back by a rollback, or by hand.
        aftermath: how it does beside its predecessor; none before enough labels of after its promotion are known.
        rollback_launched: whether the run that the last rollback was asked for with was ever launched.
        rolling_back: whether a rollback is queued or under way.
        overdue: labels that should be known by now; none if none are missing.
    """

    model: str
    champion: int | None
    reports: tuple[Report, ...] = ()
    new_rows: int = 0
    running: bool = False
    launched: bool = True
    failed: bool = False
    promotion: Promotion | None = None
    aftermath: Aftermath | None = None
    rollback_launched: bool = True
    rolling_back: bool = False
    overdue: Overdue | None = None
