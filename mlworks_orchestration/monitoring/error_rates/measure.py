"""Measuring a version's error rates on its own data."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.random import Generator

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.drift import Blocks, ColumnKey, Normal, Profile
from mlworks_orchestration.monitoring.drift.bins import Floats
from mlworks_orchestration.monitoring.drift.cells import Flags
from mlworks_orchestration.monitoring.drift.normal import LEAST_BLOCKS
from mlworks_orchestration.monitoring.error_rates.detection import power_of, windows_needed
from mlworks_orchestration.monitoring.error_rates.false_alarms import drawn_alarms, held_out_alarms
from mlworks_orchestration.monitoring.error_rates.histories import Histories, draw_histories
from mlworks_orchestration.monitoring.error_rates.injections import FLIPS, INJECTIONS, Column, Injection, flip
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms, Power, Shift
from mlworks_orchestration.monitoring.error_rates.verdicts import Test, Verdicts, alarms
from mlworks_orchestration.monitoring.profiles import by_partition, merge_by_partition, relation_profiles
from mlworks_orchestration.monitoring.reference import ModelReference, build_reference
from mlworks_orchestration.monitoring.tables import PREDICTION, RESIDUAL, feature_keys, label_key
from mlworks_orchestration.monitoring.unseen import Rows, snapshot_rows
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Registry

HISTORIES = 400
"""Pseudo-histories in which a shift is planted: a power of 50 % is then known to 5 %."""

_SEED = 2
"""Tells these random numbers from those by which thresholds were set."""

Report = Callable[[int, int, str], None]


def measure_error_rates(  # noqa: PLR0913 - the three stores, the model and its version are all different things
    lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int, *, report: Report = lambda *_: None
) -> ErrorRates:
    """Measure how often a version's drift report alarms when nothing is wrong, and how soon it finds planted shifts.

    Parameters:
        lake: the Delta tables.
        catalog: all declarations.
        model: whose version.
        registry: MLflow's models.
        version: the registered version.
        report: is told how many steps are done, of how many, and what comes next.

    Raises:
        NotReadyError: if its past is too short to say anything.
        TrackingError: if the registry does not hold the version.
        TrainingError: if its snapshot is gone.
    """
    began = time.perf_counter()
    report(0, 1, "building the reference")
    reference = build_reference(lake, catalog, model, registry, version)
    rows = snapshot_rows(lake, catalog, model, registry, version)
    _require_past(model, version, rows)
    generator = np.random.default_rng([model.seed, version, _SEED])
    planted = list(_parts(model, reference, rows, generator))
    total = 1 + len(planted) + sum(part.steps for part in planted)
    done = 0

    def step(doing: str) -> None:
        nonlocal done
        report(done, total, doing)
        done += 1

    alarmed = _false_alarms(model, version, planted, generator, step)
    powers = [power for part in planted for power in part.powers(model, generator, step)]
    report(total, total, "done")
    return ErrorRates(
        model=model.name,
        version=version,
        drift=model.drift.model_dump_json(),
        false_alarms=tuple(alarmed),
        powers=tuple(sorted(powers, key=lambda one: list(DriftKind).index(one.kind))),
        partitions=rows.unseen[PARTITION].n_unique(),
        rows=rows.unseen.height,
        window=planted[0].histories.window,
        histories=HISTORIES,
        seed=model.seed,
        snapshot=registry.version(model.name, version).tags["snapshot"],
        seconds=time.perf_counter() - began,
        measured_at=clock.now(),
    )


def _require_past(model: MLModel, version: int, rows: Rows) -> None:
    number = rows.training[PARTITION].n_unique()
    if number < LEAST_BLOCKS:
        message = (
            f"Model {model.name}: version {version} was trained on {number} partitions, and how its windows vary is learnt from {LEAST_BLOCKS} or "
            "more, so nothing can be said of its error rates. Lengthen retraining.window, or cut the table into shorter partitions, and retrain."
        )
        raise NotReadyError(message)


class _Columns(NamedTuple):
    """Rows and what their columns are called in profiles."""

    frame: pl.DataFrame
    names: Mapping[ColumnKey, str]


@dataclass(frozen=True, eq=False)
class _Part:
    """A part of the reference, in whose columns shifts are planted.

    Parameters:
        profile: of the columns.
        blocks: the same by partition.
        normal: what was learnt from them.
        columns: the rows.
        histories: drawn from them.
    """

    profile: Profile
    blocks: Blocks
    normal: Normal
    columns: _Columns
    histories: Histories

    @cached_property
    def looks(self) -> dict[ColumnKey, Column]:
        """What each column is like."""
        return {key: Column.of(self.profile.columns[key], self.columns.frame[self.columns.names[key]]) for key in self.blocks.columns}

    @cached_property
    def plan(self) -> list[tuple[DriftKind, Injection, list[ColumnKey]]]:
        """What is planted in which columns, kind by kind."""
        kinds = dict.fromkeys(key.kind for key in self.blocks.columns)
        fitting = [
            (kind, one, [key for key in self.blocks.columns if key.kind is kind and one.fits(self.looks[key])])
            for kind in kinds
            for one in INJECTIONS
            if kind is DriftKind.FEATURE or not one.features_only
        ]
        return [one for one in fitting if one[2]]

    @property
    def steps(self) -> int:
        """How many columns are shifted, each injection counted."""
        return sum(len(keys) for _, _, keys in self.plan) + len(FLIPS) * (RESIDUAL in self.blocks.columns)

    def powers(self, model: MLModel, generator: Generator, step: Callable[[str], None]) -> Iterator[Power]:
        """Yield what becomes of each shift, planted in one column after the other and in all of them."""
        verdicts = Verdicts(self.blocks, self.normal, model.drift, self.histories)
        calm = {key: verdicts.tests(key, self.histories.counts(column.counts)) for key, column in self.blocks.columns.items()}
        partitions = self.columns.frame.partition_by(PARTITION, maintain_order=True)
        for kind, injection, keys in self.plan:
            shifted: dict[ColumnKey, list[Test]] = {}
            for key in keys:
                step(f"{kind}: {injection.name} {injection.size:g} of {key.column}")
                name, column = self.columns.names[key], self.looks[key]
                shifted[key] = self._planted(verdicts, key, [injection.change(part[name], column, generator) for part in partitions])
            yield from self._summed(model, kind, injection, calm, shifted)
        if RESIDUAL in self.blocks.columns:
            for size in FLIPS:
                step(f"concept: {size:.0%} of the labels flipped")
                flipped = [flip(part["label"], size, generator) - part["prediction"] for part in partitions]
                tests = self._planted(verdicts, RESIDUAL, flipped)
                found = [self._alarms(model, RESIDUAL.kind, {**calm, RESIDUAL: tests})]
                yield power_of(Shift(RESIDUAL.kind, "flip", size), found, self.histories.window, model.drift)

    def _summed(
        self, model: MLModel, kind: DriftKind, injection: Injection, calm: Mapping[ColumnKey, list[Test]], shifted: Mapping[ColumnKey, list[Test]]
    ) -> Iterator[Power]:
        singly = {key: self._alarms(model, kind, {**calm, key: tests}) for key, tests in shifted.items()}
        shift = Shift(kind, injection.name, injection.size)
        yield power_of(shift, list(singly.values()), self.histories.window, model.drift)
        if len(singly) > 1:
            for key, found in singly.items():
                yield power_of(shift._replace(scope="column", column=key.column), [found], self.histories.window, model.drift)
            together = self._alarms(model, kind, {**calm, **shifted})
            yield power_of(shift._replace(scope="all"), [together], self.histories.window, model.drift)

    def _alarms(self, model: MLModel, kind: DriftKind, tests: Mapping[ColumnKey, list[Test]]) -> Flags:
        family = [one for key, found in tests.items() if key.kind is kind for one in found]
        return alarms(family, model.drift.significance).reshape(self.histories.phases.shape)

    def _planted(self, verdicts: Verdicts, key: ColumnKey, parts: list[pl.Series]) -> list[Test]:
        alone = Profile({key: self.profile.columns[key]})
        profiles = [Profile.of(pl.DataFrame({"shifted": values}), {"shifted": key}) for values in parts]
        counts: Floats = Blocks.of(alone, profiles).columns[key].counts
        begins = self.histories.order.shape[1] - (windows_needed(self.histories.window, verdicts.drift) - verdicts.drift.of + 1)
        return verdicts.tests(key, self.histories.counts(self.blocks.columns[key].counts, counts, begins))


def _parts(model: MLModel, reference: ModelReference, rows: Rows, generator: Generator) -> Iterator[_Part]:
    for side, columns in zip((reference.training, reference.errors), _columns(model, rows), strict=True):
        blocks, normal = side.blocks, side.normal
        if blocks is not None and normal is not None:
            window = max(1, int(normal.window + 1e-9))
            histories = draw_histories(generator, blocks, normal, histories=HISTORIES, windows=windows_needed(window, model.drift))
            yield _Part(side.profile, blocks, normal, columns, histories)


def _columns(model: MLModel, rows: Rows) -> tuple[_Columns, _Columns]:
    residuals = rows.unseen.with_columns(residual=pl.col("label") - pl.col("prediction"))
    training = {**{key: name for name, key in feature_keys(model).items()}, PREDICTION: "prediction", label_key(model): "label"}
    return _Columns(rows.training.sort(PARTITION, maintain_order=True), training), _Columns(
        residuals.sort(PARTITION, maintain_order=True), {RESIDUAL: "residual"}
    )


def _false_alarms(model: MLModel, version: int, planted: list[_Part], generator: Generator, step: Callable[[str], None]) -> Iterator[FalseAlarms]:
    drawn: dict[DriftKind, Counted] = {}
    for part in planted:
        step("false alarms of histories drawn anew")
        drawn |= drawn_alarms(generator, model, part.blocks, part.normal)
    step("false alarms of each half of the past, by the other half's thresholds")
    parts = by_partition(*((part.columns.frame, {name: key for key, name in part.columns.names.items()}) for part in planted))
    parts = merge_by_partition(parts, relation_profiles(model, planted[0].columns.frame))
    held_out = held_out_alarms(model, version, parts, [part.profile.columns.keys() for part in planted])
    for kind in DriftKind:
        if kind in drawn:
            yield FalseAlarms(kind, model.drift.false_alarms_per_year / len(DriftKind), drawn[kind], held_out.get(kind))
