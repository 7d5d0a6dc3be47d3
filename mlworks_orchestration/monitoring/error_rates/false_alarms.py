"""How often a model alarms when nothing is wrong: in histories drawn anew from its past, and in each half of it by the thresholds of the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator

from mlworks_orchestration.monitoring.drift import (
    Blocks,
    ColumnKey,
    Measures,
    Normal,
    Profile,
    Reference,
    Statistic,
    TextProfile,
    compare,
    registered,
    summarise,
)
from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.comparison.judge import threshold
from mlworks_orchestration.monitoring.drift.past.extremes import dispersion, episodes
from mlworks_orchestration.monitoring.drift.past.normal import LEAST_BLOCKS
from mlworks_orchestration.monitoring.drift.past.nulls import effects
from mlworks_orchestration.monitoring.drift.past.setting import Setting, rounds_of, setting
from mlworks_orchestration.monitoring.drift.statistics.record import deciding
from mlworks_orchestration.monitoring.error_rates.detection import lasting
from mlworks_orchestration.monitoring.error_rates.records import Counted
from mlworks_orchestration.monitoring.normal import set_thresholds, yearly
from mlworks_orchestration.monitoring.windows import windows
from mlworks_orchestration.spec import Drift, DriftKind, MLModel

REPEATS = 10
"""Times as many histories as thresholds were set by: what those did not see weighs more in their rare alarms than in most else."""


def drawn_alarms(generator: Generator, model: MLModel, blocks: Blocks, normal: Normal) -> dict[DriftKind, Counted]:
    """Count the alarms of windows drawn as those by which thresholds were set, but others, and ten times as many.

    An uncorrected p-value is taken for evidence here, so that too many are counted if anything; where windows have many rows, as most do, none are.

    Parameters:
        generator: of random numbers.
        model: whose past.
        blocks: the past.
        normal: what was learnt from it.
    """
    rule, length = yearly(model, blocks)
    alarming: dict[DriftKind, list[Flags]] = {kind: [] for kind in DriftKind if kind in blocks.kinds}
    for _ in range(REPEATS * rounds_of(rule)):
        made = setting(generator, blocks, normal.season, rule, (length, None))
        found = _exceeding(generator, model.drift, blocks, normal, made)
        for kind, histories in alarming.items():
            flags = [one for key, one in found if key.kind is kind] or [np.zeros(made.sequences * made.steps, dtype=np.bool_)]
            histories.extend(np.any(flags, axis=0).reshape(made.sequences, made.steps))
    return {kind: count(histories, model.drift, rule.windows) for kind, histories in alarming.items()}


def _exceeding(generator: Generator, drift: Drift, blocks: Blocks, normal: Normal, made: Setting) -> list[tuple[ColumnKey, Flags]]:
    """Return the windows that exceed the threshold of each column and statistic."""
    kinds = [(key.kind, column.type) for key, column in blocks.columns.items()] + [(key.kind, TextProfile.type) for key, _ in blocks.texts]
    deciders = {one.name: one for one in registered() if any(deciding(one, *each, drift) for each in kinds)}
    cautious = [_cautious(one, drift) for one in deciders.values()]
    return [
        (key, effect >= threshold(normal, key, name, drift, round(rows))[0])
        for (key, name), (effect, rows) in effects(generator, blocks, made, cautious, drift).items()
        if (key, name) in blocks.texts or deciding(deciders[name], key.kind, blocks.columns[key].type, drift)
    ]


def _cautious(statistic: Statistic, drift: Drift) -> Statistic:
    """Return a statistic that has no effect without evidence."""
    counted = statistic.counted and statistic.counted._replace(measure=_with_evidence(statistic.counted.measure, drift))
    return replace(statistic, measure=_with_evidence(statistic.measure, drift), counted=counted)


def _with_evidence(measure: Callable[[Any], Measures], drift: Drift) -> Callable[[Any], Measures]:
    def measured(cells: object) -> Measures:
        found = measure(cells)
        return found if found.p_value is None else found._replace(effect=np.where(found.p_value <= drift.significance, found.effect, 0.0))

    return measured


def held_out_alarms(model: MLModel, version: int, parts: Mapping[str, Profile]) -> dict[DriftKind, Counted]:
    """Count the alarms of all windows of each half of a past, by a reference and thresholds that know only the other half.

    Parameters:
        model: whose past.
        version: for the seed of thresholds, as production has it.
        parts: profile of each partition, in order.

    Returns:
        Nothing where a half is too short to set thresholds on, or to hold a window.
    """
    keys = list(parts)
    halves = keys[: len(keys) // 2], keys[len(keys) // 2 :]
    alarming: list[list[dict[DriftKind, bool | None]]] = []
    per_year = 1.0
    for known, tried in (halves, halves[::-1]):
        members = list(windows(model.partitions, model.drift.window, tried, tried).values())
        full = [found for found in members if len(found) == max(map(len, members))]
        if len(known) < LEAST_BLOCKS or not full:
            return {}
        reference, per_year = _learn(model, version, {key: parts[key] for key in known})
        alarming.append([_verdicts(model, reference, Profile.merged([parts[key] for key in found]), found) for found in full])
    found = {kind: [np.array([bool(one[kind]) for one in half]) for half in alarming] for kind in alarming[0][0]}
    return {kind: count(flags, model.drift, per_year) for kind, flags in found.items()}


def _learn(model: MLModel, version: int, parts: Mapping[str, Profile]) -> tuple[Reference, float]:
    """Return what a half teaches, and how many windows a year has."""
    profile = Profile.merged(list(parts.values()))
    blocks = Blocks.of(profile, list(parts.values()), [model.partitions.window(key).start for key in parts])
    return Reference(profile, blocks, set_thresholds(model, version, blocks)), yearly(model, blocks)[0].windows


def _verdicts(model: MLModel, reference: Reference, window: Profile, members: list[str]) -> dict[DriftKind, bool | None]:
    """Return what a report says of each kind; only the statistics that decide are computed."""
    kinds = {(key.kind, column.type) for key, column in window.columns.items()}
    chosen = [one for one in registered() if any(deciding(one, *each, model.drift) for each in kinds)]
    found = compare(reference, window, model.drift, chosen, start=model.partitions.span(members).start)
    return {kind: summarise(found, kind, model.drift).drifted for kind in dict.fromkeys(key.kind for key in reference.profile.columns)}


def count(alarms: Sequence[Flags], drift: Drift, windows_per_year: float) -> Counted:
    """Count the runs of alarming windows, of which each counts once.

    Parameters:
        alarms: of consecutive windows, one sequence each.
        drift: k of n.
        windows_per_year: of the model.

    Examples:
        >>> count([np.array([True, True, False, True])], Drift(), 2.0)
        Counted(episodes=2, windows=4, alarming=3, years=2.0, dispersion=1.0)
    """
    kept = [lasting(one[None], drift) for one in alarms]
    number = sum(one.size for one in kept)
    runs = np.array([len(episodes(one.astype(np.float64), 0.5)) for one in kept], dtype=np.float64)
    return Counted(int(runs.sum()), number, int(sum(one.sum() for one in kept)), number / windows_per_year, dispersion(runs))
