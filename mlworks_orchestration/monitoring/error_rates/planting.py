"""Shifts planted in the parts of a version's reference."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import polars as pl
from numpy.random import Generator

from mlworks_orchestration.data import PARTITION
from mlworks_orchestration.monitoring.drift import Blocks, ColumnKey, Normal, Profile
from mlworks_orchestration.monitoring.drift.comparison.cells import Flags
from mlworks_orchestration.monitoring.drift.profiles.bins import Floats
from mlworks_orchestration.monitoring.error_rates.detection import power_of, windows_needed
from mlworks_orchestration.monitoring.error_rates.histories import Histories, draw_histories
from mlworks_orchestration.monitoring.error_rates.injections import FLIPS, INJECTIONS, Column, Injection, flip
from mlworks_orchestration.monitoring.error_rates.records import Power, Shift
from mlworks_orchestration.monitoring.error_rates.verdicts import Test, Verdicts, alarms
from mlworks_orchestration.monitoring.reference import ModelReference
from mlworks_orchestration.monitoring.tables import PREDICTION, RESIDUAL, label_key, value_keys
from mlworks_orchestration.monitoring.unseen import Rows
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel

HISTORIES = 400
"""Pseudo-histories in which a shift is planted: a power of 50 % is then known to 5 %."""


class Columns(NamedTuple):
    """Rows, and what their columns are.

    Parameters:
        frame: in the order of `_partition`.
        names: of the columns, by what they are called in profiles.
    """

    frame: pl.DataFrame
    names: Mapping[ColumnKey, str]


@dataclass(frozen=True, eq=False)
class Part:
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
    columns: Columns
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
        """Yield what becomes of each shift, planted in one column after the other and in all of them.

        Parameters:
            model: with the declaration of drift.
            generator: of random numbers.
            step: is told what comes next.
        """
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
        for size in FLIPS if RESIDUAL in self.blocks.columns else ():
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
        if sum(key.kind is kind for key in self.blocks.columns) > 1:
            for key, found in singly.items():
                yield power_of(shift._replace(scope="column", column=key.column), [found], self.histories.window, model.drift)
        if len(singly) > 1:
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


def parts_of(catalog: Catalog, model: MLModel, reference: ModelReference, rows: Rows, generator: Generator) -> Iterator[Part]:
    """Yield the parts of a reference whose windows are judged by what is normal.

    Parameters:
        catalog: declares the features.
        model: whose version.
        reference: of the version.
        rows: of its snapshot.
        generator: of random numbers.
    """
    for side, columns in zip((reference.training, reference.errors), _columns(catalog, model, rows), strict=True):
        blocks, normal = side.blocks, side.normal
        if blocks is not None and normal is not None:
            window = max(1, int(normal.window + 1e-9))
            histories = draw_histories(generator, blocks, normal, histories=HISTORIES, windows=windows_needed(window, model.drift))
            yield Part(side.profile, blocks, normal, columns, histories)


def _columns(catalog: Catalog, model: MLModel, rows: Rows) -> tuple[Columns, Columns]:
    residuals = rows.unseen.with_columns(residual=pl.col("label") - pl.col("prediction"))
    training = {**{key: name for name, key in value_keys(catalog, model).items()}, PREDICTION: "prediction", label_key(model): "label"}
    seen, unseen = (frame.sort(PARTITION, maintain_order=True) for frame in (rows.out_of_fold, residuals))
    return Columns(seen, training), Columns(unseen, {RESIDUAL: "residual"})
