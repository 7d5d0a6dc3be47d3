"""Which kinds of drift last: k of the last n reports, the latest among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlworks_orchestration.retraining.facts import Evidence, Report
from mlworks_orchestration.retraining.past import Attempt, Episode, History, Outcome
from mlworks_orchestration.spec import DriftKind, Retraining

# Their reports come late or are filled in later, so their last reports are the last that could tell.
_NEED_LABELS = {DriftKind.LABEL, DriftKind.CONCEPT}
_NEED_SCORES = {DriftKind.PREDICTION, DriftKind.CONCEPT}


@dataclass(frozen=True)
class Sign:
    """What the last reports say of one kind of drift.

    Parameters:
        kind: of drift.
        partitions: of the reports, the latest last.
        drifted: what each says; None where it cannot tell.
        lasting: whether enough of them say so, the latest among them.
        said: the latest report's words.
    """

    kind: DriftKind
    partitions: tuple[str, ...]
    drifted: tuple[bool | None, ...]
    lasting: bool
    said: str

    @property
    def violations(self) -> list[str]:
        """The partitions that drifted."""
        return [partition for partition, drifted in zip(self.partitions, self.drifted, strict=True) if drifted]

    @property
    def clear(self) -> bool:
        """Whether the latest report says that it did not drift."""
        return bool(self.drifted) and self.drifted[-1] is False

    def __str__(self) -> str:
        """Say it in words, for a reason."""
        if not self.partitions:
            return f"{self.kind} drift cannot be told yet"
        unknown = self.drifted.count(None)
        doubt = f" ({unknown} inconclusive)" if unknown else ""
        return f"{self.kind} drifted in {len(self.violations)} of {len(self.partitions)}{doubt}"


def read_signs(evidence: Evidence, policy: Retraining) -> list[Sign]:
    """Return what the last reports say, one sign a kind that the policy names.

    Reports against another version than the champion do not count; neither do the predictions of another version when kinds are judged
    that depend on them. What cannot be told is neither a violation nor an all-clear.

    Parameters:
        evidence: what is known now.
        policy: the declared policy.
    """
    reports = sorted((report for report in evidence.reports if report.reference_version == evidence.champion), key=lambda report: report.partition)
    return [_sign(kind, reports, policy) for kind in DriftKind if kind in policy.kinds]


def current_episode(signs: Sequence[Sign], champion: int, history: History, attempts: Sequence[Attempt]) -> Episode | None:
    """Return the drift episode that goes on now.

    It begins with the first violation that is seen and ends when no report at hand violates and every kind that a retraining was to end is
    clear. Another champion begins anew; one that is back because the version which took over from it was rolled back goes on with its own.

    Parameters:
        signs: what the last reports say.
        champion: the serving version.
        history: with the episode of the last decision.
        attempts: retrainings against this champion.
    """
    violating = [partition for sign in signs for partition in sign.violations]
    before = history.episode
    if history.champion not in {None, champion} or (before and before.champion != champion):
        undone = attempts[-1] if attempts and attempts[-1].outcome is Outcome.ROLLED_BACK else None
        before = Episode(champion, undone.episode) if undone and undone.episode else None
    if before is None:
        return Episode(champion, min(violating)) if violating else None
    treated = {kind for attempt in attempts if attempt.episode == before.began for kind in attempt.kinds}
    judged = [sign for sign in signs if sign.kind in treated or not treated]
    over = not violating and (all if treated else any)(sign.clear for sign in judged)
    return None if over else before


def _sign(kind: DriftKind, reports: Sequence[Report], policy: Retraining) -> Sign:
    told = [(report.partition, *_finding(kind, report)) for report in reports]
    if kind in _NEED_LABELS:
        told = [each for each in told if each[1] is not None]
    last = told[-policy.of :]
    drifted = tuple(each[1] for each in last)
    lasting = drifted.count(True) >= policy.violations and drifted[-1] is True
    return Sign(kind, tuple(each[0] for each in last), drifted, lasting, last[-1][2] if last else "")


def _finding(kind: DriftKind, report: Report) -> tuple[bool | None, str]:
    finding = report.findings.get(kind)
    if finding is None or (kind in _NEED_SCORES and report.scored_versions != (report.reference_version,)):
        return None, ""
    return finding
