"""What is found when causes are sought, as data and in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlworks_orchestration.monitoring.actions import ACTIONS
from mlworks_orchestration.monitoring.causes.onset import Onset
from mlworks_orchestration.monitoring.causes.ranking import RankedFeature
from mlworks_orchestration.monitoring.causes.skew import Skew
from mlworks_orchestration.monitoring.causes.slices import SliceDrift
from mlworks_orchestration.monitoring.causes.upstream import UpstreamFailure
from mlworks_orchestration.monitoring.tables import JOINT
from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import DriftKind

_SHOWN = 3


@dataclass(frozen=True)
class DriftedKind:
    """A kind of drift that a report alarms of.

    Parameters:
        kind: of drift.
        columns: those that drifted, the one with the largest effect first.
        effect: the largest, in standard deviations of a normal.
    """

    kind: str
    columns: tuple[str, ...]
    effect: float | None


@dataclass(frozen=True)
class Causes:
    """What may have caused the drift of a report, the most telling first.

    Parameters:
        model: its name.
        partition: that the report's window ends with.
        reference_version: the version that the report compares with.
        window: keys of the partitions in the window.
        kinds: of drift that the report alarms of; without any, neither features, onsets nor slices are looked at.
        upstream: expectations that failed in the feature tables of the window; None if what validation found of them was never recorded.
        skew: features as served against the tables as they are now; None before there was an inference log.
        features: ranked.
        slices: those in which drift lives first.
        onsets: when it began, of the most important columns of each kind.
    """

    model: str
    partition: str
    reference_version: int
    window: tuple[str, ...]
    kinds: tuple[DriftedKind, ...]
    upstream: tuple[UpstreamFailure, ...] | None
    skew: Skew | None
    features: tuple[RankedFeature, ...]
    slices: tuple[SliceDrift, ...]
    onsets: tuple[Onset, ...]

    @property
    def new_failures(self) -> tuple[UpstreamFailure, ...]:
        """What failed upstream and usually does not."""
        return tuple(one for one in self.upstream or () if one.is_new)

    @property
    def findings(self) -> tuple[str, ...]:
        """The causes in words: failures upstream first, then skew, then slices; none where nothing was found."""
        return (*_of_upstream(self), *_of_skew(self), *_of_slices(self))

    @property
    def actions(self) -> tuple[str, ...]:
        """What to do about each kind of drift, with the evidence."""
        return tuple(_action(self, one) for one in self.kinds)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, `findings` and `actions` too."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain | {"findings": list(self.findings), "actions": list(self.actions)}


def _of_upstream(causes: Causes) -> Iterator[str]:
    for one in causes.new_failures:
        where = f"{one.unexpected_count} of {one.rows} rows of {_listed(one.partitions)}"
        refused = "; refused, so the table holds what it had" if one.blocking else ""
        yield f"Upstream failure in features/{one.table}: {one.expectation} fails in {where}{refused}."


def _of_skew(causes: Causes) -> Iterator[str]:
    if causes.skew is None:
        return
    for column in causes.skew.found[:_SHOWN]:
        most = "" if column.largest is None else f", by up to {readable(column.largest)}"
        share = f"{column.differing} of {column.rows} rows ({column.share:.1%})"
        yield f"Training-serving skew in {column.column}: {share} were served otherwise than the table says now{most}, first in {column.first}."
    gone, late = causes.skew.only_served, causes.skew.only_offline
    if gone or late:
        yield f"Training-serving skew in rows: {gone} were served and are gone from the tables, {late} are there and were not served."


def _of_slices(causes: Causes) -> Iterator[str]:
    for one in [one for one in causes.slices if one.stands_out][:_SHOWN]:
        told = [f"{name.column} changed by {name.inside:.2f} there and {name.outside:.2f} elsewhere" for name in one.features if name.stands_out]
        if one.is_worse:
            told.insert(0, f"the metric got worse by {readable(one.change, 3)} there, {readable(one.excess, 3)} more than elsewhere")
        yield f"Drift lives in {one.column}={one.value if one.value is not None else '(missing)'}: {'; '.join(told)}."


def _action(causes: Causes, drifted: DriftedKind) -> str:
    kind = DriftKind(drifted.kind)
    ranked = [one for one in causes.features if one.drifted] if kind is DriftKind.FEATURE else []
    columns = tuple(one.column for one in ranked) or drifted.columns
    evidence = _of_feature(ranked[0], causes.features) if ranked else _of_effect(drifted.effect)
    evidence += [one.text for one in causes.onsets if one.kind == drifted.kind and one.column in columns[:1]]
    others = f"; beside it {_listed(columns[1:])}" if len(columns) > 1 else ""
    where = f" in {_named(columns[0])}" if columns else ""
    return f"{drifted.kind.capitalize()} drift{where} ({'; '.join([*evidence, _upstream(causes)])}{others}): {ACTIONS[kind]}."


def went_together(feature: Mapping[str, Any], features: Sequence[Mapping[str, Any]]) -> str:
    """Return how a feature's drift went together with the loss, in words; "" where it cannot be told.

    Parameters:
        feature: a ranked feature, as `asdict` gives it.
        features: all of them.

    Examples:
        >>> wind, rain = {"correlation": 0.8, "windows": 30, "place": 1}, {"correlation": None, "windows": 4, "place": None}
        >>> went_together(wind, [wind, rain]), went_together(rain, [wind, rain])
        ('rank correlation with the loss +0.80 over 30 windows, place 1 of 1 features', '')
    """
    if feature["correlation"] is None:
        return ""
    place = feature.get("place")  # causes that an earlier release found have none
    among = f", place {place} of {sum(one['correlation'] is not None for one in features)} features" if place else ""
    return f"rank correlation with the loss {feature['correlation']:+.2f} over {feature['windows']} windows{among}"


def _of_feature(feature: RankedFeature, features: Sequence[RankedFeature]) -> list[str]:
    told = went_together(asdict(feature), [asdict(one) for one in features])
    return [*_of_effect(feature.effect), f"importance {feature.importance:.0%}", *([told] if told else [])]


def _of_effect(effect: float | None) -> list[str]:
    return [] if effect is None else [f"effect {effect:.2f} standard deviations"]


def _named(column: str) -> str:
    return "all features together" if column == JOINT else column


def _upstream(causes: Causes) -> str:
    if causes.new_failures:
        return f"upstream failure in features/{causes.new_failures[0].table}, to be repaired first"
    return "no upstream failure" if causes.upstream is not None else "quality upstream was not recorded"


def _listed(names: tuple[str, ...]) -> str:
    hidden = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {hidden} more" if hidden > 0 else "")
