"""The verdict on one column by one statistic."""

from math import sqrt

from mlworks_orchestration.monitoring.drift.comparison.kept import POOLED
from mlworks_orchestration.monitoring.drift.comparison.verdict import ColumnDrift
from mlworks_orchestration.monitoring.drift.comparison.words import change
from mlworks_orchestration.monitoring.drift.past.normal import Normal
from mlworks_orchestration.monitoring.drift.past.thresholds import Constant, MeanSigma, Source, declared
from mlworks_orchestration.monitoring.drift.profiles.columns import CategoricalProfile, ColumnProfile
from mlworks_orchestration.monitoring.drift.profiles.profile import ColumnKey, Profile
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Drift


def threshold(normal: Normal | None, key: ColumnKey, statistic: str, drift: Drift, rows: int) -> tuple[float, Source]:
    """Return the effect that is an alarm, and where it comes from; never below `min_effect`.

    A calibrated threshold, and one of mean and standard deviation, is for windows of as many rows as those that it was made with. For a window
    with fewer, for example because some labels are not known yet, it is larger by the root of the ratio, as sampling noise is.

    Parameters:
        normal: what was learnt from the reference's past, if anything was.
        key: the column.
        statistic: its name.
        drift: the declaration.
        rows: of the window.

    Examples:
        >>> from mlworks_orchestration.spec import DriftKind
        >>> threshold(None, ColumnKey(DriftKind.FEATURE, "wind"), "ks", Drift(thresholds={"ks": {"constant": 0.3}}), 100)
        (0.3, 'constant')
    """
    asked = declared(drift, key.column, statistic)
    null = normal.nulls.get((key, statistic)) if normal else None
    found: tuple[float, Source] = drift.min_effect, "floor"
    if isinstance(asked, Constant):
        found = asked.value, "constant"
    elif null is not None:
        growth = sqrt(max(1.0, null.rows / max(rows, 1)))
        found = ((null.mean + asked.k * null.std) * growth, "mean_sigma") if isinstance(asked, MeanSigma) else (null.level * growth, "calibrated")
    return found if found[0] > drift.min_effect or found[1] == "floor" else (drift.min_effect, "raised")


def judge(found: ColumnDrift, drift: Drift, reference: Profile, current: Profile) -> ColumnDrift:
    """Say whether a column has drifted, and why.

    Parameters:
        found: what was measured, with its corrected p-value and threshold.
        drift: the declaration.
        reference: for words on what changed.
        current: likewise.
    """
    if found.effect is None:
        return found
    if found.p_value is None and found.threshold_source == "floor":
        told = f"effect {found.effect:.3f}: a distance without a p-value, and without a threshold of its own, is no evidence"
        return found._replace(reason=_joined(told, found.reason))
    evidence = found.p_adjusted is None or found.p_adjusted <= drift.significance
    effect = found.effect >= found.threshold
    sign = "≥" if effect else "<"
    told = f"effect {found.effect:.3f} {sign} {readable(found.threshold, 3)} ({_SOURCES[found.threshold_source]})"
    if found.p_adjusted is not None:
        told = f"corrected p-value {found.p_adjusted:.2g} {'≤' if evidence else '>'} {drift.significance:g}, {told}"
    drifted = evidence and effect
    key = ColumnKey(found.kind, found.column)
    if effect and not evidence and found.bound and _is_pooled(reference.columns[key], current.columns[key]):
        return found._replace(reason=_joined(f"{POOLED}: {told}", found.reason))  # the exact p-value may be smaller
    if drifted:
        told = ": ".join(filter(None, [told, change(reference.columns[key], current.columns[key], found.statistic)]))
    return found._replace(drifted=drifted, reason=_joined(told, found.reason))


def _is_pooled(*sides: ColumnProfile) -> bool:
    return any(isinstance(side, CategoricalProfile) and side.other for side in sides)


_SOURCES: dict[Source, str] = {
    "calibrated": "calibrated on the reference's past",
    "constant": "declared",
    "mean_sigma": "mean and standard deviations of the reference's past",
    "raised": "min_effect, which is above what is normal",
    "floor": "min_effect",
}


def _joined(told: str, remark: str) -> str:
    return f"{told}; {remark}" if remark else told
