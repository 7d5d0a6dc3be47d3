"""Measuring a version's error rates on its own data."""

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator

from mlworks_orchestration import clock
from mlworks_orchestration.data import PARTITION, Lake
from mlworks_orchestration.errors import NotReadyError
from mlworks_orchestration.monitoring.drift.past.normal import LEAST_BLOCKS
from mlworks_orchestration.monitoring.error_rates.false_alarms import drawn_alarms, held_out_alarms
from mlworks_orchestration.monitoring.error_rates.planting import HISTORIES, Part, parts_of
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms
from mlworks_orchestration.monitoring.profiles import by_partition
from mlworks_orchestration.monitoring.reference import build_reference
from mlworks_orchestration.monitoring.unseen import Rows, snapshot_rows
from mlworks_orchestration.spec import Catalog, DriftKind, MLModel
from mlworks_orchestration.training import Registry

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
    planted = list(parts_of(catalog, model, reference, rows, generator))
    total = 2 * len(planted) + sum(part.steps for part in planted)
    done = 0

    def step(doing: str) -> None:
        nonlocal done
        report(done, total, doing)
        done += 1

    alarmed = tuple(_false_alarms(model, version, planted, generator, step))
    powers = [power for part in planted for power in part.powers(model, generator, step)]
    report(total, total, "done")
    return ErrorRates(
        model=model.name,
        version=version,
        drift=model.drift.model_dump_json(),
        false_alarms=alarmed,
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


def _false_alarms(model: MLModel, version: int, planted: list[Part], generator: Generator, step: Callable[[str], None]) -> Iterator[FalseAlarms]:
    drawn: dict[DriftKind, Counted] = {}
    held_out: dict[DriftKind, Counted] = {}
    for part in planted:
        step("false alarms of histories drawn anew")
        drawn |= drawn_alarms(generator, model, part.blocks, part.normal)
        step("false alarms of each half of the past")
        held_out |= held_out_alarms(model, version, by_partition((part.columns.frame, {name: key for key, name in part.columns.names.items()})))
    for kind in DriftKind:
        if kind in drawn:
            yield FalseAlarms(kind, model.drift.false_alarms_per_year / len(DriftKind), drawn[kind], held_out.get(kind))
